//! A handler that panics.

use anyhow::{Context, Result};
use local::stack::{Binaries, Options};
use std::fs;
use testing::{App, example, workspace};

/// The service with one route, which `examples/defective.rs` serves.
async fn start() -> Result<App> {
    let executable = example("create-project", "defective")?;
    let template = executable.with_extension("yaml");
    let text = fs::read_to_string(workspace().join("template.yaml"))?;
    fs::write(&template, text.replace("Binary: create-project", "Binary: defective"))?;
    let folder = executable.parent().context("the example is in no folder")?;
    let binaries = Binaries::Dir(folder.to_owned());
    let only = Some("defective".to_owned());
    App::with(&[], |options| Options { template, binaries, only, ..options }).await
}

#[tokio::test]
async fn a_panic_is_a_500_in_the_envelope_and_the_same_process_serves_the_next_request() -> Result<()> {
    let app = start().await?;
    for name in ["Apollo", "Gemini"] {
        let answer = app.create("Panic").await?;
        assert_eq!(answer.verdict(), "500 INTERNAL_ERROR");
        let line = app.stack.log_with("defective", answer.header("x-request-id")).await.unwrap_or_default();
        assert!(line.contains("the handler panicked"), "{line}");
        assert_eq!(app.create(name).await?.verdict(), "201");
    }
    let ends = app.stack.logs("defective").into_iter().find(|line| line.contains("the process ended"));
    assert_eq!(ends, None);
    Ok(())
}
