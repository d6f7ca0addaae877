//! Tests of the platform on its specimen functions (`shared/examples/specimens`), without resources of the application.

mod access;
mod bodies;
mod changes;
mod connections;
mod cors;
mod crash_recovery;
mod credentials;
mod csrf;
mod deadline;
mod defects;
mod durability;
mod faults;
mod idempotency;
mod list_faults;
mod lists;
mod log_calls;
mod log_lines;
mod malformed_events;
mod origin;
mod rate_limit;
mod rate_limit_edges;
mod rate_limit_organizations;
mod rate_limit_outages;
mod responses;
mod runtime_api;
mod settings;
mod streams;
mod tokens;
mod unavailable;
mod uploads;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testing::{App, Response};

/// Counts notes, names and idempotency records of the organization.
async fn stored(app: &App, organization: &str) -> Result<[usize; 3]> {
    let mut counts = [0; 3];
    for (count, kind) in counts.iter_mut().zip(["NOTE", "NAME", "IDEMPOTENCY"]) {
        *count = app.rows_of(organization, "NotesTable", kind).await?.len();
    }
    Ok(counts)
}

/// Issues of an error, each as `path code`.
fn issues(response: &Response) -> Vec<String> {
    response.issues().iter().map(|(path, code)| format!("{path} {code}")).collect()
}

/// Returns the log line of a request. Warnings with its id may come before.
async fn line(app: &App, response: &Response) -> Result<Value> {
    let id = response.header("x-request-id");
    let line = app.stack.log_with("specimens", &format!("\"$LATEST\",\"request_id\":\"{id}\"")).await;
    Ok(serde_json::from_str(&line.context("the request is not logged")?)?)
}

/// Event of an HTTP API for a request of Alice in `acme`.
fn event(app: &App, method: &str, path: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": format!("{method} /v1/orgs/{{orgId}}/{path}"),
        "rawPath": format!("/v1/orgs/acme/{path}"),
        "headers": {"authorization": format!("Bearer {}", app.token("alice", &["acme"]))},
        "requestContext": {"requestId": "a-request", "http": {"method": method, "sourceIp": "192.0.2.1"}},
        "pathParameters": {"orgId": "acme"},
        "isBase64Encoded": false,
    })
}
