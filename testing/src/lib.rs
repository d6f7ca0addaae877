//! What tests drive the service with: stacks that start fast, a client, callers, and a look at what goes to the engines.
//! What must stay out: anything that a running stack needs, and every crate of the service itself. The tests of the whole
//! service are in `tests`.

mod app;
mod binaries;
mod call;
mod capacity;
mod contract;
mod described;
mod effects;
mod events;
mod example;
mod faults;
mod fit;
mod front;
mod hold;
mod issuer;
mod keys;
mod proxy;
mod rights;
mod spans;
mod start;
mod storage;
mod tap;
mod tls;
mod together;
mod tokens;
mod workspace;

pub use app::App;
pub use binaries::{binaries, example, program};
pub use call::Call;
pub use contract::{received, strict};
pub use described::{is_public, takes_key};
pub use effects::Fault;
pub use events::{changed, format_1};
pub use example::Prepared;
pub use faults::{Calls, Outage};
pub use fit::check_answer;
pub use front::Front;
pub use hold::{Hold, Moment};
pub use issuer::{Issuer, Serving};
pub use keys::{Scheme, SigningKey, jwks};
pub use local::client::{Answer, Client, Draft};
pub use local::engines::Service;
pub use local::ports::neighbouring_ports;
pub use local::requests::{FORM, PNG, files, form, notes, projects};
pub use rights::Right;
pub use spans::{Span, sequential};
pub use start::{SPECIMENS, external, options, specimen_options};
pub use storage::Object;
pub use tap::Tap;
pub use tls::Authority;
pub use together::{at_once, side_by_side};
pub use tokens::{claims, in_seconds, signed};
pub use workspace::workspace;
