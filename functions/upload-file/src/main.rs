//! `POST /v1/orgs/{orgId}/projects/{projectId}/files`: stores a file with one of the organization's projects.

use std::process::ExitCode;

use projects::{Files, ProjectFile};
use shared::domain::NewFile;
use shared::edge::{Created, Idempotent, OrgMember, RequestContext, Result, Route, run};

/// Multipart body of the made-up request.
const MADE_UP: &str = "---\r\nContent-Disposition: form-data; name=\"file\"; filename=\"-.txt\"\r\n\
    Content-Type: text/plain\r\n\r\n-\r\n-----\r\n";

fn main() -> ExitCode {
    let route = Route::post("/v1/orgs/{orgId}/projects/{projectId}/files")
        .org_member()
        .upload()
        .idempotent()
        .reads_first()
        .warm_up_with("multipart/form-data; boundary=-", MADE_UP);
    run(route.summary("Stores a file with a project"), upload_file)
}

async fn upload_file(
    ctx: RequestContext<OrgMember, Files>,
    file: Idempotent<NewFile>,
) -> Result<Created<ProjectFile>> {
    let (file, request) = file.open(&ctx)?;
    Ok(ctx.store().create(ctx.scope(), ctx.id()?, file, request.as_ref(), ctx.now()).await?.into())
}
