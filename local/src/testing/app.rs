//! The whole service, for tests of its routes: a stack, a client, callers and the few requests that others build on.
//! What must stay out: assertions, which are the tests' own.

use super::{Answer, Client, Draft, Tap, options};
use crate::engines::External;
use crate::stack::{Options, Stack};
use anyhow::{Context, Result, ensure};
use serde_json::json;

/// A running service and a client of it.
#[derive(Debug)]
pub struct App {
    /// The stack that serves it.
    pub stack: Stack,
    /// A client without credentials, which takes no answer that breaks the rules for all answers.
    pub client: Client,
    /// What goes to the engines.
    pub tap: Tap,
}

/// The path of the projects of an organization.
#[must_use]
pub fn projects(organization: &str) -> String {
    format!("/v1/orgs/{organization}/projects")
}

/// The path of the files of a project.
#[must_use]
pub fn files(organization: &str, project: &str) -> String {
    format!("/v1/orgs/{organization}/projects/{project}/files")
}

/// A `multipart/form-data` body with the boundary `boundary` and one file in the field `file`.
#[must_use]
pub fn form(file_name: &str, content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: {content_type}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--boundary--\r\n"].concat()
}

/// The type of a body that [`form`] makes.
pub const FORM: &str = "multipart/form-data; boundary=boundary";

/// The smallest bytes that are known as a PNG image.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

impl App {
    /// Starts the service with a rate limit that no test meets by accident, and with these variables.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(variables: &[(&str, &str)]) -> Result<Self> {
        Self::with(variables, |options| options).await
    }

    /// Starts the service with changed options.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn with(variables: &[(&str, &str)], change: impl FnOnce(Options) -> Options) -> Result<Self> {
        let tap = Tap::new();
        let mut options = options(&[&[("RATE_LIMIT", "100000/10s")], variables].concat())?;
        options.tap = Some(tap.clone());
        let stack = Stack::start(change(options)).await?;
        Ok(Self { client: Client::new(stack.url()).strict(), stack, tap })
    }

    /// Starts another instance of every function, over the same tables and the same bucket, with these variables.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn beside(&self, variables: &[(&str, &str)]) -> Result<Self> {
        self.beside_with(variables, |options| options).await
    }

    /// The same with changed options.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn beside_with(
        &self,
        variables: &[(&str, &str)],
        change: impl FnOnce(Options) -> Options,
    ) -> Result<Self> {
        let names = [
            ("PROJECTS_TABLE", self.stack.table("ProjectsTable")),
            ("RATE_LIMIT_TABLE", self.stack.table("RateLimitTable")),
            ("UPLOADS_BUCKET", self.stack.bucket("UploadsBucket")),
        ];
        let (dynamodb, s3) = (self.stack.dynamodb_endpoint(), self.stack.s3_endpoint());
        let external = External { dynamodb: Some(dynamodb.to_owned()), s3: Some(s3.to_owned()) };
        let options = |options| change(Options { external, ..options });
        Self::with(&[&names, variables].concat(), options).await
    }

    /// A token of a user who is a member of these organizations.
    ///
    /// # Panics
    /// When the stack was started with a key that can't sign.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a test that starts the stack with its own keys makes its own tokens"
    )]
    pub fn token(&self, user: &str, organizations: &[&str]) -> String {
        self.stack.token(user, organizations).expect("the stack's key signs tokens")
    }

    /// A request by `user`, a member of these organizations.
    pub fn request_of(&self, user: &str, organizations: &[&str], method: &str, path: &str) -> Draft {
        self.client.request(method, path).bearer(&self.token(user, organizations))
    }

    /// A request by Alice, a member of `acme`.
    pub fn as_alice(&self, method: &str, path: &str) -> Draft {
        self.request_of("alice", &["acme"], method, path)
    }

    /// A page of the projects of `acme`, or another request for some, as Alice.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn list(&self, query: &str) -> Result<Answer> {
        self.as_alice("GET", &format!("{}{query}", projects("acme"))).send().await
    }

    /// Creates a project in `acme` as Alice.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn create(&self, name: &str) -> Result<Answer> {
        self.as_alice("POST", &projects("acme")).json(&json!({ "name": name })).send().await
    }

    /// The id of a new project in `organization`.
    ///
    /// # Errors
    /// When it can't be created.
    pub async fn new_project(&self, organization: &str, name: &str) -> Result<String> {
        self.new_project_at(organization, organization, name).await
    }

    /// The id of a new project in `organization`, which the path spells `segment`.
    ///
    /// # Errors
    /// When it can't be created.
    pub async fn new_project_at(&self, organization: &str, segment: &str, name: &str) -> Result<String> {
        let draft = self.request_of("maker", &[organization], "POST", &projects(segment));
        let answer = draft.json(&json!({ "name": name })).send().await?;
        ensure!(answer.status == 201, "creating a project was answered {}: {:?}", answer.status, answer.body);
        let id = answer.json()["data"]["id"].as_str().map(str::to_owned);
        id.context("a created project has an id")
    }

    /// Uploads a file to a project of `acme` as Alice.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn upload(
        &self,
        project: &str,
        name: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> Result<Answer> {
        self.as_alice("POST", &files("acme", project))
            .body(FORM, form(name, content_type, bytes))
            .send()
            .await
    }
}
