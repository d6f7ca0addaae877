//! Bounds of lengths and numbers, and the words for a number that is beyond them.

use std::fmt::Arguments;

/// Bounds of a length: characters of a text, elements of an array, entries of a map.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// The least.
    pub min: Option<u64>,
    /// The most.
    pub max: Option<u64>,
    /// The only one. The others don't count beside it.
    pub equal: Option<u64>,
    /// The message in place of ours.
    pub message: Option<&'static str>,
}

/// Bounds of a number.
#[derive(Clone, Copy, Debug)]
pub struct Range<T> {
    /// The least.
    pub min: Option<T>,
    /// The most.
    pub max: Option<T>,
    /// The bound that it must be above.
    pub exclusive_min: Option<T>,
    /// The bound that it must be below.
    pub exclusive_max: Option<T>,
    /// The message in place of ours.
    pub message: Option<&'static str>,
}

/// The words for a number that is less than its bound.
pub(super) fn too_small(bound: Arguments<'_>) -> String {
    format!("Too small: expected number to be {bound}")
}

/// The words for a number that is more than its bound.
pub(super) fn too_big(bound: Arguments<'_>) -> String {
    format!("Too big: expected number to be {bound}")
}
