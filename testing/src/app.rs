//! The whole service, for tests of its routes: a stack, a client, callers and the few requests that others build on.
//!
//! What must stay out: assertions, which are the tests' own.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use local::client::{Client, RequestBuilder, Response};
use local::emulators::External;
use local::requests::{FORM, form, notes, projects};
use local::stack::{Options, Stack};
use serde_json::json;

use super::contract::strict;
use super::recording_proxy::RecordingProxy;
use super::start::{options, specimen_options};

/// A running service and a client of it.
#[derive(Debug)]
pub struct App {
    /// Stack that serves the functions.
    pub stack: Stack,
    /// Client without credentials. A response that breaks the rules for all responses is an error.
    pub client: Client,
    /// Proxy in front of the emulators.
    pub proxy: RecordingProxy,
    subject: &'static Subject,
}

/// A rate limit that no test reaches by accident, and time for its counter on a busy machine.
const CALM: [(&str, &str); 2] = [("RATE_LIMIT", "100000/10s"), ("RATE_LIMIT_TIMEOUT_MS", "4000")];

/// Functions of a stack: a list, a route that adds to it, and one that stores files of its items.
#[derive(Debug)]
struct Subject {
    options: fn(&[(&str, &str)]) -> Result<Options>,
    /// Returns the path of an organization's list.
    list: fn(&str) -> String,
}

const APPLICATION: Subject = Subject { options, list: projects };
const SPECIMENS: Subject = Subject { options: specimen_options, list: notes };

impl App {
    /// Starts the application with these variables, and with settings of the rate limit that no test reaches by accident.
    ///
    /// # Errors
    /// The stack does not start.
    pub async fn start(variables: &[(&str, &str)]) -> Result<Self> {
        Self::start_with(variables, |options| options).await
    }

    /// Starts the application with changed options.
    ///
    /// # Errors
    /// The stack does not start.
    pub async fn start_with(
        variables: &[(&str, &str)],
        change: impl FnOnce(Options) -> Options,
    ) -> Result<Self> {
        Self::of(&APPLICATION, variables, change).await
    }

    /// Starts the specimen functions of the platform, as [`App::start`] starts the application.
    ///
    /// # Errors
    /// The stack does not start.
    pub async fn specimens(variables: &[(&str, &str)]) -> Result<Self> {
        Self::specimens_with(variables, |options| options).await
    }

    /// Starts the specimen functions with changed options.
    ///
    /// # Errors
    /// The stack does not start.
    pub async fn specimens_with(
        variables: &[(&str, &str)],
        change: impl FnOnce(Options) -> Options,
    ) -> Result<Self> {
        Self::of(&SPECIMENS, variables, change).await
    }

    async fn of(
        subject: &'static Subject,
        variables: &[(&str, &str)],
        change: impl FnOnce(Options) -> Options,
    ) -> Result<Self> {
        let proxy = RecordingProxy::new();
        let mut options = (subject.options)(&[&CALM, variables].concat())?;
        options.interceptor = Some(Arc::new(proxy.clone()));
        let stack = Stack::start(change(options)).await?;
        Ok(Self { client: strict(Client::new(stack.url())), stack, proxy, subject })
    }

    /// Starts another execution environment of every function, on the same tables and bucket, with these variables.
    ///
    /// # Errors
    /// The stack does not start.
    pub async fn second_environment(&self, variables: &[(&str, &str)]) -> Result<Self> {
        self.second_environment_with(variables, |options| options).await
    }

    /// Starts another execution environment of every function with changed options.
    ///
    /// # Errors
    /// The stack does not start.
    pub async fn second_environment_with(
        &self,
        variables: &[(&str, &str)],
        change: impl FnOnce(Options) -> Options,
    ) -> Result<Self> {
        let functions = self.stack.template().functions.iter();
        let own = functions.map(|function| self.stack.variables(&function.id)).collect::<Result<Vec<_>>>()?;
        let is_name = |variable: &str| variable.ends_with("_TABLE") || variable.ends_with("_BUCKET");
        let names = own.into_iter().flatten().filter(|(variable, _)| is_name(variable));
        let names: Vec<_> = names.map(|(variable, name)| (variable.as_str(), name.as_str())).collect();
        let (dynamodb, s3) = (self.stack.dynamodb_endpoint(), self.stack.s3_endpoint());
        let external = External { dynamodb: Some(dynamodb.to_owned()), s3: Some(s3.to_owned()) };
        let options = |options| change(Options { external, ..options });
        Self::of(self.subject, &[&names, variables].concat(), options).await
    }

    /// Returns a client of S3 that bypasses the proxy.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        local_s3::client(self.stack.s3_endpoint(), self.stack.credentials().clone())
    }

    /// Returns a token of a member of these organizations.
    ///
    /// # Panics
    /// The stack's key can't sign.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a test that starts the stack with its own keys makes its own tokens"
    )]
    pub fn token(&self, user: &str, organizations: &[&str]) -> String {
        self.stack.token(user, organizations).expect("the stack's key signs tokens")
    }

    /// Returns a request by `user`, a member of these organizations.
    pub fn request_of(&self, user: &str, organizations: &[&str], method: &str, path: &str) -> RequestBuilder {
        self.client.request(method, path).bearer(&self.token(user, organizations))
    }

    /// Returns a request by Alice, a member of `acme`.
    pub fn as_alice(&self, method: &str, path: &str) -> RequestBuilder {
        self.request_of("alice", &["acme"], method, path)
    }

    /// Reads a page of the list of `acme` as Alice.
    ///
    /// # Errors
    /// There is no response.
    pub async fn list(&self, query: &str) -> Result<Response> {
        self.as_alice("GET", &format!("{}{query}", self.list_of("acme"))).send().await
    }

    /// Creates an item in `acme` as Alice.
    ///
    /// # Errors
    /// There is no response.
    pub async fn create(&self, name: &str) -> Result<Response> {
        self.as_alice("POST", &self.list_of("acme")).json(&json!({ "name": name })).send().await
    }

    /// Creates an item in `organization` and returns its id.
    ///
    /// # Errors
    /// The item can't be created.
    pub async fn new_item(&self, organization: &str, name: &str) -> Result<String> {
        self.new_item_at(organization, organization, name).await
    }

    /// Creates an item in `organization`, which the path spells `segment`, and returns its id.
    ///
    /// # Errors
    /// The item can't be created.
    pub async fn new_item_at(&self, organization: &str, segment: &str, name: &str) -> Result<String> {
        let request = self.request_of("maker", &[organization], "POST", &self.list_of(segment));
        let response = request.json(&json!({ "name": name })).send().await?;
        ensure!(response.status == 201, "creating an item returned {}: {:?}", response.status, response.body);
        let id = response.json()["data"]["id"].as_str().map(str::to_owned);
        id.context("a created item has an id")
    }

    /// Uploads a file to an item of `acme` as Alice.
    ///
    /// # Errors
    /// There is no response.
    pub async fn upload(&self, item: &str, name: &str, content_type: &str, bytes: &[u8]) -> Result<Response> {
        let path = format!("{}/{item}/files", self.list_of("acme"));
        self.as_alice("POST", &path).body(FORM, form(name, content_type, bytes)).send().await
    }

    fn list_of(&self, organization: &str) -> String {
        (self.subject.list)(organization)
    }
}
