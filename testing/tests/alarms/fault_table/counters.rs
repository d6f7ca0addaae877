//! Faults of the rate limit's counter. They come one after the other, with a success between, because three failures in a
//! row end the calls for a while.

use anyhow::{Result, ensure};
use testing::{App, CallMatcher, Fault, RequestBuilder, projects};

use super::Row;

const ALWAYS: usize = usize::MAX;

/// Time for a counter on a busy machine.
const PATIENT: (&str, &str) = ("RATE_LIMIT_TIMEOUT_MS", "2000");

const CASES: [(&str, Fault, usize); 6] = [
    ("throttled once", Fault::Throttled, 1),
    ("throttled", Fault::Throttled, ALWAYS),
    ("error of the service", Fault::Broken, ALWAYS),
    ("connection dropped", Fault::ConnectionReset, ALWAYS),
    ("hangs", Fault::Slow, ALWAYS),
    ("access denied", Fault::Denied, ALWAYS),
];

fn list(app: &App) -> RequestBuilder {
    app.as_alice("GET", &projects("acme"))
}

/// Returns the rows with this value of `RATE_LIMIT_ON_ERROR`.
pub(super) async fn rows(app: &App, on_error: &str) -> Result<Vec<Row>> {
    let app = app.second_environment(&[("RATE_LIMIT_ON_ERROR", on_error), PATIENT]).await?;
    let (mut rows, counter) = (Vec::new(), || CallMatcher::of("UpdateItem"));
    for (name, fault, times) in CASES {
        let outage = app.proxy.fail(counter().first(times), fault);
        let response = list(&app).send().await?;
        drop(outage);
        rows.push(Row::of(&app, &format!("counter ({on_error}): {name}"), &response).await?);
        let next = list(&app).send().await?;
        ensure!(next.rate_limit().is_some(), "after {name}: {next:?}");
    }
    let _outage = app.proxy.fail(counter(), Fault::ConnectionReset);
    for _ in 0..3 {
        list(&app).send().await?;
    }
    let name = format!("counter ({on_error}): not called after three failures");
    rows.push(Row::of(&app, &name, &list(&app).send().await?).await?);
    Ok(rows)
}
