//! `GET /v1/orgs/{orgId}/projects`: a page of the organization's projects, newest first.

use std::process::ExitCode;

use shared::domain::{PageRequest, ProjectPage};
use shared::edge::{Context, Data, OrgMember, Result, Route, run};
use shared::storage::Projects;

fn main() -> ExitCode {
    run(Route::get("/v1/orgs/{orgId}/projects").org_member().query::<PageRequest>(), list_projects)
}

async fn list_projects(cx: Context<OrgMember, Projects>, page: PageRequest) -> Result<Data<ProjectPage>> {
    Ok(Data(cx.store().list(cx.scope(), &page).await?))
}
