//! `POST /v1/orgs/{orgId}/projects/{projectId}/uploads/{uploadId}`: makes a file of an upload.

use std::process::ExitCode;

use projects::{Files, ProjectFile};
use shared::domain::Outcome;
use shared::edge::{Created, ErrorCode, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::post("/v1/orgs/{orgId}/projects/{projectId}/uploads/{uploadId}").org_member();
    let route = route.ignores_idempotency_key().reads_first().warm_up();
    let route = route.errors([ErrorCode::CONFLICT, ErrorCode::UNPROCESSABLE_ENTITY]);
    run(route.summary("Makes a file of an upload"), finish_upload)
}

async fn finish_upload(ctx: RequestContext<OrgMember, Files>, (): ()) -> Result<Created<ProjectFile>> {
    let file = ctx.store().finish_upload(ctx.scope(), ctx.id()?, ctx.id()?, ctx.now()).await?;
    Ok(Outcome::Created(file).into())
}
