//! Deletes what deleted rows leave behind. The stream of the projects table invokes it.

use std::process::ExitCode;

use projects::Files;
use shared::edge::run_changes;

fn main() -> ExitCode {
    run_changes(Files::clean_up)
}
