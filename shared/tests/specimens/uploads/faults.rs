//! Every fault in every storage call of an upload: the response, the stored state, and the repeated request.

use anyhow::Result;
use testing::{App, CallMatcher, FORM, Fault, PNG, RequestBuilder, for_each_concurrent, form};

use super::files;

/// Number of concurrent cases.
const CONCURRENCY: usize = 4;

const STORED: &str = "201";
const DOWN: &str = "503 SERVICE_UNAVAILABLE";
const BUSY: &str = "409 CONFLICT";

/// Tag of a pending object.
const PENDING: &str = "state=unrecorded";

/// Fault, and the responses if it occurs once and if it occurs always.
type Case = (Fault, &'static str, &'static str);

/// Returns all faults. Retries hide a single one, except an invalid body, which has its own responses.
fn cases(invalid_body: [&'static str; 2], always: &'static str) -> Vec<Case> {
    let case = |fault| match fault {
        Fault::InvalidBody => (fault, invalid_body[0], invalid_body[1]),
        _ => (fault, STORED, always),
    };
    Fault::ALL.into_iter().map(case).collect()
}

fn post(app: &App, organization: &str, note: &str) -> RequestBuilder {
    let request = app.request_of(organization, &[organization], "POST", &files(organization, note));
    request.key("key").body(FORM, form("a.png", "image/png", PNG))
}

/// Counts files and idempotency records of the organization, and reads the tags of its objects.
async fn stored(app: &App, organization: &str) -> Result<(usize, usize, Vec<Vec<String>>)> {
    let files = app.rows_of(organization, "NotesTable", "FILE").await?.len();
    let records = app.rows_of(organization, "NotesTable", "IDEMPOTENCY").await?.len();
    let tags = app.tagged_objects(organization).await?.into_iter().map(|(_, tags)| tags).collect();
    Ok((files, records, tags))
}

/// Sends an upload with a fault in a call, and repeats it without the fault.
async fn check(
    app: &App,
    call: &CallMatcher,
    organization: &str,
    fault: Fault,
    expected: &str,
) -> Result<()> {
    let note = app.new_item(organization, "Apollo").await?;
    let outage = app.proxy.fail(call.clone().with(organization), fault);
    let first = post(app, organization, &note).send().await?;
    drop(outage);
    assert_eq!(first.status_and_code(), expected, "{organization}");
    let (files, _, tags) = stored(app, organization).await?;
    // An orphan expires, and an acknowledged object does not.
    assert!(files > 0 || tags.iter().all(|tags| tags == &[PENDING]), "{organization}: {tags:?}");
    assert!(expected != STORED || tags == [Vec::<String>::new()], "{organization}: {tags:?}");
    let again = post(app, organization, &note).send().await?;
    assert_eq!(again.status_and_code(), STORED, "after {organization}");
    assert!(expected != STORED || again.json() == first.json(), "after {organization}");
    let (files, records, tags) = stored(app, organization).await?;
    let kept = tags.iter().filter(|tags| tags.is_empty()).count();
    assert_eq!((files, records, kept), (1, 1, 1), "after {organization}: {tags:?}");
    assert!(tags.iter().all(|tags| tags.is_empty() || tags == &[PENDING]), "after {organization}: {tags:?}");
    Ok(())
}

async fn check_all(app: &App, call: CallMatcher, cases: Vec<Case>) -> Result<()> {
    let cases = cases
        .into_iter()
        .flat_map(|(fault, once, always)| [(fault, "once", 1, once), (fault, "always", usize::MAX, always)]);
    for_each_concurrent(CONCURRENCY, cases, async |(fault, often, times, expected)| {
        let calls = call.clone().first(times);
        check(app, &calls, &format!("{fault:?}-{often}"), fault, expected).await
    })
    .await?;
    let ends = app.stack.logs("specimens").into_iter().find(|line| line.contains("the process ended"));
    assert_eq!(ends, None, "a fault must not end a process");
    Ok(())
}

#[tokio::test]
async fn faulty_note_read_stores_or_is_retryable() -> Result<()> {
    let app = App::specimens(&[]).await?;
    check_all(&app, CallMatcher::of("GetItem").with("#NOTE"), cases([DOWN; 2], DOWN)).await
}

#[tokio::test]
async fn faulty_replay_read_stores_or_is_retryable() -> Result<()> {
    let app = App::specimens(&[]).await?;
    check_all(&app, CallMatcher::of("GetItem").with("#IDEMPOTENCY"), cases([DOWN; 2], DOWN)).await
}

#[tokio::test]
async fn faulty_put_stores_or_is_retryable() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let mut cases = cases([STORED; 2], DOWN);
    cases.push((Fault::Contended, STORED, BUSY));
    check_all(&app, CallMatcher::of("PUT"), cases).await
}

#[tokio::test]
async fn faulty_transaction_stores_once_or_is_retryable() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let mut cases = cases([DOWN; 2], DOWN);
    cases.push((Fault::Contended, STORED, BUSY));
    check_all(&app, CallMatcher::of("TransactWriteItems"), cases).await
}

#[tokio::test]
async fn undeletable_tag_is_never_201() -> Result<()> {
    let app = App::specimens(&[]).await?;
    check_all(&app, CallMatcher::of("DELETE?tagging"), cases([STORED; 2], DOWN)).await
}

#[tokio::test]
async fn calls_keep_to_their_attempts_and_timeouts() -> Result<()> {
    // Timeouts of an attempt and of all attempts: object 5 and 8 s, transaction 2 and 4 s, tag 1 and 3 s.
    let cases = [
        ("PUT", Fault::Slow, 2),
        ("TransactWriteItems", Fault::Slow, 2),
        ("DELETE?tagging", Fault::Slow, 3),
        ("PUT", Fault::Broken, 3),
        ("TransactWriteItems", Fault::Broken, 3),
        ("TransactWriteItems", Fault::Contended, 5),
        ("PUT", Fault::Contended, 3),
    ];
    for_each_concurrent(CONCURRENCY, cases, async |(operation, fault, attempts)| {
        let app = App::specimens(&[]).await?;
        let note = app.new_item("acme", "Apollo").await?;
        app.proxy.clear();
        let _outage = app.proxy.fail(CallMatcher::of(operation), fault);
        let status = post(&app, "acme", &note).send().await?.status;
        let found = app.proxy.calls().into_iter().filter(|call| call.operation == operation).count();
        assert_eq!((found, status >= 400), (attempts, true), "{operation} {fault:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn lost_response_of_upload_causes_no_conflict() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    for key in [false, true] {
        let request = app.as_alice("POST", &files("acme", &note)).body(FORM, form("a.png", "image/png", PNG));
        let request = if key { request.key("key") } else { request };
        // The row is written and its response is lost, and then a retry meets a conflict.
        let lost = app.proxy.fail(CallMatcher::of("TransactWriteItems").number(1), Fault::ResponseLost);
        let conflict = app.proxy.fail(CallMatcher::of("TransactWriteItems").number(2), Fault::Contended);
        let response = request.send().await?;
        drop((lost, conflict));
        assert_eq!(
            (response.status_and_code().as_str(), response.header("idempotency-replayed")),
            (STORED, "")
        );
    }
    assert_eq!(app.rows("NotesTable", "FILE").await?.len(), 2);
    Ok(())
}
