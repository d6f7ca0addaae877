//! Projects of organizations.

mod project;
mod store;

pub use project::{NewProject, Project, ProjectChange, ProjectId, ProjectPage};
#[cfg(feature = "files")]
pub(crate) use store::PROJECT;
pub use store::Projects;
pub(crate) use store::project_key;
