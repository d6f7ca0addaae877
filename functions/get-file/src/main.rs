//! `GET /v1/orgs/{orgId}/projects/{projectId}/files/{fileId}`: a file of the project, and where to download it.

use std::process::ExitCode;

use projects::{DownloadableFile, Files};
use shared::edge::{OkJson, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::get("/v1/orgs/{orgId}/projects/{projectId}/files/{fileId}").org_member().warm_up();
    run(route.summary("Returns a file and a URL to download it"), get_file)
}

async fn get_file(ctx: RequestContext<OrgMember, Files>, (): ()) -> Result<OkJson<DownloadableFile>> {
    Ok(OkJson(ctx.store().get(ctx.scope(), ctx.id()?, ctx.id()?, ctx.now()).await?))
}
