//! A handler that panics.

use anyhow::Result;
use testing::App;

#[tokio::test]
async fn panic_is_500_and_the_process_continues() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for name in ["Apollo", "Gemini"] {
        let response = app.create("Panic").await?;
        assert_eq!(response.status_and_code(), "500 INTERNAL_ERROR");
        let line = app.stack.log_with("specimens", response.header("x-request-id")).await.unwrap_or_default();
        assert!(line.contains("the handler panicked"), "{line}");
        assert_eq!(app.create(name).await?.status_and_code(), "201");
    }
    let ends = app.stack.logs("specimens").into_iter().find(|line| line.contains("the process ended"));
    assert_eq!(ends, None);
    Ok(())
}
