//! Faults of the clean-up, which follows the stream. Its caller has long got a 204.

use anyhow::{Result, ensure};
use testing::{App, CallMatcher, Fault, PNG, files};

use super::Row;
use super::evidence::Evidence;

/// Faults of one invocation: as many as the SDK makes attempts.
const CASES: [(&str, &str, Fault, usize); 6] = [
    ("list throttled", "Query", Fault::Throttled, 3),
    ("batch throttled", "BatchWriteItem", Fault::Throttled, 3),
    ("error of the service", "BatchWriteItem", Fault::Broken, 3),
    ("access denied", "BatchWriteItem", Fault::Denied, 1),
    ("S3 refuses the deletion", "DELETE", Fault::Denied, 1),
    ("S3 hangs", "DELETE", Fault::Slow, 2),
];

pub(super) async fn rows() -> Result<Vec<Row>> {
    let (app, mut rows) = (App::start(&[]).await?, Vec::new());
    for (fault, operation, kind, attempts) in CASES {
        let project = app.new_item("acme", fault).await?;
        let upload = app.upload(&project, "a.png", "image/png", PNG).await?;
        ensure!(upload.status == 201, "{upload:?}");
        app.stack.settle_streams().await?;
        let path = files("acme", &project);
        let deleted = app.as_alice("DELETE", path.trim_end_matches("/files")).send().await?;
        let outage = app.proxy.fail(CallMatcher::of(operation).first(attempts), kind);
        app.stack.settle_streams().await?;
        drop(outage);
        let evidence = Evidence::of_deletion(&app, &deleted).await?;
        rows.push(Row::with(&app, &format!("clean-up: {fault}"), &deleted, &evidence)?);
    }
    Ok(rows)
}
