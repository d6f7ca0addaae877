//! The application: projects and their files, with a folder for each resource. It uses only the public API of `shared`.

mod files;
mod projects;

#[cfg(feature = "files")]
pub use files::{Download, DownloadableFile, Files, Upload};
pub use files::{FileId, FilePage, FileRows, ProjectFile, UploadId};
pub use projects::{NewProject, Project, ProjectChange, ProjectId, ProjectPage, Projects};
