//! What is asked, and what may be answered: what clients do on a busy day, mistakes and retries included.
//! What must stay out: sending it.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use local::client::{Client, RequestBuilder};
use local::requests::{FORM, files, form, projects};
use serde_json::json;

use super::operation::{Effect, Operation, Recent, What, Write, bytes};
use super::target::Target;

/// How many creators there are for each name that is contested.
const CONTENDERS: u64 = 8;

/// Everything that all connections have in common.
pub(super) struct Workload {
    /// Where the stack listens.
    pub(super) url: String,
    /// The organization, which nobody has used before.
    pub(super) organization: String,
    tokens: Vec<String>,
    project: String,
    contested: AtomicU64,
    /// Writes with a key, answered or not.
    sent: Recent<Write>,
    /// Writes with a key that were answered 201.
    done: Recent<Write>,
    /// Names that are taken.
    created: Recent<String>,
}

const CREATE: &str = "create-project";
const LIST: &str = "list-projects";
const UPLOAD: &str = "upload-file";

/// Whoever comes second, or at the same time, may have to try again.
const REPEATED: &[&str] = &["201", "409 CONFLICT"];

impl Workload {
    /// Makes the project that files go to.
    pub(super) async fn prepare(target: &Target, users: usize) -> Result<Self> {
        let organization = format!("load-{:08x}", fastrand::u32(..));
        let token = |user| target.emulators.token(&format!("user-{user}"), &[&organization]);
        let tokens = (0..users).map(token).collect::<Result<Vec<_>>>()?;
        let request = Client::new(&target.url).post(&projects(&organization)).bearer(&tokens[0]);
        let response = request.json(&json!({ "name": "Files" })).send().await?;
        ensure!(response.status == 201, "the first project was answered {}", response.status_and_code());
        let project = response.json()["data"]["id"].as_str().context("a project has an id")?.to_owned();
        Ok(Self {
            url: target.url.clone(),
            organization,
            tokens,
            project,
            contested: AtomicU64::new(0),
            sent: Recent::default(),
            done: Recent::default(),
            created: Recent::default(),
        })
    }

    /// The project that files go to, as all have to know it.
    pub(super) fn project(&self) -> &str {
        &self.project
    }

    /// A token of a member.
    pub(super) fn token(&self, user: usize) -> &str {
        self.tokens.get(user).map_or("", String::as_str)
    }

    /// The next request of `user`, whose last page said where the next one begins.
    pub(super) fn next(
        &self,
        client: &Client,
        user: usize,
        rng: &mut Rng,
        cursor: Option<&str>,
    ) -> Operation {
        let unique = format!("{user} {:016x}", rng.u64(..));
        let key = Some(format!("key-{}", unique.replace(' ', "-")));
        let file = What::File { seed: rng.u64(..), size: 1024 << rng.u32(0..=10) };
        match rng.u32(0..100) {
            0..20 => read(self.page(client, rng, None).bearer(self.token(user)), &["200"]),
            20..28 => read(self.page(client, rng, None).cookie(self.token(user)), &["200"]),
            28..46 => {
                let request = self.page(client, rng, cursor).bearer(self.token(user));
                Operation { effect: Effect::Page, ..read(request, &["200"]) }
            }
            46..60 => self.write(client, Write { user, key: None, what: What::Project(unique) }, &["201"]),
            60..66 => {
                self.write(client, self.sent(Write { user, key, what: What::Project(unique) }), REPEATED)
            }
            66..73 => self.again(client, user, rng),
            73..77 => self.contest(client, user),
            77..80 => self.duplicate(client, user, rng),
            80..85 => self.write(client, Write { user, key: None, what: file }, &["201"]),
            85..88 => self.write(client, self.sent(Write { user, key, what: file }), REPEATED),
            88..95 => self.invalid(client, user, rng),
            _ => read(client.get(&projects(&self.organization)), &["401 UNAUTHORIZED"]),
        }
    }

    /// Notes that a write was answered 201.
    pub(super) fn made(&self, write: Write) {
        if let What::Project(name) = &write.what {
            self.created.add(name.clone());
        }
        if write.key.is_some() {
            self.done.add(write);
        }
    }

    fn page(&self, client: &Client, rng: &mut Rng, cursor: Option<&str>) -> RequestBuilder {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        client.get(&format!("{}?limit={}{cursor}", projects(&self.organization), rng.u32(1..=100)))
    }

    /// Remembers a request before it is sent, so that it may be sent again at the same time.
    fn sent(&self, write: Write) -> Write {
        self.sent.add(write.clone());
        write
    }

    fn write(&self, client: &Client, write: Write, responses: &'static [&'static str]) -> Operation {
        let (function, request) = match &write.what {
            What::Project(name) => {
                (CREATE, client.post(&projects(&self.organization)).json(&json!({ "name": name })))
            }
            What::File { seed, size } => {
                let path = files(&self.organization, &self.project);
                (UPLOAD, client.post(&path).body(FORM, form("load.png", "image/png", &bytes(*seed, *size))))
            }
        };
        let request = request.bearer(self.token(write.user));
        let request = write.key.iter().fold(request, |request, key| request.key(key));
        Operation { function, request, responses, effect: Effect::Made(write) }
    }

    /// A write that was answered before, and so is answered again, or one that may still be under way.
    fn again(&self, client: &Client, user: usize, rng: &mut Rng) -> Operation {
        let done = if rng.bool() { self.done.any(rng) } else { None };
        match (done, self.sent.any(rng)) {
            (Some(write), _) => self.write(client, write, &["201"]),
            (None, Some(write)) => self.write(client, write, REPEATED),
            (None, None) => self.contest(client, user),
        }
    }

    /// A name that others want at the same time.
    fn contest(&self, client: &Client, user: usize) -> Operation {
        let name = format!("contested {}", self.contested.fetch_add(1, Ordering::SeqCst) / CONTENDERS);
        self.write(client, Write { user, key: None, what: What::Project(name) }, REPEATED)
    }

    /// A name that is taken.
    fn duplicate(&self, client: &Client, user: usize, rng: &mut Rng) -> Operation {
        match self.created.any(rng) {
            Some(name) => {
                let what = What::Project(name.to_uppercase());
                self.write(client, Write { user, key: None, what }, &["409 CONFLICT"])
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
