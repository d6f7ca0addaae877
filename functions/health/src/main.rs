//! `GET /v1/health`: 200 while functions can be invoked. It calls no storage but the rate limit's.

use std::process::ExitCode;

use schemars::JsonSchema;
use serde::Serialize;
use shared::edge::{OkJson, Public, RequestContext, Result, Route, run};

/// Health of the service.
#[derive(Serialize, JsonSchema)]
struct Health {
    /// `ok`.
    #[schemars(extend("const" = "ok"))]
    status: &'static str,
}

fn main() -> ExitCode {
    run(Route::get("/v1/health").public().warm_up().summary("Responds while the service runs"), health)
}

async fn health(_: RequestContext<Public, ()>, (): ()) -> Result<OkJson<Health>> {
    Ok(OkJson(Health { status: "ok" }))
}
