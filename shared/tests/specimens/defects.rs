//! A handler that panics.

use anyhow::Result;
use testing::App;

use crate::line;

#[tokio::test]
async fn panic_is_500_and_the_process_continues() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for name in ["Apollo", "Gemini"] {
        let response = app.create("Panic").await?;
        assert_eq!(response.status_and_code(), "500 INTERNAL_ERROR");
        let line = line(&app, &response).await?;
        assert!(line["error"].as_str().is_some_and(|error| error.contains("the handler panicked")), "{line}");
        assert_eq!(app.create(name).await?.status_and_code(), "201");
    }
    let ends = app.stack.logs("specimens").into_iter().find(|line| line.contains("the process ended"));
    assert_eq!(ends, None);
    Ok(())
}
