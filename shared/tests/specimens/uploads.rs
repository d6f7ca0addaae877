//! Uploads: validation, stored objects, faults and orphans.

mod corpus;
mod crash_recovery;
mod faults;
mod happy_path;
mod idempotency;
mod validation;

use testing::notes;

/// Path of the files of a note.
pub(crate) fn files(organization: &str, note: &str) -> String {
    format!("{}/{note}/files", notes(organization))
}
