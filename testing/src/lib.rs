//! Test harness: stacks that start fast, a client, callers, and a recording proxy in front of the emulators. The tests of
//! the whole service are in `tests`.
//!
//! What must stay out: anything that a running stack needs, and every crate of the service itself.

mod app;
mod binaries;
mod breakpoint;
mod call;
mod capacity;
mod concurrent;
mod contract;
mod described;
mod distance;
mod effects;
mod events;
mod example;
mod faults;
mod fit;
mod issuer;
mod keys;
mod permissions;
mod proxy;
mod recording_proxy;
mod start;
mod storage;
mod timing;
mod tls;
mod tls_proxy;
mod tokens;
mod transfers;
mod workspace;

pub use app::App;
pub use binaries::{binaries, example, program};
pub use breakpoint::{Breakpoint, Moment};
pub use call::Call;
pub use concurrent::{for_each_concurrent, send_concurrently};
pub use contract::{received, strict};
pub use described::{is_public, takes_key};
pub use effects::Fault;
pub use events::{changed, format_1};
pub use example::Prepared;
pub use faults::{CallMatcher, Outage};
pub use fit::check_response;
pub use issuer::{Issuer, Serving};
pub use keys::{Scheme, SigningKey, jwks};
pub use local::client::{Client, RequestBuilder, Response};
pub use local::emulators::Service;
pub use local::ports::neighboring_ports;
pub use local::requests::{FORM, PNG, description, files, form, notes, projects, put, uploads};
pub use permissions::Permission;
pub use recording_proxy::RecordingProxy;
pub use start::{SPECIMENS, external, options, specimen_options};
pub use storage::{Object, object_key};
pub use timing::{CallTiming, sequential};
pub use tls::Authority;
pub use tls_proxy::TlsProxy;
pub use tokens::{claims, in_seconds, signed};
pub use workspace::workspace;
