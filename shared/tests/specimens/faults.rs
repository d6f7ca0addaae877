//! Every fault in every storage call of a create: the response, the stored rows, and the next request.

use anyhow::Result;
use serde_json::json;
use testing::{App, CallMatcher, Fault, RequestBuilder, for_each_concurrent, notes};

use crate::stored;

/// Number of concurrent cases.
const CONCURRENCY: usize = 4;

/// One case at a time. No environment then meets three failures of the counter in a row, after which it would not ask.
const ONE: usize = 1;

const CREATED: &str = "201";
const DOWN: &str = "503 SERVICE_UNAVAILABLE";
const BUSY: &str = "409 CONFLICT";

/// Operation, fault, and the responses if it occurs once and if it occurs always.
type Case = (&'static str, Fault, &'static str, &'static str);

/// Returns all faults of an operation. Retries hide a single one, except an invalid body, which may follow an effect.
fn cases(operation: &'static str, invalid_body: &'static str, always: &'static str) -> Vec<Case> {
    let once = |fault| if fault == Fault::InvalidBody { invalid_body } else { CREATED };
    Fault::ALL.into_iter().map(|fault| (operation, fault, once(fault), always)).collect()
}

fn post(app: &App, organization: &str) -> RequestBuilder {
    let request = app.request_of(organization, &[organization], "POST", &notes(organization));
    request.json(&json!({"name": "Apollo"}))
}

/// Sends a request with a fault in `calls`, and repeats it without the fault.
async fn check(
    app: &App,
    organization: &str,
    calls: CallMatcher,
    fault: Fault,
    expected: &str,
) -> Result<()> {
    let outage = app.proxy.fail(calls, fault);
    let first = post(app, organization).key("key").send().await?;
    drop(outage);
    assert_eq!(first.status_and_code(), expected, "{fault:?} in {organization}");
    let again = post(app, organization).key("key").send().await?;
    assert_eq!(again.status_and_code(), CREATED, "after {fault:?} in {organization}");
    if expected == CREATED {
        assert_eq!(again.json(), first.json(), "after {fault:?} in {organization}");
    }
    assert_eq!(stored(app, organization).await?, [1, 1, 1], "after {fault:?} in {organization}");
    Ok(())
}

async fn check_all(app: &App, concurrency: usize, cases: Vec<Case>) -> Result<()> {
    let cases = cases.into_iter().flat_map(|(operation, fault, once, always)| {
        [(operation, fault, "once", 1, once), (operation, fault, "always", usize::MAX, always)]
    });
    for_each_concurrent(concurrency, cases, async |(operation, fault, often, times, expected)| {
        let organization = format!("{operation}-{fault:?}-{often}");
        let calls = CallMatcher::of(operation).with(&organization).first(times);
        check(app, &organization, calls, fault, expected).await
    })
    .await?;
    let ends = app.stack.logs("specimens").into_iter().find(|line| line.contains("the process ended"));
    assert_eq!(ends, None, "a fault must not end a process");
    Ok(())
}

#[tokio::test]
async fn faulty_transaction_creates_once_or_is_retryable() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let mut cases = cases("TransactWriteItems", DOWN, DOWN);
    cases.push(("TransactWriteItems", Fault::Contended, CREATED, BUSY));
    check_all(&app, CONCURRENCY, cases).await
}

#[tokio::test]
async fn faulty_counter_fails_open_by_default() -> Result<()> {
    let app = App::specimens(&[]).await?;
    check_all(&app, ONE, cases("UpdateItem", CREATED, CREATED)).await
}

#[tokio::test]
async fn faulty_counter_fails_closed_if_configured() -> Result<()> {
    let app = App::specimens(&[("RATE_LIMIT_ON_ERROR", "deny")]).await?;
    check_all(&app, ONE, cases("UpdateItem", DOWN, DOWN)).await
}

#[tokio::test]
async fn lost_response_of_create_causes_no_conflict() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for organization in ["plain", "keyed"] {
        let request = post(&app, organization);
        let request = if organization == "keyed" { request.key("key") } else { request };
        // The note is written and its response is lost, and then a retry meets a conflict. The attempt after the
        // conflict is a new transaction to the table, with another token than the first.
        let calls = || CallMatcher::of("TransactWriteItems").with(organization);
        let lost = app.proxy.fail(calls().number(1), Fault::ResponseLost);
        let conflict = app.proxy.fail(calls().number(2), Fault::Contended);
        let response = request.send().await?;
        drop((lost, conflict));
        assert_eq!(
            (response.status_and_code().as_str(), response.header("idempotency-replayed")),
            (CREATED, "")
        );
        assert_eq!(stored(&app, organization).await?[..2], [1, 1]);
        assert_eq!(post(&app, organization).send().await?.status_and_code(), BUSY, "the name is taken");
    }
    Ok(())
}
