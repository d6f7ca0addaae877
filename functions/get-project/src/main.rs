//! `GET /v1/orgs/{orgId}/projects/{projectId}`: one of the organization's projects.

use std::process::ExitCode;

use projects::{Project, Projects};
use shared::edge::{OkResource, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::get("/v1/orgs/{orgId}/projects/{projectId}").org_member().warm_up();
    run(route.summary("Returns a project"), get_project)
}

async fn get_project(ctx: RequestContext<OrgMember, Projects>, (): ()) -> Result<OkResource<Project>> {
    Ok(OkResource(ctx.store().get(ctx.scope(), ctx.id()?).await?))
}
