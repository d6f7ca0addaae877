//! Times at which streams are read.

/// Times at which a stack reads its tables' streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All the time, within a second of a change.
    Poll,
    /// Only when [`crate::stack::Stack::settle_streams`] is called, so that a test sees the state before and after.
    Manual,
}
