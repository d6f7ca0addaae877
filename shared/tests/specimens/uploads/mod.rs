//! Uploads: what is taken, what is stored of it, and what is left behind where something fails.

mod corpus;
mod faults;
mod kills;
mod refusing;
mod repeating;
mod storing;

use testing::notes;

/// The path of the files of a note.
fn files(organization: &str, note: &str) -> String {
    format!("{}/{note}/files", notes(organization))
}
