//! Uploads: what is taken, what is stored of it, and what is left behind where something fails.

mod corpus;
mod crash_recovery;
mod faults;
mod happy_path;
mod idempotency;
mod validation;

use testing::notes;

/// The path of the files of a note.
fn files(organization: &str, note: &str) -> String {
    format!("{}/{note}/files", notes(organization))
}
