//! The application: projects and their files, with a folder for each resource. It uses only the public API of `shared`.

#[cfg(feature = "files")]
mod files;
mod projects;

#[cfg(feature = "files")]
pub use files::{FileId, Files, ProjectFile};
pub use projects::{NewProject, Project, ProjectChange, ProjectId, ProjectPage, Projects};
