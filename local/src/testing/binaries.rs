//! The functions' binaries for a test: those that cargo built along with it, when they are up to date.
//! What must stay out: running them.

use super::workspace;
use crate::cargo::Build;
use crate::template::Template;
use anyhow::{Context, Result, anyhow};
use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;
use tokio::runtime::Runtime;

/// The folder with the functions' binaries, beside the running test.
///
/// Under `cargo test --workspace` cargo has built them already. When one is missing or older than its sources, as after
/// `cargo test -p local`, they are built here, once.
///
/// # Errors
/// When they can't be built.
pub fn binaries() -> Result<PathBuf> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| fresh().map_err(|error| format!("{error:#}")));
    folder.clone().map_err(|error| anyhow!(error))
}

fn fresh() -> Result<PathBuf> {
    let folder = profile_folder()?;
    let template = Template::load(&workspace().join("template.yaml"))?;
    let binaries: Vec<_> = template.functions.iter().map(|function| function.binary.as_str()).collect();
    if binaries.iter().all(|binary| is_fresh(&folder, binary)) {
        return Ok(folder);
    }
    // Other test processes may find the same at the same time: one builds, the others then find it done.
    let lock = File::create(stamp(&folder)).context("can't create the stamp of the last build")?;
    lock.lock().context("can't lock the stamp of the last build")?;
    build(&folder, &binaries)?;
    lock.set_modified(SystemTime::from(crate::clock::now()))
        .context("can't date the stamp of the last build")?;
    Ok(folder)
}

/// `target/<profile>`, from the test's own place in `target/<profile>/deps`.
fn profile_folder() -> Result<PathBuf> {
    let test = std::env::current_exe().context("this test has no path")?;
    let folder = test.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
    folder.map(Path::to_owned).with_context(|| format!("{} is not in a target folder", test.display()))
}

fn build(folder: &Path, binaries: &[&str]) -> Result<()> {
    let name = folder.file_name().and_then(|name| name.to_str());
    let profile = name.map(|name| if name == "debug" { "dev" } else { name });
    let build =
        Build { profile: profile.map(str::to_owned), target_dir: folder.parent().map(Path::to_owned) };
    // The test waits for this on a runtime of its own, which may have no thread to spare.
    std::thread::scope(|scope| {
        let build = scope.spawn(|| Runtime::new()?.block_on(build.run(&workspace(), binaries)));
        build.join().map_err(|_| anyhow!("the build broke off"))?.map(drop)
    })
}

/// Cargo does not touch a binary that a newer source leaves unchanged, so the last build counts as well.
fn is_fresh(folder: &Path, binary: &str) -> bool {
    let Some(built) = modified(&folder.join(binary)) else {
        return false;
    };
    let built = modified(&stamp(folder)).map_or(built, |checked| built.max(checked));
    let root = workspace();
    let function = format!("functions/{binary}");
    let sources = [&function, "shared/derive", "shared/src", "shared/Cargo.toml", "Cargo.toml", "Cargo.lock"];
    let sources = sources.map(|source| root.join(source));
    sources.iter().filter_map(|source| newest(source)).all(|source| source <= built)
}

fn stamp(folder: &Path) -> PathBuf {
    folder.join(".functions-built")
}

/// When the newest file in or below `path` was written.
fn newest(path: &Path) -> Option<SystemTime> {
    let Ok(entries) = fs::read_dir(path) else {
        return modified(path);
    };
    entries.filter_map(|entry| newest(&entry.ok()?.path())).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok().as_ref().map(Metadata::modified)?.ok()
}
