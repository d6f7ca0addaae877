//! `GET /v1/orgs/{orgId}/projects/{projectId}/files/{fileId}/content`: redirects to a file's bytes.

use std::process::ExitCode;

use projects::{Download, Files};
use shared::edge::{OrgMember, Redirect, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route =
        Route::get("/v1/orgs/{orgId}/projects/{projectId}/files/{fileId}/content").org_member().warm_up();
    run(route.summary("Redirects to the bytes of a file"), download_file)
}

async fn download_file(ctx: RequestContext<OrgMember, Files>, (): ()) -> Result<Redirect<Download>> {
    let download = ctx.store().get(ctx.scope(), ctx.id()?, ctx.id()?, ctx.now()).await?.download;
    Ok(Redirect { url: download.url.clone(), data: download })
}
