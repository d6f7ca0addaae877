//! The platform that serverless APIs are built on. A function names its route and its handler; this crate does the rest. It
//! knows no resource of any application.
//!
//! Imports point one way: `functions -> projects -> shared`, and in here `edge -> storage -> domain`. docs/ARCHITECTURE.md
//! says why.

// What `#[derive(Input)]` writes names this crate, also in here.
extern crate self as shared;

pub mod clock;
pub mod config;
pub mod domain;
pub mod edge;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod storage;

/// Names for the code that macros of this crate write. Not for use by hand.
#[doc(hidden)]
pub mod derived {
    pub use jiff::Timestamp;
    pub use schemars::{self, JsonSchema};
    pub use serde::{self, Serialize};
    pub use uuid::Uuid;

    pub use crate::domain::ids::{canonical, time_ordered};
}

/// The page about inputs, whose code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/INPUTS.md")]
struct Inputs;
