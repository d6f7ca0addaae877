//! S3 of the local stack: an emulator, and the requests of the stack to it or to an external one.
//!
//! It is a program of its own, because `s3s` and S3's SDK take a third of the time in which everything is compiled. The
//! stack serves requests that need no bucket before.

mod emulator;
mod requests;

pub use emulator::{Emulator, serve};
pub use requests::{client, list, provision, put};
