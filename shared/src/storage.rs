//! `DynamoDB` and S3: a kit that an application builds its storage calls from. Knows no HTTP and no clock.
//!
//! Architecture invariant: every key of a row or an object is built from a [`Scope`](crate::domain::Scope), and the only
//! scopes there are come from a check of the caller. "Always filter by organization" is a fact of the types.

mod aws;
mod error;
mod idempotency;
mod key;
#[cfg(feature = "objects")]
mod objects;
mod rate_limits;
mod row;
mod table;
mod transaction;

pub use aws::Aws;
pub use aws_sdk_dynamodb::types::AttributeValue;
pub use error::sdk_error;
pub use key::{Key, Kind, List};
#[cfg(feature = "objects")]
pub use objects::{ObjectKey, Objects};
pub use rate_limits::{Outcome, RateLimitTable};
pub use row::{Item, Row};
pub use table::Table;
pub use transaction::{Commit, Condition, Transaction};

use crate::config::Env;

/// Storage of a function. Its handler's signature names it; settings and clients follow from that.
///
/// ```
/// use shared::config::Env;
/// use shared::storage::{Aws, Store, Table};
///
/// struct Invoices(Table);
///
/// impl Store for Invoices {
///     type Settings = String;
///
///     fn settings(env: &Env<'_>) -> Option<String> {
///         env.required("INVOICES_TABLE")
///     }
///
///     fn open(aws: &Aws, table: String) -> Self {
///         Self(Table::open(aws, table))
///     }
/// }
/// ```
pub trait Store: Sized {
    /// Settings of this store.
    type Settings;

    /// Reads the settings. Reports problems to `env` and returns `None` if there are any. Read all variables before the first
    /// `?`, so that all problems are reported together.
    fn settings(env: &Env<'_>) -> Option<Self::Settings>;

    /// Opens the store. No connection is made yet.
    fn open(aws: &Aws, settings: Self::Settings) -> Self;

    /// Begins to open connections to services other than `DynamoDB`, which the rate limit connects to.
    fn preconnect(&self) -> impl Future<Output = ()> {
        async {}
    }
}

/// No storage.
impl Store for () {
    type Settings = ();

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    fn open(_: &Aws, (): ()) -> Self {}
}
