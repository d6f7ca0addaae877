//! `POST /v1/orgs/{orgId}/projects/{projectId}/uploads`: permits one upload to the bucket, for a file of any size.

use std::process::ExitCode;

use projects::{Files, Upload};
use shared::domain::{FileDescription, Outcome};
use shared::edge::{CreatedJson, Idempotent, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::post("/v1/orgs/{orgId}/projects/{projectId}/uploads").org_member();
    let route = route.direct_upload().idempotent().reads_first();
    let route = route.warm_up("application/json", r#"{"name":"-.png","contentType":"image/png","size":1}"#);
    run(route.summary("Permits one upload to the bucket"), begin_upload)
}

async fn begin_upload(
    ctx: RequestContext<OrgMember, Files>,
    file: Idempotent<FileDescription>,
) -> Result<Outcome<CreatedJson<Upload>>> {
    let (file, request) = file.open(&ctx)?;
    let upload = ctx.store().begin_upload(ctx.scope(), ctx.id()?, file, request.as_ref(), ctx.now()).await?;
    Ok(upload.map(CreatedJson))
}
