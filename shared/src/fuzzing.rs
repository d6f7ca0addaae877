//! Fuzz targets. Each takes bytes that a caller could send and panics if a guarantee is violated. Most read the bytes as
//! lines, so that seeds can be written by hand. Compiled only for tests and with the feature `fuzzing`; see
//! docs/FUZZING.md.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "these are tests: a panic tells the fuzzer and `cargo test` of a violated guarantee"
)]

mod change;
mod cost;
mod credential;
mod cursor;
mod direct_upload;
mod entity_tags;
mod expected;
mod fixture;
mod invoice;
mod key_set;
mod merge_patch;
mod multipart;
mod names;
mod note;
mod page;
mod request;
mod token;
mod upload;

pub use change::change;
pub use cost::{Input as CostInput, cost};
pub use credential::credential;
pub use cursor::cursor;
pub use direct_upload::direct_upload;
pub use entity_tags::entity_tags;
pub use invoice::invoice;
pub use key_set::key_set;
pub use merge_patch::merge_patch;
pub use multipart::multipart;
pub use names::names;
pub use note::note;
pub use page::page;
pub use request::request;
pub use token::token;
pub use upload::upload;

/// Function that runs one input.
pub type Target = fn(&[u8]);

/// All targets, by name. Each has its seeds in `shared/fuzz/seeds` and its line in `shared/fuzz/fuzz_targets`.
pub const TARGETS: [(&str, Target); 16] = [
    ("change", change),
    ("cost", cost),
    ("credential", credential),
    ("cursor", cursor),
    ("direct_upload", direct_upload),
    ("entity_tags", entity_tags),
    ("invoice", invoice),
    ("key_set", key_set),
    ("merge_patch", merge_patch),
    ("multipart", multipart),
    ("names", names),
    ("note", note),
    ("page", page),
    ("request", request),
    ("token", token),
    ("upload", upload),
];

#[cfg(test)]
mod tests;
