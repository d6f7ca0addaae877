//! The workspace that a test or a tool runs in.

use std::env;
use std::path::{Path, PathBuf};

use local::environment;
use local::template::Template;

/// Returns the folder of the workspace, found at run time. So a copy of the workspace, compiled code included, reads its
/// own files.
///
/// It is the nearest folder with a `template.yaml`, from the running package upwards, or from the current folder if
/// cargo doesn't run the program. Without one, it is the current folder.
#[must_use]
pub fn workspace() -> PathBuf {
    let package = environment::variable("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let start = package.or_else(|| env::current_dir().ok()).unwrap_or_default();
    let template = Template::find(&start).ok();
    template.as_deref().and_then(Path::parent).unwrap_or(&start).to_owned()
}
