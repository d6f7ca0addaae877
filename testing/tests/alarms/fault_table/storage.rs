//! Faults of calls to table and bucket, each in an organization of its own.

use anyhow::{Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use testing::{
    App, CallMatcher, FORM, Fault, PNG, RequestBuilder, description, files, form, projects, put, uploads,
};

use super::Row;

/// Number of concurrent cases.
const CONCURRENCY: usize = 8;

const ALWAYS: usize = usize::MAX;

/// Storage call of a route.
#[derive(Clone, Copy, PartialEq)]
enum Call {
    Read,
    Transaction,
    Put,
    Head,
    Tag,
}

/// Fault: its name, its kind, the number of attempts that meet it, and the calls that it is injected into.
type Case = (&'static str, Fault, usize, &'static [Call]);

use Call::{Head, Put, Read, Tag, Transaction};

const CASES: [Case; 12] = [
    ("throttled once", Fault::Throttled, 1, &[Read, Transaction, Put, Head, Tag]),
    ("throttled", Fault::Throttled, ALWAYS, &[Read, Transaction, Put, Head, Tag]),
    ("error of the service", Fault::Broken, ALWAYS, &[Read, Transaction, Put, Head, Tag]),
    ("connection dropped once", Fault::ConnectionReset, 1, &[Read, Transaction]),
    ("connection dropped", Fault::ConnectionReset, ALWAYS, &[Read, Transaction, Put, Head, Tag]),
    ("response lost", Fault::ResponseLost, ALWAYS, &[Read, Transaction, Put]),
    ("response cut", Fault::TruncatedBody, ALWAYS, &[Read, Transaction]),
    ("response of another server", Fault::InvalidBody, ALWAYS, &[Read, Transaction, Head]),
    ("one attempt hangs", Fault::Slow, 1, &[Read, Transaction, Put]),
    ("hangs", Fault::Slow, ALWAYS, &[Read, Transaction, Put, Head, Tag]),
    ("access denied", Fault::Denied, ALWAYS, &[Read, Transaction, Put, Head, Tag]),
    ("conflict", Fault::Contended, ALWAYS, &[Transaction, Put]),
];

impl Call {
    const ALL: [Self; 5] = [Read, Transaction, Put, Head, Tag];

    fn name(self) -> &'static str {
        match self {
            Read => "DynamoDB, list",
            Transaction => "DynamoDB, transaction",
            Put => "S3, put",
            Head => "S3, head",
            Tag => "S3, tag",
        }
    }

    /// Returns the operation, as the proxy names it.
    fn operation(self) -> &'static str {
        match self {
            Read => "Query",
            Transaction => "TransactWriteItems",
            Put => "PUT",
            Head => "HEAD",
            Tag => "DELETE?tagging",
        }
    }

    /// Prepares a request that makes the call.
    async fn request(self, app: &App, organization: &str) -> Result<RequestBuilder> {
        let request = |method, path: &str| app.request_of("maker", &[organization], method, path);
        let path = projects(organization);
        Ok(match self {
            Read => request("GET", &path),
            Transaction => request("POST", &path).json(&json!({"name": "Apollo"})),
            Put | Tag => {
                let project = app.new_item(organization, "Apollo").await?;
                request("POST", &files(organization, &project)).body(FORM, form("a.png", "image/png", PNG))
            }
            Head => {
                let path = uploads(organization, &app.new_item(organization, "Apollo").await?);
                let begun =
                    request("POST", &path).json(&description("a.png", "image/png", PNG)).send().await?;
                let upload = &begun.json()["data"];
                ensure!(put(upload, PNG).send().await?.status == 200, "{begun:?}");
                request("POST", &format!("{path}/{}", upload["id"].as_str().unwrap_or_default()))
            }
        })
    }
}

pub(super) async fn rows(app: &App) -> Result<Vec<Row>> {
    let of_call = |call: Call| CASES.into_iter().map(move |case| (call, case));
    let cases = Call::ALL.into_iter().flat_map(of_call).filter(|(call, case)| case.3.contains(call));
    let cases = (1..).zip(cases);
    let rows = stream::iter(cases).map(|(number, (call, case))| row(app, number, call, case));
    rows.buffered(CONCURRENCY).try_collect().await
}

async fn row(app: &App, number: usize, call: Call, (name, fault, times, _): Case) -> Result<Row> {
    let organization = format!("storage-{number:02}");
    let request = call.request(app, &organization).await?;
    let outage = app.proxy.fail(CallMatcher::of(call.operation()).with(&organization).first(times), fault);
    let response = request.send().await?;
    drop(outage);
    let name = format!("{}: {name}", call.name());
    match fault {
        Fault::Slow => Row::of_slow(app, &name, &response).await,
        _ => Row::of(app, &name, &response).await,
    }
}
