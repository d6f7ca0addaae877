//! `DELETE /v1/orgs/{orgId}/projects/{projectId}/files/{fileId}`: deletes a file of the project.

use std::process::ExitCode;

use projects::FileRows;
use shared::edge::{ErrorCode, NoContent, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route =
        Route::delete("/v1/orgs/{orgId}/projects/{projectId}/files/{fileId}").org_member().reads_first();
    let route = route.errors([ErrorCode::CONFLICT]).warm_up();
    run(route.summary("Deletes a file"), delete_file)
}

async fn delete_file(ctx: RequestContext<OrgMember, FileRows>, (): ()) -> Result<NoContent> {
    ctx.store().delete(ctx.scope(), ctx.id()?, ctx.id()?).await?;
    Ok(NoContent)
}
