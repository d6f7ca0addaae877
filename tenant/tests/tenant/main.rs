//! The command as operators run it, on the emulators of a stack: one organization is exported or erased, and the others
//! keep every byte.

mod common;
mod erasing;
mod exporting;
mod interrupted;
mod versions;
