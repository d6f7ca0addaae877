//! Projects of organizations.

mod project;
mod store;

pub use project::{NewProject, Project, ProjectChange, ProjectId, ProjectPage};
pub use store::Projects;
pub(crate) use store::project_key;
