//! `POST /v1/orgs/{orgId}/projects`: creates a project in the caller's organization.

use std::process::ExitCode;

use shared::domain::{NewProject, Project};
use shared::edge::{Context, Created, OrgMember, Result, Route, run};
use shared::storage::Projects;

fn main() -> ExitCode {
    run(Route::post("/v1/orgs/{orgId}/projects").org_member().json::<NewProject>(), create_project)
}

async fn create_project(cx: Context<OrgMember, Projects>, new: NewProject) -> Result<Created<Project>> {
    let repeatable = cx.repeatable(&new)?;
    let project = Project::create(cx.scope(), new, cx.now());
    Ok(cx.store().create(cx.scope(), project, repeatable.as_ref()).await?.into())
}
