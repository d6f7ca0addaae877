//! `DynamoDB` and S3, one file a table or bucket. Every call for an organization takes the caller's
//! [`OrgScope`](crate::domain::OrgScope), and every key is built from it. Knows no HTTP and no clock.

mod aws;
mod fault;
#[cfg(feature = "uploads")]
mod files;
mod idempotency;
mod item;
#[cfg(feature = "uploads")]
mod objects;
mod projects;
mod rate_limits;
mod transaction;

pub use aws::Aws;
#[cfg(feature = "uploads")]
pub use files::Files;
pub use projects::Projects;
pub use rate_limits::{Outcome, RateLimitTable};

use crate::config::{Env, Settings};

/// What a handler keeps its data in. The handler's signature names it; settings and clients follow from that.
pub trait Store: Sized {
    /// Settings that only this store needs.
    type Settings;

    /// Reads them; problems are reported to `env`.
    fn settings(env: &Env<'_>) -> Option<Self::Settings>;

    /// Opens the store. No connection is made yet.
    fn open(aws: &Aws, settings: &Settings, own: Self::Settings) -> Self;

    /// Begins to open connections to what only this store needs: the tables have theirs.
    fn connect(&self) -> impl Future<Output = ()>;
}
