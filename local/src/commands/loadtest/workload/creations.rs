//! Operations that create projects and files.

use std::sync::atomic::Ordering;

use fastrand::Rng;
use local::client::Client;
use local::requests::{FORM, description, files, form, projects, put, uploads};
use serde_json::{Value, json};

use super::super::operation::{Effect, NewResource, Operation, Write, bytes};
use super::{CREATE, MAY_CONFLICT, UPLOAD, Workload, text};

/// Number of requests that compete for one name.
const CONTENDERS: u64 = 8;

/// Name and media type of uploaded files.
const FILE: (&str, &str) = ("load.png", "image/png");

impl Workload {
    /// Generates a file for the project that stays, or for one that may be deleted.
    pub(super) fn file(&self, rng: &mut Rng) -> NewResource {
        let deletable = self.projects.choose(rng).filter(|_| rng.bool());
        let project = deletable.map_or_else(|| self.project.clone(), |project| project.id);
        NewResource::File { project, seed: rng.u64(..), size: 1024 << rng.u32(0..=10) }
    }

    /// Sends a write with a new key. It is recorded before, so that another connection may repeat it concurrently.
    pub(super) fn keyed_write(&self, client: &Client, write: Write) -> Operation {
        self.sent.add(write.clone());
        self.write(client, write, MAY_CONFLICT)
    }

    pub(super) fn write(
        &self,
        client: &Client,
        write: Write,
        responses: &'static [&'static str],
    ) -> Operation {
        let (function, request, project) = match &write.resource {
            NewResource::Project(name) => {
                (CREATE, client.post(&projects(&self.organization)).json(&json!({ "name": name })), None)
            }
            NewResource::File { project, seed, size } => {
                let path = files(&self.organization, project);
                let body = form(FILE.0, FILE.1, &bytes(*seed, *size));
                (UPLOAD, client.post(&path).body(FORM, body), Some(project.clone()))
            }
        };
        let request = request.bearer(self.token(write.user));
        let request = write.key.iter().fold(request, |request, key| request.key(key));
        Operation { subject: project, ..Operation::new(function, request, responses, Effect::Create(write)) }
    }

    /// Repeats an acknowledged write, which is replayed, or a sent one, which may still be running.
    pub(super) fn repeat(&self, client: &Client, user: usize, rng: &mut Rng) -> Operation {
        let acknowledged = if rng.bool() { self.acknowledged.choose(rng) } else { None };
        match (acknowledged, self.sent.choose(rng)) {
            (Some(write), _) => self.write(client, write, &["201"]),
            (None, Some(write)) => self.write(client, write, MAY_CONFLICT),
            (None, None) => self.contest(client, user),
        }
    }

    /// Creates a project with a name for which other requests compete.
    pub(super) fn contest(&self, client: &Client, user: usize) -> Operation {
        let name = format!("contested {}", self.contested.fetch_add(1, Ordering::SeqCst) / CONTENDERS);
        self.write(client, Write { user, key: None, resource: NewResource::Project(name) }, MAY_CONFLICT)
    }

    /// Creates a project with the name of another one, which may have been deleted or renamed.
    pub(super) fn duplicate(&self, client: &Client, user: usize, rng: &mut Rng) -> Operation {
        match self.projects.choose(rng) {
            Some(project) => {
                let resource = NewResource::Project(project.name.to_uppercase());
                self.write(client, Write { user, key: None, resource }, MAY_CONFLICT)
            }
            None => self.contest(client, user),
        }
    }

    /// Begins a direct upload.
    pub(super) fn begin(&self, client: &Client, write: Write) -> Operation {
        let NewResource::File { project, seed, size } = &write.resource else {
            return self.write(client, write, MAY_CONFLICT);
        };
        let request = client.post(&uploads(&self.organization, project)).bearer(self.token(write.user));
        let request = request.json(&description(FILE.0, FILE.1, &bytes(*seed, *size)));
        let project = project.clone();
        Operation::new("begin-upload", request, &["201"], Effect::Begin(write)).on(&project)
    }

    /// Puts the bytes of an upload that has begun into the bucket.
    pub(in super::super) fn put(write: Write, upload: &Value) -> Operation {
        let content = match &write.resource {
            NewResource::File { seed, size, .. } => bytes(*seed, *size),
            NewResource::Project(_) => Vec::new(),
        };
        let effect = Effect::Put(write, text(&upload["id"]));
        Operation::new("(bucket)", put(upload, content), &["200"], effect)
    }

    /// Finishes an upload whose bytes are in the bucket.
    pub(in super::super) fn finish(&self, client: &Client, write: Write, upload: &str) -> Operation {
        let project = match &write.resource {
            NewResource::File { project, .. } => project.clone(),
            NewResource::Project(_) => String::new(),
        };
        let path = format!("{}/{upload}", uploads(&self.organization, &project));
        let request = client.post(&path).bearer(self.token(write.user));
        Operation::new("finish-upload", request, &["201"], Effect::Create(write)).on(&project)
    }
}
