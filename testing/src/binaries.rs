//! Executables of the tests: those that cargo built with the test if they are up to date, or else new ones.

use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow};
use local::cargo::Build;
use local::clock;
use local::template::Template;

use super::workspace::workspace;

/// Returns the folder with the functions' binaries, beside the running test.
///
/// Under `cargo test` cargo has built them already. If one is missing or older than its sources, as after
/// `cargo test -p testing`, this builds them once.
///
/// # Errors
/// The build fails.
pub fn binaries() -> Result<PathBuf> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| functions().map_err(|error| format!("{error:#}")));
    folder.clone().map_err(|error| anyhow!(error))
}

/// Returns the path of the program `local`, as fresh as [`binaries`].
///
/// # Errors
/// The build fails.
pub fn program() -> Result<PathBuf> {
    let local = Target::new("local", &["local/src", "local/Cargo.toml"]);
    Ok(fresh("local", &["--package", "local"], &[local])?.join("local"))
}

/// Returns the path of an example of the platform or of a package that uses it, as fresh as [`binaries`].
///
/// # Errors
/// The build fails.
pub fn example(package: &str, name: &str) -> Result<PathBuf> {
    let executable = format!("examples/{name}");
    let example = Target::on_platform(&executable, &format!("{package}/examples"));
    s3()?;
    Ok(fresh(name, &["--package", package, "--example", name], &[example])?.join(executable))
}

fn functions() -> Result<PathBuf> {
    let template = Template::load(&workspace().join("template.yaml"))?;
    let names: Vec<_> = template.functions.iter().map(|function| function.binary.as_str()).collect();
    let selection: Vec<_> = names.iter().flat_map(|name| ["--package", name]).collect();
    let targets: Vec<_> =
        names.iter().map(|name| Target::on_platform(name, &format!("functions/{name}"))).collect();
    let folder = fresh("functions", &selection, &targets)?;
    s3()?;
    Ok(folder)
}

/// Builds the stack's S3, which a stack with built functions expects beside the running program.
fn s3() -> Result<()> {
    let program = Target::new("local-s3", &["local/src", "local/s3", "local/Cargo.toml"]);
    fresh("local-s3", &["--package", "local-s3"], &[program]).map(drop)
}

/// An executable and its sources.
struct Target {
    /// Path below the folder of the profile.
    executable: String,
    sources: Vec<PathBuf>,
}

impl Target {
    fn new(executable: &str, sources: &[&str]) -> Self {
        let sources = sources.iter().chain(&["Cargo.toml", "Cargo.lock"]);
        let sources = sources.map(|source| workspace().join(source)).collect();
        Self { executable: executable.to_owned(), sources }
    }

    fn on_platform(executable: &str, sources: &str) -> Self {
        let mut target =
            Self::new(executable, &[sources, "shared/derive", "shared/src", "shared/Cargo.toml"]);
        target.sources.extend(application());
        target
    }

    /// Returns `true` if the executable, or the stamp of the last build, is newer than its sources. The stamp counts
    /// because cargo leaves an executable's time alone if a newer source doesn't change it.
    fn is_fresh(&self, folder: &Path, stamp: &Path) -> bool {
        let Some(built) = modified(&folder.join(&self.executable)) else { return false };
        let built = modified(stamp).map_or(built, |checked| built.max(checked));
        self.sources.iter().filter_map(|source| newest(source)).all(|source| source <= built)
    }
}

/// Folders of the application's crates: all but those that every application has.
fn application() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(workspace()).into_iter().flatten().filter_map(Result::ok);
    let crates = entries.map(|entry| entry.path()).filter(|folder| folder.join("Cargo.toml").is_file());
    crates.filter(|folder| {
        !["bench", "local", "shared", "tenant", "testing"].iter().any(|name| folder.ends_with(name))
    })
}

/// Builds these targets unless they are fresh. Returns the folder of the running test's profile.
fn fresh(name: &str, selection: &[&str], targets: &[Target]) -> Result<PathBuf> {
    let (build, folder) = Build::of_this_program()?;
    let stamp = folder.join(format!(".{name}-built"));
    if !targets.iter().all(|target| target.is_fresh(&folder, &stamp)) {
        let began = SystemTime::from(clock::now());
        build.run_blocking(&workspace(), selection)?;
        let dated = File::create(&stamp).and_then(|stamp| stamp.set_modified(began));
        dated.context("can't note when the last build was")?;
    }
    Ok(folder)
}

/// Returns the modification time of the newest file in or below `path`.
fn newest(path: &Path) -> Option<SystemTime> {
    let Ok(entries) = fs::read_dir(path) else {
        return modified(path);
    };
    entries.filter_map(|entry| newest(&entry.ok()?.path())).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok().as_ref().map(Metadata::modified)?.ok()
}
