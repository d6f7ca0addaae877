//! Lines for the person at the terminal. What must stay out: a program's results, which go to standard output.

use std::io::Write;

/// Writes a line to standard error. When nobody reads it any longer, the stack goes on without.
pub fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
