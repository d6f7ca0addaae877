//! Interface of proxies between the functions and the emulators, which record or change calls.

use std::fmt::Debug;

use anyhow::Result;
use tokio::net::TcpListener;

use crate::tasks::Task;

/// Service that an emulator provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Tables.
    DynamoDb,
    /// Objects.
    S3,
}

/// Proxy in front of each emulator. The functions call it; the stack's own clients bypass it.
pub trait Interceptor: Debug + Send + Sync {
    /// Forwards calls from `listener` to the emulator at `upstream`, until the task is dropped.
    ///
    /// # Errors
    /// When `upstream` is not a URL.
    fn serve(&self, service: Service, listener: TcpListener, upstream: &str) -> Result<Task>;
}
