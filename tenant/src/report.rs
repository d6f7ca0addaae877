//! Lines for the operator, on standard error, and what was counted.

use std::fmt;
use std::io::{Write, stderr};
use std::ops::AddAssign;

use crate::rows::Kind;

/// Prints a line. A closed standard error loses it, and stops nothing.
pub(crate) fn say(line: &str) {
    drop(writeln!(stderr(), "{line}"));
}

/// Returns a length as a number to add up.
pub(crate) fn number(length: usize) -> u64 {
    length.try_into().unwrap_or(u64::MAX)
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
    /// Returns the tally of items of a kind.
    pub(crate) fn of(kind: Kind, count: u64) -> Self {
        match kind {
            Kind::Row => Self { rows: count, ..Self::default() },
            Kind::Counter => Self { counters: count, ..Self::default() },
        }
    }

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
