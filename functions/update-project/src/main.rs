//! `PATCH /v1/orgs/{orgId}/projects/{projectId}`: changes one of the organization's projects.

use std::process::ExitCode;

use projects::{Project, ProjectChange, Projects};
use shared::edge::{Conditional, OkResource, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::patch("/v1/orgs/{orgId}/projects/{projectId}").org_member();
    let route = route.merge_patch::<ProjectChange>().if_match().ignores_idempotency_key().reads_first();
    let route = route.warm_up_with("application/merge-patch+json", r#"{"name":"-"}"#);
    run(route.summary("Changes a project"), update_project)
}

async fn update_project(
    ctx: RequestContext<OrgMember, Projects>,
    change: Conditional<ProjectChange>,
) -> Result<OkResource<Project>> {
    Ok(OkResource(ctx.store().update(ctx.scope(), ctx.id()?, &change, ctx.now()).await?))
}
