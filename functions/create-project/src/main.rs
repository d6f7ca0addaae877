//! `POST /v1/orgs/{orgId}/projects`: creates a project in the caller's organization.

use std::process::ExitCode;

use projects::{NewProject, Project, Projects};
use shared::edge::{Created, Idempotent, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::post("/v1/orgs/{orgId}/projects").org_member().json::<NewProject>().idempotent();
    let route = route.warm_up_with("application/json", r#"{"name":"-"}"#);
    run(route.summary("Creates a project"), create_project)
}

async fn create_project(
    ctx: RequestContext<OrgMember, Projects>,
    new: Idempotent<NewProject>,
) -> Result<Created<Project>> {
    let (new, request) = new.open(&ctx)?;
    let project = Project::create(ctx.scope(), new, ctx.now());
    Ok(ctx.store().create(ctx.scope(), project, request.as_ref()).await?.into())
}
