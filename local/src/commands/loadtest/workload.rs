//! Workload: the mix of operations with their expected responses, including invalid requests and retries.

mod creations;
mod existing;

use std::sync::atomic::AtomicU64;

use anyhow::{Result, ensure};
use fastrand::Rng;
use local::client::{Client, RequestBuilder};
use local::requests::{FORM, files, form, projects};
use serde_json::{Value, json};

use super::history::History;
use super::operation::{Effect, NewResource, Operation, Recent, Write};
use super::target::Target;

const CREATE: &str = "create-project";
const LIST: &str = "list-projects";
const UPLOAD: &str = "upload-file";

/// Responses to writes that may conflict with a concurrent one.
const MAY_CONFLICT: &[&str] = &["201", "409 CONFLICT"];

/// State that all connections share.
pub(super) struct Workload {
    /// Base URL of the stack.
    pub(super) url: String,
    /// New organization.
    pub(super) organization: String,
    tokens: Vec<String>,
    /// Project that is never deleted.
    project: String,
    contested: AtomicU64,
    /// Writes with a key that were sent.
    sent: Recent<Write>,
    /// Writes with a key that were acknowledged with 201.
    acknowledged: Recent<Write>,
    /// Created and changed projects. They may be deleted or changed again.
    projects: Recent<Project>,
    /// Created files, which may be deleted, after their projects.
    files: Recent<(String, String)>,
}

/// Project as it was in a response.
#[derive(Clone)]
struct Project {
    id: String,
    name: String,
    version: u64,
}

impl Workload {
    /// Creates the tokens of the users, and a project for files.
    pub(super) async fn prepare(target: &Target, users: usize, history: &History) -> Result<Self> {
        let organization = format!("load-{:08x}", fastrand::u32(..));
        let token = |user| target.emulators.token(&format!("user-{user}"), &[&organization]);
        let tokens = (0..users).map(token).collect::<Result<Vec<_>>>()?;
        let request = Client::new(&target.url).post(&projects(&organization)).bearer(&tokens[0]);
        let response = request.json(&json!({ "name": "Files" })).send().await?;
        ensure!(response.status == 201, "creating a project returned {}", response.status_and_code());
        let project = &response.json()["data"];
        history.created(project, None);
        Ok(Self {
            url: target.url.clone(),
            organization,
            tokens,
            project: text(&project["id"]),
            contested: AtomicU64::new(0),
            sent: Recent::default(),
            acknowledged: Recent::default(),
            projects: Recent::default(),
            files: Recent::default(),
        })
    }

    /// Returns the token of a user.
    pub(super) fn token(&self, user: usize) -> &str {
        self.tokens.get(user).map_or("", String::as_str)
    }

    /// Chooses the next operation of `user`. `cursor` is that of their last page.
    pub(super) fn next(
        &self,
        client: &Client,
        user: usize,
        rng: &mut Rng,
        cursor: Option<&str>,
    ) -> Operation {
        let unique = format!("{user} {:016x}", rng.u64(..));
        let key = Some(format!("key-{}", unique.replace(' ', "-")));
        let project = NewResource::Project(unique.clone());
        match rng.u32(0..100) {
            0..10 => list(self.page(client, rng, None).bearer(self.token(user)), &["200"], Effect::Read),
            10..15 => list(self.page(client, rng, None).cookie(self.token(user)), &["200"], Effect::Read),
            15..27 => list(self.page(client, rng, cursor).bearer(self.token(user)), &["200"], Effect::Page),
            27..37 => self.write(client, Write { user, key: None, resource: project }, &["201"]),
            37..42 => self.keyed_write(client, Write { user, key, resource: project }),
            42..48 => self.repeat(client, user, rng),
            48..51 => self.contest(client, user),
            51..54 => self.duplicate(client, user, rng),
            54..59 => self.write(client, Write { user, key: None, resource: self.file(rng) }, &["201"]),
            59..61 => self.keyed_write(client, Write { user, key, resource: self.file(rng) }),
            61..64 => self.begin(client, Write { user, key: None, resource: self.file(rng) }),
            64..91 => self.existing(client, user, rng, &unique),
            91..97 => self.invalid(client, user, rng),
            _ => list(client.get(&projects(&self.organization)), &["401 UNAUTHORIZED"], Effect::Nothing),
        }
    }

    /// Records a write that was acknowledged with 201 and this resource.
    pub(super) fn record_created(&self, write: Write, created: &Value) {
        match &write.resource {
            NewResource::Project(_) => self.record_project(created),
            NewResource::File { project, .. } => self.files.add((project.clone(), text(&created["id"]))),
        }
        if write.key.is_some() {
            self.acknowledged.add(write);
        }
    }

    /// Records a project that was created or changed.
    pub(super) fn record_project(&self, project: &Value) {
        let (id, name) = (text(&project["id"]), text(&project["name"]));
        self.projects.add(Project { id, name, version: project["version"].as_u64().unwrap_or_default() });
    }

    fn page(&self, client: &Client, rng: &mut Rng, cursor: Option<&str>) -> RequestBuilder {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        client.get(&format!("{}?limit={}{cursor}", projects(&self.organization), rng.u32(1..=100)))
    }

    fn invalid(&self, client: &Client, user: usize, rng: &mut Rng) -> Operation {
        let create = client.post(&projects(&self.organization)).bearer(self.token(user));
        let upload = client.post(&files(&self.organization, &self.project)).bearer(self.token(user));
        let list = client.get(&format!("{}?cursor=none", projects(&self.organization)));
        let (function, request, responses): (_, _, &[&str]) = match rng.u32(0..6) {
            0 => (CREATE, create.body("application/json", "{"), &["400 INVALID_JSON"]),
            1 => (CREATE, create.json(&json!({ "color": 1 })), &["400 VALIDATION_ERROR"]),
            2 => (CREATE, create.body("text/plain", "{}"), &["415 UNSUPPORTED_MEDIA_TYPE"]),
            3 => (UPLOAD, upload.body(FORM, "--boundary\r\n"), &["400 INVALID_MULTIPART"]),
            4 => (
                UPLOAD,
                upload.body(FORM, form("a.png", "image/png", b"no image")),
                &["422 UNPROCESSABLE_ENTITY"],
            ),
            _ => (LIST, list.bearer(self.token(user)), &["400 VALIDATION_ERROR"]),
        };
        Operation::new(function, request, responses, Effect::Nothing)
    }
}

fn list(request: RequestBuilder, responses: &'static [&'static str], effect: Effect) -> Operation {
    Operation::new(LIST, request, responses, effect)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
