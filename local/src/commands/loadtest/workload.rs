//! Workload: the mix of operations with their expected responses, including invalid requests and retries.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use local::client::{Client, RequestBuilder};
use local::requests::{FORM, files, form, projects};
use serde_json::json;

use super::operation::{Effect, Operation, Recent, Resource, Write, bytes};
use super::target::Target;

/// Number of requests that compete for one name.
const CONTENDERS: u64 = 8;

/// State that all connections share.
pub(super) struct Workload {
    /// Base URL of the stack.
    pub(super) url: String,
    /// New organization.
    pub(super) organization: String,
    tokens: Vec<String>,
    project: String,
    contested: AtomicU64,
    /// Writes with a key that were sent.
    sent: Recent<Write>,
    /// Writes with a key that were acknowledged with 201.
    acknowledged: Recent<Write>,
    /// Names of created projects.
    names: Recent<String>,
}

const CREATE: &str = "create-project";
const LIST: &str = "list-projects";
const UPLOAD: &str = "upload-file";

/// Responses to writes that may conflict with a concurrent one.
const MAY_CONFLICT: &[&str] = &["201", "409 CONFLICT"];

impl Workload {
    /// Creates the tokens of the users, and a project for files.
    pub(super) async fn prepare(target: &Target, users: usize) -> Result<Self> {
        let organization = format!("load-{:08x}", fastrand::u32(..));
        let token = |user| target.emulators.token(&format!("user-{user}"), &[&organization]);
        let tokens = (0..users).map(token).collect::<Result<Vec<_>>>()?;
        let request = Client::new(&target.url).post(&projects(&organization)).bearer(&tokens[0]);
        let response = request.json(&json!({ "name": "Files" })).send().await?;
        ensure!(response.status == 201, "creating a project returned {}", response.status_and_code());
        let project = response.json()["data"]["id"].as_str().context("the project has no id")?.to_owned();
        Ok(Self {
            url: target.url.clone(),
            organization,
            tokens,
            project,
            contested: AtomicU64::new(0),
            sent: Recent::default(),
            acknowledged: Recent::default(),
            names: Recent::default(),
        })
    }

    /// Returns the id of the project for files.
    pub(super) fn project(&self) -> &str {
        &self.project
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
        let project = Resource::Project(unique);
        let file = Resource::File { seed: rng.u64(..), size: 1024 << rng.u32(0..=10) };
        match rng.u32(0..100) {
            0..20 => read(self.page(client, rng, None).bearer(self.token(user)), &["200"]),
            20..28 => read(self.page(client, rng, None).cookie(self.token(user)), &["200"]),
            28..46 => {
                let request = self.page(client, rng, cursor).bearer(self.token(user));
                Operation { effect: Effect::Page, ..read(request, &["200"]) }
            }
            46..60 => self.write(client, Write { user, key: None, resource: project }, &["201"]),
            60..66 => self.keyed_write(client, Write { user, key, resource: project }),
            66..73 => self.repeat(client, user, rng),
            73..77 => self.contest(client, user),
            77..80 => self.duplicate(client, user, rng),
            80..85 => self.write(client, Write { user, key: None, resource: file }, &["201"]),
            85..88 => self.keyed_write(client, Write { user, key, resource: file }),
            88..95 => self.invalid(client, user, rng),
            _ => read(client.get(&projects(&self.organization)), &["401 UNAUTHORIZED"]),
        }
    }

    /// Records a write that was acknowledged with 201.
    pub(super) fn record_created(&self, write: Write) {
        if let Resource::Project(name) = &write.resource {
            self.names.add(name.clone());
        }
        if write.key.is_some() {
            self.acknowledged.add(write);
        }
    }

    fn page(&self, client: &Client, rng: &mut Rng, cursor: Option<&str>) -> RequestBuilder {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        client.get(&format!("{}?limit={}{cursor}", projects(&self.organization), rng.u32(1..=100)))
    }

    /// Sends a write with a new key. It is recorded before, so that another connection may repeat it concurrently.
    fn keyed_write(&self, client: &Client, write: Write) -> Operation {
        self.sent.add(write.clone());
        self.write(client, write, MAY_CONFLICT)
    }

    fn write(&self, client: &Client, write: Write, responses: &'static [&'static str]) -> Operation {
        let (function, request) = match &write.resource {
            Resource::Project(name) => {
                (CREATE, client.post(&projects(&self.organization)).json(&json!({ "name": name })))
            }
            Resource::File { seed, size } => {
                let path = files(&self.organization, &self.project);
                (UPLOAD, client.post(&path).body(FORM, form("load.png", "image/png", &bytes(*seed, *size))))
            }
        };
        let request = request.bearer(self.token(write.user));
        let request = write.key.iter().fold(request, |request, key| request.key(key));
        Operation { function, request, responses, effect: Effect::Create(write) }
    }

    /// Repeats an acknowledged write, which is replayed, or a sent one, which may still be running.
    fn repeat(&self, client: &Client, user: usize, rng: &mut Rng) -> Operation {
        let acknowledged = if rng.bool() { self.acknowledged.choose(rng) } else { None };
        match (acknowledged, self.sent.choose(rng)) {
            (Some(write), _) => self.write(client, write, &["201"]),
            (None, Some(write)) => self.write(client, write, MAY_CONFLICT),
            (None, None) => self.contest(client, user),
        }
    }

    /// Creates a project with a name for which other requests compete.
    fn contest(&self, client: &Client, user: usize) -> Operation {
        let name = format!("contested {}", self.contested.fetch_add(1, Ordering::SeqCst) / CONTENDERS);
        self.write(client, Write { user, key: None, resource: Resource::Project(name) }, MAY_CONFLICT)
    }

    /// Creates a project with the name of an existing one.
    fn duplicate(&self, client: &Client, user: usize, rng: &mut Rng) -> Operation {
        match self.names.choose(rng) {
            Some(name) => {
                let resource = Resource::Project(name.to_uppercase());
                self.write(client, Write { user, key: None, resource }, &["409 CONFLICT"])
            }
            None => self.contest(client, user),
        }
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
        Operation { function, request, responses, effect: Effect::Nothing }
    }
}

fn read(request: RequestBuilder, responses: &'static [&'static str]) -> Operation {
    Operation { function: LIST, request, responses, effect: Effect::Nothing }
}
