//! Rate limit whose table hangs: requests go on after a short time, and after three of them without the table.

use std::time::Duration;

use anyhow::{Result, bail};
use local::clock::Stopwatch;
use testing::{App, CallMatcher, Fault, RequestBuilder, notes};

/// The times of a deployed function.
const USUAL: (&str, &str) = ("RATE_LIMIT_TIMEOUT_MS", "");

/// Longest wait for the breaker's probe. It comes after ten seconds.
const PATIENCE: Duration = Duration::from_mins(1);

fn list(app: &App) -> RequestBuilder {
    app.as_alice("GET", &notes("acme"))
}

fn warnings(app: &App) -> Vec<String> {
    let lines = app.stack.logs("specimens").into_iter();
    lines.filter(|line| line.contains("the rate limit table is")).collect()
}

#[tokio::test]
async fn hanging_table_is_asked_three_times() -> Result<()> {
    for (on_error, expected) in [("allow", "200"), ("deny", "503 SERVICE_UNAVAILABLE")] {
        let app = App::specimens(&[USUAL, ("RATE_LIMIT_ON_ERROR", on_error)]).await?;
        let outage = app.proxy.fail(CallMatcher::of("UpdateItem"), Fault::Slow);
        let slow = Stopwatch::start();
        for _ in 0..3 {
            assert_eq!(list(&app).send().await?.status_and_code(), expected);
        }
        // Well below the four seconds that other calls may take, also on a busy machine.
        assert!(slow.elapsed() < 3 * Duration::from_secs(3), "{:?}", slow.elapsed());
        app.proxy.clear();
        for _ in 0..5 {
            assert_eq!(list(&app).send().await?.status_and_code(), expected);
        }
        let reads = if on_error == "allow" { 5 } else { 0 };
        assert_eq!(app.proxy.calls().len(), reads, "{on_error}");
        let warned = warnings(&app);
        assert_eq!(warned.len(), 3, "{warned:?}");
        assert!(warned[2].contains("\"pause_seconds\":10"), "{warned:?}");
        drop(outage);
    }
    Ok(())
}

#[tokio::test]
async fn table_that_recovers_is_asked_again() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let outage = app.proxy.fail(CallMatcher::of("UpdateItem"), Fault::ConnectionReset);
    for _ in 0..3 {
        list(&app).send().await?;
    }
    drop(outage);
    let (watch, mut skipped) = (Stopwatch::start(), 0);
    while list(&app).send().await?.rate_limit().is_none() {
        skipped += 1;
        if watch.elapsed() > PATIENCE {
            bail!("the table is not asked again");
        }
    }
    let line = app.stack.log_with("specimens", "the rate limit table is available again").await;
    let line: serde_json::Value = serde_json::from_str(&line.unwrap_or_default())?;
    assert_eq!((line["level"].as_str(), line["requests"].as_u64()), (Some("WARN"), Some(skipped)));
    assert_eq!(warnings(&app).len(), 4);
    Ok(())
}

#[tokio::test]
async fn address_over_its_limit_stays_rejected() -> Result<()> {
    let app = App::specimens(&[("RATE_LIMIT", "1/86400s"), ("RATE_LIMIT_ON_ERROR", "deny")]).await?;
    let forged = || app.client.get(&notes("acme")).bearer("garbage");
    assert_eq!(forged().send().await?.status_and_code(), "401 UNAUTHORIZED");
    let _outage = app.proxy.fail(CallMatcher::of("UpdateItem"), Fault::ConnectionReset);
    for turn in 0..5 {
        let user = app.request_of(&format!("user{turn}"), &["acme"], "GET", &notes("acme"));
        assert_eq!(user.send().await?.status_and_code(), "503 SERVICE_UNAVAILABLE");
        assert_eq!(forged().send().await?.status_and_code(), "429 RATE_LIMITED");
    }
    assert_eq!(warnings(&app).len(), 3);
    Ok(())
}

#[tokio::test]
async fn one_hanging_attempt_is_retried_in_time() -> Result<()> {
    let app = App::specimens(&[("RATE_LIMIT_TIMEOUT_MS", "3000"), ("RATE_LIMIT_ON_ERROR", "deny")]).await?;
    for _ in 0..4 {
        // Like the connection of an environment that was frozen.
        let _outage = app.proxy.fail(CallMatcher::of("UpdateItem").number(1), Fault::Slow);
        let response = list(&app).send().await?;
        assert_eq!(response.status_and_code(), "200");
        assert!(response.rate_limit().is_some());
    }
    Ok(())
}
