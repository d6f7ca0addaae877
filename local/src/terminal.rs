//! Messages on standard error. Results of a command go to standard output.

use std::io::Write;

/// Writes a line to standard error. A closed stream is ignored.
pub fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
