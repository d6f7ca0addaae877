//! The workspace that a test or a tool is run in. What must stay out: what is in it.

use std::env;
use std::path::{Path, PathBuf};

use local::environment;
use local::template::Template;

/// The folder of the workspace, found when the program runs: a copy of the workspace, compiled code included, reads its
/// own files.
///
/// It is the nearest folder with a `template.yaml`, from the running package upwards, or from the current folder where
/// cargo doesn't run the program; the current folder if there is none.
#[must_use]
pub fn workspace() -> PathBuf {
    let package = environment::variable("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let start = package.or_else(|| env::current_dir().ok()).unwrap_or_default();
    let template = Template::find(&start).ok();
    template.as_deref().and_then(Path::parent).unwrap_or(&start).to_owned()
}
