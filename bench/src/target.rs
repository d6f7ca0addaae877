//! Measured executables: the functions and the baselines.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use local::cargo::Build;
use local::template::Template;
use local::terminal;
use testing::workspace;

/// Binaries of the measured functions.
pub(crate) const LIST: &str = "list-projects";
pub(crate) const CREATE: &str = "create-project";
pub(crate) const UPLOAD: &str = "upload-file";

/// Sizes of a small and of the largest allowed upload, in bytes.
pub(crate) const SMALL: usize = 1024;
pub(crate) const LARGE: usize = 4 * 1024 * 1024;

/// Baselines: name and folder.
const BASELINES: [(&str, &str); 2] =
    [("defaults", "target/baselines/defaults"), ("node", "target/baselines/node")];

/// Kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    /// A page of 20 projects.
    List,
    /// A new project.
    Create,
    /// A file of this number of bytes.
    Upload(usize),
}

/// Executable that is measured.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) name: String,
    /// Function whose variables it gets.
    pub(crate) function: &'static str,
    pub(crate) executable: PathBuf,
    pub(crate) workloads: Vec<Workload>,
}

impl Workload {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Create => "create",
            Self::Upload(SMALL) => "upload 1 KiB",
            Self::Upload(_) => "upload 4 MiB",
        }
    }

    /// Returns the status of a success.
    pub(crate) fn status(self) -> u64 {
        if self == Self::List { 200 } else { 201 }
    }
}

impl Target {
    fn function(function: &'static str, executable: PathBuf, workloads: &[Workload]) -> Self {
        Self { name: function.to_owned(), function, executable, workloads: workloads.to_vec() }
    }

    fn baseline(name: &str, executable: PathBuf) -> Self {
        Self { name: name.to_owned(), function: LIST, executable, workloads: vec![Workload::List] }
    }

    /// Returns `true` if the executable is machine code. Otherwise it is a script.
    pub(crate) fn is_machine_code(&self) -> bool {
        std::fs::read(&self.executable).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"))
    }
}

/// Returns the functions and, unless `alone`, the noop and the baselines that are built.
///
/// # Errors
/// A function is not in `binaries`, or can't be built.
pub(crate) async fn targets(binaries: Option<&Path>, alone: bool) -> Result<Vec<Target>> {
    let workloads: [(_, &[Workload]); 3] = [
        (LIST, &[Workload::List]),
        (CREATE, &[Workload::Create]),
        (UPLOAD, &[Workload::Upload(SMALL), Workload::Upload(LARGE)]),
    ];
    let mut targets = Vec::new();
    for (function, workloads) in workloads {
        let executable = match binaries {
            Some(folder) => find(folder, function)?,
            None => build(function).await?,
        };
        targets.push(Target::function(function, executable, workloads));
    }
    if !alone {
        targets.splice(0..0, noop().await?);
        targets.extend(BASELINES.iter().filter_map(|(name, folder)| baseline(name, folder)));
    }
    Ok(targets)
}

/// Finds a function's binary in a flat folder, or in SAM's, which has a folder for each function.
fn find(folder: &Path, function: &str) -> Result<PathBuf> {
    let template = Template::load(&workspace().join("template.yaml"))?;
    let declared = template.function(function).with_context(|| format!("no function {function}"))?;
    let places = [folder.join(function), folder.join(&declared.id).join("bootstrap")];
    let found = places.iter().find(|place| place.is_file());
    let found = found.with_context(|| format!("{function} is not in {}", folder.display()))?;
    std::path::absolute(found).context("there is no current folder")
}

/// Builds a package as for a deployment.
async fn build(package: &str) -> Result<PathBuf> {
    let build = Build { profile: Some("release".to_owned()), target_dir: None };
    let mut executables = build.run(&workspace(), &[package]).await?;
    executables.remove(package).with_context(|| format!("{package} was not built"))
}

/// Builds the smallest function. It is never in `--binaries`, because no deployment contains it.
async fn noop() -> Result<Option<Target>> {
    if !workspace().join("bench/noop").is_dir() {
        terminal::say("SKIPPED: there is no bench/noop");
        return Ok(None);
    }
    Ok(Some(Target::baseline("noop", build("noop").await?)))
}

fn baseline(name: &str, folder: &str) -> Option<Target> {
    let executable = workspace().join(folder).join(LIST);
    if !executable.is_file() {
        terminal::say(&format!("SKIPPED: {name} is not built; bench/baselines/build does that"));
        return None;
    }
    Some(Target::baseline(name, executable))
}

/// Checks that this is Linux, whose accounting of processes the benchmark reads.
///
/// # Errors
/// This is another system.
pub(crate) fn require_linux() -> Result<()> {
    ensure!(
        cfg!(target_os = "linux"),
        "the benchmark reads Linux's /proc, and this is {}",
        std::env::consts::OS
    );
    Ok(())
}
