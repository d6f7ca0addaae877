//! Operations on projects and files that exist, or did until another connection deleted them.

use fastrand::Rng;
use local::client::{Client, RequestBuilder};
use local::requests::{files, projects};
use serde_json::json;

use super::super::operation::{Effect, Operation};
use super::{Project, Workload};

const UPDATE: &str = "update-project";

impl Workload {
    /// Reads, changes or deletes a project or a file. `unique` is a new text.
    pub(super) fn existing(&self, client: &Client, user: usize, rng: &mut Rng, unique: &str) -> Operation {
        let (project, file) = (self.projects.choose(rng), self.files.choose(rng));
        match (project, file) {
            (Some(project), _) if rng.u32(0..3) < 2 => self.on_project(client, user, rng, &project, unique),
            (_, Some((project, file))) => self.on_file(client, user, rng, &project, &file),
            _ => self.contest(client, user),
        }
    }

    fn on_project(
        &self,
        client: &Client,
        user: usize,
        rng: &mut Rng,
        project: &Project,
        unique: &str,
    ) -> Operation {
        let path = format!("{}/{}", projects(&self.organization), project.id);
        let files = files(&self.organization, &project.id);
        let request = |method, path: &str| client.request(method, path).bearer(self.token(user));
        let operation = match rng.u32(0..18) {
            0..3 => Operation::new("get-project", request("GET", &path), &["200"], Effect::Read),
            3..5 => Operation::new("list-files", request("GET", &files), &["200"], Effect::Read),
            5 => Operation::new(UPDATE, request("PATCH", &path).json(&json!({})), &["200"], Effect::Read),
            6..15 => self.change(request("PATCH", &path), rng, project, unique),
            _ => {
                let (request, condition) = conditional(request("DELETE", &path), rng, project);
                let responses: &[_] = if condition.is_some() { &["204", "409 CONFLICT"] } else { &["204"] };
                Operation::new("delete-project", request, responses, Effect::Delete(condition))
            }
        };
        operation.on(&project.id)
    }

    /// Changes a project's description, and perhaps its name. The description is new, so the change has an effect.
    fn change(&self, request: RequestBuilder, rng: &mut Rng, project: &Project, unique: &str) -> Operation {
        let (request, condition) = conditional(request, rng, project);
        let taken = self.projects.choose(rng).filter(|_| rng.u8(0..8) == 0).map(|other| other.name);
        let may_conflict = condition.is_some() || taken.is_some();
        let name = taken.or_else(|| rng.bool().then(|| unique.to_owned()));
        let mut change = json!({ "description": unique });
        if let Some(name) = name {
            change["name"] = name.into();
        }
        let responses: &[_] = if may_conflict { &["200", "409 CONFLICT"] } else { &["200"] };
        Operation::new(UPDATE, request.json(&change), responses, Effect::Change(condition))
    }

    fn on_file(&self, client: &Client, user: usize, rng: &mut Rng, project: &str, file: &str) -> Operation {
        let path = format!("{}/{file}", files(&self.organization, project));
        let request = |method, path: &str| client.request(method, path).bearer(self.token(user));
        let operation = match rng.u32(0..9) {
            0..3 => Operation::new("get-file", request("GET", &path), &["200"], Effect::Read),
            3..6 => Operation::new(
                "download-file",
                request("GET", &format!("{path}/content")),
                &["302"],
                Effect::Nothing,
            ),
            _ => Operation::new("delete-file", request("DELETE", &path), &["204"], Effect::Delete(None)),
        };
        operation.on(file)
    }
}

/// Makes half of the requests conditional on the version that is known. Others may have changed it.
fn conditional(request: RequestBuilder, rng: &mut Rng, project: &Project) -> (RequestBuilder, Option<u64>) {
    let condition = rng.bool().then_some(project.version);
    let add = |request: RequestBuilder, version| request.header("if-match", format!("\"{version}\""));
    (condition.into_iter().fold(request, add), condition)
}
