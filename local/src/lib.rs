//! Local stack: the whole service on one machine, with only a Rust toolchain.
//!
//! It reads `template.yaml`, runs the real function binaries behind the Lambda Runtime API, serves their routes like an
//! API Gateway HTTP API, feeds them from tables' streams like Lambda, and emulates DynamoDB and S3.
//! What must stay out: every crate of the service itself. The stack knows only wire protocols, so it can't share the
//! service's mistakes.

pub mod body;
pub mod cargo;
pub mod client;
pub mod clock;
pub mod description;
pub mod emulators;
pub mod environment;
pub mod example;
pub mod gateway;
mod journal;
pub mod lambda;
pub mod origins;
mod page;
pub mod ports;
mod rebuild;
pub mod requests;
pub mod scaffold;
mod seed;
pub mod session;
pub mod stack;
pub mod streams;
pub mod tasks;
pub mod template;
pub mod terminal;
pub mod token;
