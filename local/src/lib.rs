//! The local stack: the whole service on one machine, with nothing but a Rust toolchain.
//!
//! It reads `template.yaml`, runs the real function binaries behind the Lambda Runtime API, and serves their routes as an
//! API Gateway HTTP API would, over stand-ins for DynamoDB and S3. What must stay out: every crate of the service itself.
//! The stack knows wire protocols only, so that it can't share the service's mistakes.

mod body;
pub mod cargo;
pub mod client;
pub mod clock;
pub mod description;
pub mod emulators;
pub mod environment;
pub mod example;
pub mod gateway;
pub mod lambda;
pub mod origins;
pub mod ports;
pub mod requests;
pub mod scaffold;
mod seed;
pub mod stack;
pub mod tasks;
pub mod template;
pub mod terminal;
pub mod token;
