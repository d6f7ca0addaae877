//! `POST /v1/orgs/{orgId}/projects/{projectId}/uploads`: permits one upload to the bucket, for a file of any size.

use std::process::ExitCode;

use projects::{Files, Upload};
use shared::domain::{FileDescription, Outcome};
use shared::edge::{CreatedJson, Idempotent, OrgMember, RequestContext, Result, Route, run};

/// Body of the made-up request.
const MADE_UP: &str = concat!(
    r#"{"name":"-","contentType":"text/plain","size":1,"#,
    r#""sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#
);

fn main() -> ExitCode {
    let route = Route::post("/v1/orgs/{orgId}/projects/{projectId}/uploads").org_member();
    let route = route.direct_upload().idempotent().reads_first();
    let route = route.warm_up_with("application/json", MADE_UP);
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
