//! `POST /v1/orgs/{orgId}/projects/{projectId}/files`: stores a file with one of the organization's projects.

use std::process::ExitCode;

use shared::domain::{File, NewFile};
use shared::edge::{Context, Created, OrgMember, Result, Route, run};
use shared::storage::Files;

fn main() -> ExitCode {
    run(Route::post("/v1/orgs/{orgId}/projects/{projectId}/files").org_member().upload(), upload_file)
}

async fn upload_file(cx: Context<OrgMember, Files>, file: NewFile) -> Result<Created<File>> {
    let repeatable = cx.repeatable(&file.identity())?;
    Ok(cx.store().store(cx.scope(), cx.project()?, file, repeatable.as_ref(), cx.now()).await?.into())
}
