//! The stand-ins for DynamoDB and S3: served from this process, or somewhere else when the developer says so.
//! What must stay out: what the template wants to have in them.

mod clients;
mod data;
mod dynamodb;
mod interceptor;
mod provision;
mod s3;

pub use data::Data;
pub use interceptor::{Interceptor, Service};
pub(crate) use provision::provision;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use data::Folder;

use crate::environment;
use crate::tasks::{Task, loopback_listener};

/// Emulators that somebody else runs, as endpoint URLs.
#[derive(Debug, Clone, Default)]
pub struct External {
    /// Used instead of our own DynamoDB.
    pub dynamodb: Option<String>,
    /// Used instead of our own S3.
    pub s3: Option<String>,
}

impl External {
    /// What the SDK's own variables name.
    #[must_use]
    pub fn from_environment() -> Self {
        Self {
            dynamodb: environment::variable("AWS_ENDPOINT_URL_DYNAMODB"),
            s3: environment::variable("AWS_ENDPOINT_URL_S3"),
        }
    }

    /// Whether there is any.
    #[must_use]
    pub fn any(&self) -> bool {
        self.dynamodb.is_some() || self.s3.is_some()
    }
}

/// Running emulators. Those of this process stop when this is dropped.
#[derive(Debug)]
pub(crate) struct Emulators {
    /// How the stack itself reaches DynamoDB.
    pub(crate) dynamodb: Emulator,
    /// How the stack itself reaches S3.
    pub(crate) s3: Emulator,
    /// What both emulators accept as caller.
    pub(crate) credentials: Credentials,
    _folder: Option<Folder>,
}

/// One emulator.
#[derive(Debug)]
pub(crate) struct Emulator {
    /// Its endpoint, for the stack's own clients.
    pub(crate) endpoint: String,
    /// Its endpoint for the functions: the interceptor's, when there is one.
    pub(crate) functions_endpoint: String,
    tasks: Vec<Task>,
}

impl Emulators {
    /// Starts what `external` does not already provide, with its files in `data`: DynamoDB `at` an address and S3 one
    /// port further on, or both on free ports that only this machine can reach.
    pub(crate) async fn start(
        data: &Data,
        at: Option<SocketAddr>,
        external: &External,
        credentials: Credentials,
        interceptor: Option<&dyn Interceptor>,
    ) -> Result<Self> {
        let own = external.dynamodb.is_none() || external.s3.is_none();
        let folder = if own { data.open()? } else { None };
        let (dynamodb_at, s3_at) = addresses(at)?;
        let dynamodb = match &external.dynamodb {
            Some(endpoint) => Emulator::external(endpoint),
            None => dynamodb::serve(folder.as_ref(), dynamodb_at).await?,
        };
        let s3 = match &external.s3 {
            Some(endpoint) => Emulator::external(endpoint),
            None => s3::serve(folder.as_ref(), s3_at, &credentials).await?,
        };
        Ok(Self {
            dynamodb: dynamodb.behind(interceptor, Service::DynamoDb).await?,
            s3: s3.behind(interceptor, Service::S3).await?,
            credentials,
            _folder: folder,
        })
    }

    /// A client of DynamoDB, past the interceptor.
    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        clients::dynamodb(&self.dynamodb.endpoint, self.credentials.clone())
    }

    /// A client of S3, past the interceptor.
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        clients::s3(&self.s3.endpoint, self.credentials.clone())
    }
}

/// Where DynamoDB and S3 are to listen.
fn addresses(at: Option<SocketAddr>) -> Result<(SocketAddr, SocketAddr)> {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let Some(first) = at else { return Ok((free, free)) };
    let next = first.port().checked_add(1).filter(|_| first.port() > 0);
    let next = next.with_context(|| format!("{first} and the port after it can't be listened on"))?;
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
