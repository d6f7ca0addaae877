//! The only code that knows HTTP or Lambda: routes, the pipeline of checks, inputs and replies.

mod access;
mod auth;
mod context;
mod cross_site;
mod error;
mod event;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod headers;
mod identity;
mod input;
mod limiter;
mod log;
mod path;
mod pipeline;
mod reply;
mod request;
mod route;
mod run;

pub use access::{Access, OrgMember};
pub use auth::Refusal;
pub use context::Context;
pub use error::{Error, Result};
#[cfg(feature = "uploads")]
pub use input::Upload;
pub use input::{Intake, Json, Nothing, Query};
pub use reply::{Created, Data, Reply, Resource};
pub use request::Request;
pub use route::Route;
pub use run::run;
