//! What every function of the projects API shares. A function names its route and its handler; this crate does the rest.
//!
//! Arrows point one way: `functions -> edge -> storage -> domain`. docs/ARCHITECTURE.md says why.

// What `#[derive(Input)]` writes names this crate, also in here.
extern crate self as shared;

pub mod clock;
pub mod config;
pub mod domain;
pub mod edge;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod storage;

/// The page about inputs, whose code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/INPUTS.md")]
struct Inputs;
