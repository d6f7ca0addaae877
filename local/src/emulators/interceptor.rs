//! The place between the functions and an emulator, for whoever wants to see or change what passes there.
//! What must stay out: doing so.

use std::fmt::Debug;

use anyhow::Result;
use tokio::net::TcpListener;

use crate::tasks::Task;

/// Which emulator a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The tables.
    DynamoDb,
    /// The objects.
    S3,
}

/// A proxy in front of each emulator, for the functions alone: the stack's own clients don't pass it.
pub trait Interceptor: Debug + Send + Sync {
    /// Passes on to the emulator at `upstream` what comes in on `listener`, until the task is dropped.
    ///
    /// # Errors
    /// When `upstream` is no URL.
    fn serve(&self, service: Service, listener: TcpListener, upstream: &str) -> Result<Task>;
}
