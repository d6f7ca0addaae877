//! Functions for tests of the platform: notes of organizations, with a route of every kind. The variable `SPECIMEN` selects
//! the function.

mod access;
mod files;
mod note;
mod notes;

use std::process::ExitCode;

use shared::config::process_variable;
use shared::domain::{NewFile, Outcome, PageRequest};
use shared::edge::{
    Conditional, Created, Idempotent, NoContent, OkJson, OkResource, OrgMember, OrgRole, Public, Redirect,
    RequestContext, Result, Route, SignedIn, run, run_changes,
};

use self::access::InTable;
use self::files::{Files, NoteFile};
use self::note::{Draft, HolderPage, NewNote, Note, NoteChange, NotePage};
use self::notes::Notes;

const NOTES: &str = "/v1/orgs/{orgId}/notes";
const NOTE: &str = "/v1/orgs/{orgId}/notes/{noteId}";
const FILES: &str = "/v1/orgs/{orgId}/notes/{noteId}/files";

fn main() -> ExitCode {
    match process_variable("SPECIMEN").as_deref() {
        Some("list") => run(Route::get(NOTES).org_member().query::<PageRequest>(), list),
        Some("create") => run(Route::post(NOTES).org_member().json::<NewNote>().idempotent(), create),
        Some("get") => run(Route::get(NOTE).org_member(), get),
        Some("update") => {
            let route = Route::patch(NOTE).org_member().merge_patch::<NoteChange>().if_match();
            run(route.idempotent().reads_first(), update)
        }
        Some("delete") => run(Route::delete(NOTE).org_member().if_match().reads_first(), delete),
        Some("upload") => run(Route::post(FILES).org_member().upload().idempotent().reads_first(), upload),
        Some("put") => run(Route::put("/v1/orgs/{orgId}/motto").org_role("admin").json::<NewNote>(), put),
        Some("holders") => {
            run(Route::get("/v1/orgs/{orgId}/holders").access(InTable).query::<PageRequest>(), holders)
        }
        Some("signed-in") => run(Route::post("/v1/drafts").signed_in().json::<NewNote>().idempotent(), draft),
        Some("public") => run(Route::get("/v1/status").public(), status),
        Some("redirect") => run(Route::get("/v1/orgs/{orgId}/elsewhere").org_member(), redirect),
        Some("follow") => run_changes(Files::follow),
        _ => ExitCode::FAILURE,
    }
}

async fn list(ctx: RequestContext<OrgMember, Notes>, page: PageRequest) -> Result<OkJson<NotePage>> {
    Ok(OkJson(ctx.store().list(ctx.scope(), &page).await?))
}

async fn create(ctx: RequestContext<OrgMember, Notes>, new: Idempotent<NewNote>) -> Result<Created<Note>> {
    let (new, request) = new.open(&ctx)?;
    assert_ne!(new.name, "Panic", "an internal text");
    if new.name == "Stuck" {
        // Blocks the only thread, so the function can't respond before its timeout either.
        std::thread::park();
    }
    let note = Note::create(ctx.scope(), new, ctx.now());
    Ok(ctx.store().create(ctx.scope(), note, request.as_ref()).await?.into())
}

async fn get(ctx: RequestContext<OrgMember, Notes>, (): ()) -> Result<OkResource<Note>> {
    Ok(OkResource(ctx.store().get(ctx.scope(), ctx.id()?).await?))
}

async fn update(
    ctx: RequestContext<OrgMember, Notes>,
    change: Idempotent<Conditional<NoteChange>>,
) -> Result<Outcome<OkResource<Note>>> {
    let (change, request) = change.open(&ctx)?;
    let outcome = ctx.store().update(ctx.scope(), ctx.id()?, change, request.as_ref()).await?;
    Ok(outcome.map(OkResource))
}

async fn delete(ctx: RequestContext<OrgMember, Notes>, condition: Conditional<()>) -> Result<NoContent> {
    ctx.store().delete(ctx.scope(), ctx.id()?, &condition.versions).await?;
    Ok(NoContent)
}

async fn upload(
    ctx: RequestContext<OrgMember, Files>,
    file: Idempotent<NewFile>,
) -> Result<Created<NoteFile>> {
    let (file, request) = file.open(&ctx)?;
    Ok(ctx.store().create(ctx.scope(), ctx.id()?, file, request.as_ref(), ctx.now()).await?.into())
}

async fn put(ctx: RequestContext<OrgRole, Notes>, motto: NewNote) -> Result<NoContent> {
    ctx.store().put_motto(ctx.scope(), &motto.name).await?;
    Ok(NoContent)
}

async fn holders(ctx: RequestContext<OrgMember, Notes>, page: PageRequest) -> Result<OkJson<HolderPage>> {
    Ok(OkJson(ctx.store().holders(ctx.scope(), &page).await?))
}

async fn draft(ctx: RequestContext<SignedIn, Notes>, new: Idempotent<NewNote>) -> Result<Created<Draft>> {
    let (new, request) = new.open(&ctx)?;
    let draft = Draft::create(new, ctx.now());
    Ok(ctx.store().create_draft(ctx.scope(), draft, request.as_ref()).await?.into())
}

async fn status(_: RequestContext<Public, ()>, (): ()) -> Result<OkJson<&'static str>> {
    Ok(OkJson("public"))
}

async fn redirect(_: RequestContext<OrgMember, ()>, (): ()) -> Result<Redirect<&'static str>> {
    Ok(Redirect { url: "https://elsewhere.example/a?b=c".to_owned(), data: "it is elsewhere" })
}
