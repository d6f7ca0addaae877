//! Every fault in every storage call of a list: the response, and the next request.

use anyhow::Result;
use testing::{App, CallMatcher, Fault, Response, for_each_concurrent, notes};

/// Number of concurrent cases.
const CONCURRENCY: usize = 4;

/// One case at a time. No environment then meets three failures of the counter in a row, after which it would not ask.
const ONE: usize = 1;

const SHOWN: &str = "200";
const DOWN: &str = "503 SERVICE_UNAVAILABLE";

async fn list(app: &App, organization: &str) -> Result<Response> {
    app.request_of(organization, &[organization], "GET", &notes(organization)).send().await
}

/// Lists with each fault in an operation, once and always, and repeats the request without the fault.
async fn check(
    app: &App,
    operation: &str,
    concurrency: usize,
    once: fn(Fault) -> &'static str,
    always: &str,
) -> Result<()> {
    let cases = Fault::ALL
        .into_iter()
        .flat_map(|fault| [(fault, "once", 1, once(fault)), (fault, "always", usize::MAX, always)]);
    for_each_concurrent(concurrency, cases, async |(fault, often, times, expected)| {
        let organization = format!("{fault:?}-{often}");
        let note = app.new_item(&organization, "Apollo").await?;
        let outage = app.proxy.fail(CallMatcher::of(operation).with(&organization).first(times), fault);
        let first = list(app, &organization).await?;
        drop(outage);
        assert_eq!(first.status_and_code(), expected, "{operation} {organization}");
        let next = list(app, &organization).await?;
        assert_eq!(next.json()["data"]["notes"][0]["id"], note.as_str(), "after {organization}");
        assert!(expected != SHOWN || first.json() == next.json(), "{operation} {organization}");
        Ok(())
    })
    .await?;
    let ends = app.stack.logs("specimens").into_iter().find(|line| line.contains("the process ended"));
    assert_eq!(ends, None, "a fault must not end a process");
    Ok(())
}

#[tokio::test]
async fn faulty_query_returns_the_page_or_503() -> Result<()> {
    let app = App::specimens(&[]).await?;
    check(&app, "Query", CONCURRENCY, |fault| if fault == Fault::InvalidBody { DOWN } else { SHOWN }, DOWN)
        .await
}

#[tokio::test]
async fn faulty_counter_fails_open_by_default() -> Result<()> {
    let app = App::specimens(&[]).await?;
    check(&app, "UpdateItem", ONE, |_| SHOWN, SHOWN).await
}

#[tokio::test]
async fn faulty_counter_fails_closed_if_configured() -> Result<()> {
    let app = App::specimens(&[("RATE_LIMIT_ON_ERROR", "deny")]).await?;
    check(&app, "UpdateItem", ONE, |fault| if fault == Fault::InvalidBody { DOWN } else { SHOWN }, DOWN).await
}
