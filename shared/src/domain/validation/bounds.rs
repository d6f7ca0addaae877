//! Bounds of lengths and numbers, and messages for a number out of range.

use std::fmt::Arguments;

/// Bounds of a length: characters of a text, elements of an array, entries of a map.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// Minimum, inclusive.
    pub min: Option<u64>,
    /// Maximum, inclusive.
    pub max: Option<u64>,
    /// Exact length. It overrides the others.
    pub equal: Option<u64>,
    /// Message in place of the default.
    pub message: Option<&'static str>,
}

/// Bounds of a number.
#[derive(Clone, Copy, Debug)]
pub struct Range<T> {
    /// Minimum, inclusive.
    pub min: Option<T>,
    /// Maximum, inclusive.
    pub max: Option<T>,
    /// Minimum, exclusive.
    pub exclusive_min: Option<T>,
    /// Maximum, exclusive.
    pub exclusive_max: Option<T>,
    /// Message in place of the default.
    pub message: Option<&'static str>,
}

pub(super) fn too_small(bound: Arguments<'_>) -> String {
    format!("Too small: expected number to be {bound}")
}

pub(super) fn too_big(bound: Arguments<'_>) -> String {
    format!("Too big: expected number to be {bound}")
}
