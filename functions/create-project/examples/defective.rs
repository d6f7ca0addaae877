//! A route with a defect, for the tests: it creates projects, and panics on one that is called `Panic`.

use std::process::ExitCode;

use projects::{NewProject, Project, Projects};
use shared::edge::{Created, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::post("/v1/orgs/{orgId}/projects").org_member().json::<NewProject>();
    run(route.ignores_idempotency_key(), defective)
}

async fn defective(ctx: RequestContext<OrgMember, Projects>, new: NewProject) -> Result<Created<Project>> {
    let project = Project::create(ctx.scope(), new, ctx.now());
    assert_ne!(project.name, "Panic", "a text that is for nobody outside");
    Ok(ctx.store().create(ctx.scope(), project, None).await?.into())
}
