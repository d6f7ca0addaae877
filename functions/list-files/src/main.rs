//! `GET /v1/orgs/{orgId}/projects/{projectId}/files`: a page of the project's files, newest first.

use std::process::ExitCode;

use projects::{FilePage, FileRows};
use shared::domain::PageRequest;
use shared::edge::{OkJson, OrgMember, RequestContext, Result, Route, run};

fn main() -> ExitCode {
    let route = Route::get("/v1/orgs/{orgId}/projects/{projectId}/files").org_member();
    let route = route.query::<PageRequest>().warm_up();
    run(route.summary("Lists the project's files, newest first"), list_files)
}

async fn list_files(ctx: RequestContext<OrgMember, FileRows>, page: PageRequest) -> Result<OkJson<FilePage>> {
    Ok(OkJson(ctx.store().list(ctx.scope(), ctx.id()?, &page).await?))
}
