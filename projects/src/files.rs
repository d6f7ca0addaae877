//! Files of projects.

mod file;
mod store;

pub use file::{FileId, ProjectFile};
pub use store::Files;
