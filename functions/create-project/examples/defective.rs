//! A route with a defect, for the tests: it creates projects, and panics on one that is called `Panic`.

use std::process::ExitCode;

use shared::domain::{NewProject, Project};
use shared::edge::{Context, Created, OrgMember, Result, Route, run};
use shared::storage::Projects;

fn main() -> ExitCode {
    run(Route::post("/v1/orgs/{orgId}/projects").org_member().json::<NewProject>(), defective)
}

async fn defective(cx: Context<OrgMember, Projects>, new: NewProject) -> Result<Created<Project>> {
    let project = Project::create(cx.scope(), new, cx.now());
    assert_ne!(project.name, "Panic", "a text that is for nobody outside");
    Ok(cx.store().create(cx.scope(), project, None).await?.into())
}
