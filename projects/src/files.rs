//! Files of projects.

mod file;
mod rows;
#[cfg(feature = "files")]
mod store;

pub use file::{FileId, FilePage, ProjectFile};
pub use rows::FileRows;
#[cfg(feature = "files")]
pub use store::Files;
