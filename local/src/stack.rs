//! The whole stack: emulators, functions and gateway, started and stopped together.

mod assembly;
mod options;
mod stages;

pub use crate::journal::Access;
pub use options::{Binaries, Options};

use std::sync::Arc;

use anyhow::{Context, Result};
use assembly::{
    Pools, bind, buckets, build, consumers, executables, page, pools, prewarm, routes, s3_program, select,
    targets, workspace,
};
use aws_credential_types::Credentials;
use bytes::Bytes;
use stages::{Completion, Stages};

use crate::clock;
use crate::emulators::{Emulators, Objects, StoredObject, provision};
use crate::environment::Variables;
use crate::gateway::{self, Cors, Gateway, Route, Router};
use crate::journal::Journal;
use crate::lambda::{Logs, Outcome, Trace};
use crate::streams::Streams;
use crate::tasks::Task;
use crate::template::{Names, Template};
use crate::token::{DEFAULT_LIFETIME, Issuer};

/// Running stack. Dropping it ends its processes and servers.
#[derive(Debug)]
pub struct Stack {
    url: String,
    template: Template,
    names: Names,
    routes: Vec<Route>,
    pools: Pools,
    logs: Logs,
    issuer: Option<Issuer>,
    emulators: Arc<Emulators>,
    streams: Streams,
    journal: Journal,
    completion: Completion,
    _gateway: Task,
}

impl Stack {
    /// Starts a stack. It accepts requests when this returns.
    ///
    /// # Errors
    /// When the template can't be read, the functions can't be built or do not start, the port or the data folder is in
    /// use, or an emulator fails.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = bind(options.port).await?;
        let port = listener.local_addr().context("the gateway's port has no address")?.port();
        let mut template = Template::load(&options.template)?;
        options.external.wait().await?;
        select(&mut template, options.only.as_deref())?;
        let workspace = workspace(&options, clock::now());
        let (mut stages, executables) = match &workspace {
            Some(_) => {
                let (stages, executables) = Stages::first(build(false), &template).await?;
                (Some(stages), executables)
            }
            None => (None, executables(&template, &options).await?),
        };
        let names = Names::new(&template, &options.variables, options.name_suffix.as_deref());
        let emulators = Emulators::start(
            &options.data,
            options.emulators,
            &options.external,
            Objects {
                program: match &mut stages {
                    Some(stages) if options.external.s3.is_none() => stages.s3_program(),
                    _ => s3_program(&template, &options.binaries),
                },
                credentials: options.credentials.clone(),
            },
            buckets(&template, &names, &options.origins),
            options.interceptor.as_deref(),
        );
        let emulators = Arc::new(emulators.await?);
        provision(&emulators, &template, &names).await?;
        let logs = Logs::new(options.log);
        let pools = pools(&template, &names, &options, &emulators, &executables, &logs, workspace.as_ref())?;
        match &stages {
            Some(stages) => stages.hold(&pools),
            None => emulators.s3_ready().await?,
        }
        if options.prewarm {
            prewarm(&pools, &logs).await?;
        }
        let consumers = consumers(&template, &names, &emulators, &pools, &logs).await?;
        let router = Router::new(targets(&template, &pools));
        let page = options.page.then(|| page(&template, &names, &options, &emulators, &executables, &pools));
        let journal = Journal::new(&logs);
        let cors = template.cors.as_ref().map(|cors| Cors::new(cors, options.origins)).transpose()?;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            routes: routes(&template),
            issuer: Issuer::trusted_by(&options.variables),
            streams: Streams::start(consumers, options.streams),
            _gateway: gateway::serve(
                listener,
                Gateway { router, cors, page, port, journal: journal.clone() },
            ),
            journal,
            completion: Completion::new(
                stages.map(|stages| stages.rest(pools.clone(), Arc::clone(&emulators), logs.clone())),
            ),
            template,
            names,
            pools,
            logs,
            emulators,
        })
    }

    /// Waits until all functions are built and have started. Without [`Options::rebuild`] they were before the stack
    /// started.
    ///
    /// # Errors
    /// When a function can't be built or does not start, or the S3 emulator does not.
    pub async fn complete(&self) -> Result<()> {
        self.completion.wait().await
    }

    /// Returns the base URL of the API, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns DynamoDB's endpoint, which bypasses the interceptor.
    #[must_use]
    pub fn dynamodb_endpoint(&self) -> &str {
        &self.emulators.dynamodb.endpoint
    }

    /// Returns S3's endpoint, which bypasses the interceptor.
    #[must_use]
    pub fn s3_endpoint(&self) -> &str {
        &self.emulators.s3.endpoint
    }

    /// Returns a client of DynamoDB that bypasses the interceptor.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.emulators.dynamodb()
    }

    /// Puts an object with its SHA-256 into the bucket with this logical id.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn put_object(&self, bucket: &str, key: &str, content_type: &str, bytes: &[u8]) -> Result<()> {
        let target = [self.s3_endpoint(), self.bucket(bucket), key, content_type];
        self.emulators.objects.put(target, bytes).await
    }

    /// Lists all objects of the bucket with this logical id whose keys begin with `prefix`, the newest first.
    ///
    /// # Errors
    /// When a request fails.
    pub async fn list_objects(&self, bucket: &str, prefix: &str) -> Result<Vec<StoredObject>> {
        let target = [self.s3_endpoint(), self.bucket(bucket), prefix];
        Ok(self.emulators.objects.list(target, usize::MAX, usize::MAX).await?.objects)
    }

    /// Returns the credentials that the emulators accept.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.emulators.credentials
    }

    /// Returns the name of the table with this logical id; the id itself if the template has no such table.
    #[must_use]
    pub fn table<'s>(&'s self, id: &'s str) -> &'s str {
        self.names.table(id).unwrap_or(id)
    }

    /// Returns the name of the bucket with this logical id; the id itself if the template has no such bucket.
    #[must_use]
    pub fn bucket<'s>(&'s self, id: &'s str) -> &'s str {
        self.names.bucket(id).unwrap_or(id)
    }

    /// Returns the stack's template.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Returns the routes, in the template's order.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Creates a token that the functions accept, for `user` as a member of `organizations`.
    ///
    /// # Errors
    /// When the functions trust only the public keys of an external issuer.
    pub fn token(&self, user: &str, organizations: &[&str]) -> Result<String> {
        self.token_with_roles(user, organizations, &[])
    }

    /// Creates a token like [`Stack::token`], with these roles in all of the organizations.
    ///
    /// # Errors
    /// As [`Stack::token`].
    pub fn token_with_roles(&self, user: &str, organizations: &[&str], roles: &[String]) -> Result<String> {
        let issuer = self.issuer.as_ref().context("the functions trust an external issuer")?;
        let organizations: Vec<_> = organizations.iter().map(|id| (*id).to_owned()).collect();
        issuer.token(user, &organizations, roles, DEFAULT_LIFETIME)
    }

    /// Returns the lines that the function with this binary has logged so far.
    #[must_use]
    pub fn logs(&self, binary: &str) -> Vec<String> {
        self.logs.lines(binary)
    }

    /// Waits for the first logged line of the function with this binary that contains `text`; `None` after ten seconds.
    pub async fn log_with(&self, binary: &str, text: &str) -> Option<String> {
        self.logs.find(binary, text).await
    }

    /// Returns the access log's entry with API Gateway's id, which a response has as `apigw-requestid`.
    #[must_use]
    pub fn access(&self, request_id: &str) -> Option<Access> {
        self.journal.access(request_id)
    }

    /// Returns the environment variables of the processes of a function (its binary or logical id).
    ///
    /// # Errors
    /// When there is no such function.
    pub fn variables(&self, function: &str) -> Result<&Variables> {
        let function = self.template.function(function).with_context(|| format!("no function {function}"))?;
        Ok(self.pools.get(&function.id).context("the function has no environments")?.variables())
    }

    /// Invokes a function (its binary or logical id) with an event, without the gateway.
    ///
    /// # Errors
    /// When there is no such function.
    pub async fn invoke(&self, function: &str, event: impl Into<Bytes> + Send) -> Result<Outcome> {
        let function = self.template.function(function).with_context(|| format!("no function {function}"))?;
        let pool = self.pools.get(&function.id).context("the function has no environments")?;
        Ok(pool.invoke(event.into(), &Trace::of_invocation()).await)
    }

    /// Delivers all changes of tables that were made before this call to the functions that their streams feed, and waits
    /// until each has succeeded or was given up. Changes that these functions make are included.
    ///
    /// # Errors
    /// When a stream can't be read.
    pub async fn settle_streams(&self) -> Result<()> {
        self.streams.settle().await
    }

    /// Kills the processes of a function (its binary or logical id) that handle an invocation, like a crash.
    pub fn crash(&self, function: &str) {
        let function = self.template.function(function);
        if let Some(pool) = function.and_then(|function| self.pools.get(&function.id)) {
            pool.crash();
        }
    }

    /// Stops the stack and waits until its processes have ended.
    pub async fn stop(mut self) {
        self.streams.stop();
        for pool in self.pools.values() {
            pool.stop().await;
        }
        self.journal.flush().await;
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.streams.stop();
        // Open connections may keep a pool alive for a while, so its processes are ended here.
        self.pools.values().for_each(|pool| pool.close());
    }
}
