//! Files of projects.

#[cfg(feature = "files")]
mod clean_up;
mod file;
mod rows;
#[cfg(feature = "files")]
mod store;
#[cfg(feature = "files")]
mod transfers;
#[cfg(feature = "files")]
mod uploads;

pub use file::{FileId, FilePage, ProjectFile, UploadId};
pub use rows::FileRows;
#[cfg(feature = "files")]
pub use store::Files;
#[cfg(feature = "files")]
pub use transfers::{Download, DownloadableFile, Upload};
