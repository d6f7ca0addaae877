//! Platform for serverless APIs. A function passes its route and its handler to [`edge::run()`], which adds the checks.
//!
//! Imports point one way: `functions -> projects -> shared`, and in this crate `edge -> storage -> domain`. What must stay
//! out: any resource of an application.

// Code that `#[derive(Input)]` generates names this crate, inside it too.
extern crate self as shared;

pub mod clock;
pub mod config;
pub mod domain;
pub mod edge;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod storage;
mod telemetry;
mod warm_up;

/// Names for code that the macros of this crate generate.
#[doc(hidden)]
pub mod derived {
    pub use jiff::Timestamp;
    pub use schemars::{self, JsonSchema};
    pub use serde::{self, Serialize};
    pub use uuid::Uuid;

    pub use crate::domain::ids::{canonical, time_ordered};
}

/// Guide to inputs, so that its code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/INPUTS.md")]
struct Inputs;

/// Guide to changes of rows, so that its code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/MIGRATIONS.md")]
struct Migrations;
