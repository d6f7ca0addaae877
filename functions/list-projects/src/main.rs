//! `GET /v1/orgs/{orgId}/projects`: a page of the organization's projects, newest first.

use std::process::ExitCode;

use projects::{ProjectPage, Projects};
use shared::domain::PageRequest;
use shared::edge::{OkJson, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::get("/v1/orgs/{orgId}/projects").org_member().query::<PageRequest>().warm_up();
    run(route.summary("Lists the organization's projects, newest first"), list_projects)
}

async fn list_projects(
    ctx: RequestContext<OrgMember, Projects>,
    page: PageRequest,
) -> Result<OkJson<ProjectPage>> {
    Ok(OkJson(ctx.store().list(ctx.scope(), &page).await?))
}
