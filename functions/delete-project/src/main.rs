//! `DELETE /v1/orgs/{orgId}/projects/{projectId}`: deletes one of the organization's projects.

use std::process::ExitCode;

use projects::Projects;
use shared::edge::{Conditional, NoContent, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::delete("/v1/orgs/{orgId}/projects/{projectId}")
        .org_member()
        .if_match()
        .reads_first()
        .warm_up();
    run(route.summary("Deletes a project with its files"), delete_project)
}

async fn delete_project(
    ctx: RequestContext<OrgMember, Projects>,
    condition: Conditional<()>,
) -> Result<NoContent> {
    ctx.store().delete(ctx.scope(), ctx.id()?, &condition.versions).await?;
    Ok(NoContent)
}
