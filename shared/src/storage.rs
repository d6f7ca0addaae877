//! `DynamoDB` and S3: the parts that an application builds its storage calls from.
//!
//! Architecture invariant: every key of a row or an object is built from a [`Scope`](crate::domain::Scope), and only a
//! check of the caller makes scopes. So the types enforce that each call stays within the caller's organization. A
//! function that follows a table's stream gets the scope of each changed row.
//!
//! What must stay out: HTTP and the clock.

mod aws;
mod calls;
mod change;
mod error;
mod gate;
mod idempotency;
mod key;
mod kind;
mod lean;
#[cfg(feature = "objects")]
mod objects;
mod offline;
mod pages;
mod rate_limits;
mod row;
mod signature;
mod table;
mod transaction;

pub use aws::Aws;
pub use aws_sdk_dynamodb::types::AttributeValue;
pub use change::{RowChange, RowScope};
pub use error::sdk_error;
pub(crate) use error::timeout_error;
pub use gate::write_permitted;
pub(crate) use gate::{WriteGate, without_writes};
pub use key::{Key, List};
pub use kind::{Kind, Unlisted};
#[cfg(feature = "objects")]
pub use objects::{ObjectInfo, ObjectKey, Objects, PresignedUrl, UploadUrl};
pub use rate_limits::{Outcome, RateLimitTable};
pub use row::{Item, Row};
pub use table::Table;
pub use transaction::{Commit, Condition, Transaction};

use crate::config::Env;

/// Storage of a function. The handler's signature names its type, and the platform reads its settings and opens it.
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
    /// Settings of the store.
    type Settings;

    /// Reads the settings. Reports problems to `env` and returns `None` if there are any.
    ///
    /// Read all variables before the first `?`, so that all problems are reported together.
    fn settings(env: &Env<'_>) -> Option<Self::Settings>;

    /// Opens the store. No connection is made yet.
    fn open(aws: &Aws, settings: Self::Settings) -> Self;

    /// Calls other services than `DynamoDB` before the first request. Clients of [`Aws`] send nothing then, but their
    /// connections are opened, and the code of the calls is loaded. See [`Route::warm_up`](crate::edge::Route::warm_up).
    ///
    /// ```
    /// # use shared::config::Env;
    /// # use shared::storage::{Aws, Objects, Store};
    /// struct Attachments(Objects);
    ///
    /// impl Store for Attachments {
    ///     # type Settings = String;
    ///     # fn settings(env: &Env<'_>) -> Option<String> { env.required("UPLOADS_BUCKET") }
    ///     # fn open(aws: &Aws, bucket: String) -> Self { Self(Objects::open(aws, bucket)) }
    ///     async fn warm_up(&self) {
    ///         self.0.warm_up().await;
    ///     }
    /// }
    /// ```
    fn warm_up(&self) -> impl Future<Output = ()> {
        async {}
    }
}

/// The store of a function without storage.
impl Store for () {
    type Settings = ();

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    fn open(_: &Aws, (): ()) -> Self {}
}
