//! Lines for the operator, on standard error, and what was counted.

use std::fmt;
use std::io::{Write, stderr};
use std::ops::AddAssign;

/// Prints a line. A closed standard error loses it, and stops nothing.
pub(crate) fn say(line: &str) {
    drop(writeln!(stderr(), "{line}"));
}

/// Numbers of what an organization has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) versions: u64,
    pub(crate) markers: u64,
    pub(crate) counters: u64,
}

impl Tally {
    /// Returns `true` if there is nothing.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.versions += other.versions;
        self.markers += other.markers;
        self.counters += other.counters;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, versions, markers, counters } = self;
        write!(
            f,
            "{rows} rows, {versions} versions of objects, {markers} delete markers, {counters} counters"
        )
    }
}
