//! Emulators of DynamoDB and S3: started here, or external ones that the developer names.
//! What must stay out: the template's tables and buckets, except in `provision`.

mod clients;
mod data;
mod dynamodb;
mod external;
mod interceptor;
mod objects;
mod provision;
mod s3;

pub use clients::http;
pub use data::{Data, check_database};
pub use interceptor::{Interceptor, Service};
pub use objects::{Bucket, Listing, Setup, StoredObject};
pub(crate) use objects::{Objects, Program};
pub(crate) use provision::provision;
pub use provision::with_message;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use data::Folder;

use crate::environment;
use crate::tasks::{Task, loopback_listener};

/// Variables of the SDK that name external emulators.
const DYNAMODB_VARIABLE: &str = "AWS_ENDPOINT_URL_DYNAMODB";
const S3_VARIABLE: &str = "AWS_ENDPOINT_URL_S3";

/// Endpoint URLs of external emulators.
#[derive(Debug, Clone, Default)]
pub struct External {
    /// Replaces the built-in DynamoDB.
    pub dynamodb: Option<String>,
    /// Replaces the built-in S3.
    pub s3: Option<String>,
}

impl External {
    /// Formats the place of tables and objects, with the built-in emulators' in `data`.
    #[must_use]
    pub fn location(&self, data: &Data) -> String {
        let own = match data {
            Data::Memory => "in memory, discarded on exit".to_owned(),
            Data::Dir(folder) => folder.display().to_string(),
        };
        match (&self.dynamodb, &self.s3) {
            (None, None) => own,
            (Some(dynamodb), None) => format!("tables at {dynamodb}; objects {own}"),
            (None, Some(s3)) => format!("objects at {s3}; tables {own}"),
            (Some(dynamodb), Some(s3)) => format!("tables at {dynamodb}; objects at {s3}"),
        }
    }

    /// Waits until the external emulators respond.
    ///
    /// # Errors
    /// When one has not responded for some seconds.
    pub(crate) async fn wait(&self) -> Result<()> {
        for (endpoint, variable) in [(&self.dynamodb, DYNAMODB_VARIABLE), (&self.s3, S3_VARIABLE)] {
            if let Some(endpoint) = endpoint {
                external::wait_for(endpoint, variable, external::PATIENCE).await?;
            }
        }
        Ok(())
    }

    /// Reads the SDK's variables `AWS_ENDPOINT_URL_DYNAMODB` and `AWS_ENDPOINT_URL_S3`.
    #[must_use]
    pub fn from_environment() -> Self {
        Self { dynamodb: environment::variable(DYNAMODB_VARIABLE), s3: environment::variable(S3_VARIABLE) }
    }

    /// Returns `true` if one of the emulators is external.
    #[must_use]
    pub fn any(&self) -> bool {
        self.dynamodb.is_some() || self.s3.is_some()
    }
}

/// Running emulators. The built-in ones stop when this is dropped.
#[derive(Debug)]
pub(crate) struct Emulators {
    pub(crate) dynamodb: Emulator,
    pub(crate) s3: Emulator,
    /// Credentials that both emulators accept.
    pub(crate) credentials: Credentials,
    /// Client of S3 that bypasses the interceptor.
    pub(crate) objects: Objects,
    /// Built-in S3, which may still be starting.
    s3_started: Option<s3::Started>,
    _folder: Option<Folder>,
}

/// One emulator.
#[derive(Debug)]
pub(crate) struct Emulator {
    /// Endpoint for the stack's own clients.
    pub(crate) endpoint: String,
    /// Endpoint for the functions: the interceptor's, if there is one.
    pub(crate) functions_endpoint: String,
    tasks: Vec<Task>,
}

impl Emulators {
    /// Starts the emulators that `external` does not provide, with their files in `data`. DynamoDB listens `at` an address
    /// and S3 on the next port; without an address, both listen on free loopback ports. S3 has these buckets, and is ready
    /// after [`Emulators::s3_ready`].
    pub(crate) async fn start(
        data: &Data,
        at: Option<SocketAddr>,
        external: &External,
        objects: Objects,
        buckets: Vec<Bucket>,
        interceptor: Option<&dyn Interceptor>,
    ) -> Result<Self> {
        let own = external.dynamodb.is_none() || external.s3.is_none();
        let folder = if own { data.open().await? } else { None };
        let (dynamodb_at, s3_at) = addresses(at)?;
        let dynamodb = match &external.dynamodb {
            Some(endpoint) => Emulator::external(endpoint),
            None => dynamodb::serve(folder.as_ref(), dynamodb_at).await?,
        };
        let (s3, s3_started) = if let Some(endpoint) = &external.s3 {
            if !buckets.is_empty() {
                let provisioned = objects.provision(endpoint, buckets).await;
                provisioned.with_context(|| format!("the S3 at {endpoint}"))?;
            }
            (Emulator::external(endpoint), None)
        } else {
            s3::serve(objects.clone(), folder.as_ref(), s3_at, buckets).await?
        };
        Ok(Self {
            dynamodb: dynamodb.behind(interceptor, Service::DynamoDb).await?,
            s3: s3.behind(interceptor, Service::S3).await?,
            credentials: objects.credentials.clone(),
            objects,
            s3_started,
            _folder: folder,
        })
    }

    /// Returns a client of DynamoDB that bypasses the interceptor.
    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        clients::dynamodb(&self.dynamodb.endpoint, self.credentials.clone())
    }

    /// Returns the ARN of a table's stream.
    pub(crate) async fn stream_of(&self, table: &str) -> Result<String> {
        let described = self.dynamodb().describe_table().table_name(table).send().await;
        let described = described.with_context(|| format!("can't describe {table}"))?.table;
        let arn = described.and_then(|table| table.latest_stream_arn);
        arn.with_context(|| format!("{} gave the table {table} no stream", self.dynamodb.endpoint))
    }

    /// Returns `true` if the built-in S3 is used.
    pub(crate) fn has_own_s3(&self) -> bool {
        self.s3_started.is_some()
    }

    /// Waits until S3 has its buckets.
    ///
    /// # Errors
    /// When it can't be built or does not start.
    pub(crate) async fn s3_ready(&self) -> Result<()> {
        match &self.s3_started {
            Some(started) => s3::ready(started.clone()).await.map(drop),
            None => Ok(()),
        }
    }
}

/// Returns the addresses of DynamoDB and S3.
fn addresses(at: Option<SocketAddr>) -> Result<(SocketAddr, SocketAddr)> {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let Some(first) = at else { return Ok((free, free)) };
    let next = first.port().checked_add(1).filter(|_| first.port() > 0);
    let next = next.with_context(|| format!("{first} and the next port are not two valid ports"))?;
    Ok((first, SocketAddr::new(first.ip(), next)))
}

impl Emulator {
    fn external(endpoint: &str) -> Self {
        Self::new(endpoint.to_owned(), Vec::new())
    }

    fn own(address: SocketAddr, tasks: Vec<Task>) -> Self {
        Self::new(format!("http://{address}"), tasks)
    }

    fn new(endpoint: String, tasks: Vec<Task>) -> Self {
        Self { functions_endpoint: endpoint.clone(), endpoint, tasks }
    }

    async fn behind(mut self, interceptor: Option<&dyn Interceptor>, service: Service) -> Result<Self> {
        if let Some(interceptor) = interceptor {
            let (listener, address) = loopback_listener().await?;
            self.tasks.push(interceptor.serve(service, listener, &self.endpoint)?);
            self.functions_endpoint = format!("http://{address}");
        }
        Ok(self)
    }
}
