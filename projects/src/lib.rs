//! The application: projects and their files, one folder a resource. It uses the platform's public API and nothing else.

#[cfg(feature = "files")]
mod files;
mod projects;

#[cfg(feature = "files")]
pub use files::{FileId, Files, ProjectFile};
pub use projects::{NewProject, Project, ProjectId, ProjectPage, Projects};
