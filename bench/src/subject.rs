//! The executables that are measured: the functions, and what they are compared with. What must stay out: running them.

use anyhow::{Context, Result, ensure};
use local::cargo::Build;
use local::template::Template;
use local::terminal;
use std::path::{Path, PathBuf};
use testing::workspace;

/// The functions whose routes are asked, by their binaries.
pub(crate) const LIST: &str = "list-projects";
pub(crate) const CREATE: &str = "create-project";
pub(crate) const UPLOAD: &str = "upload-file";

/// A small and the largest allowed upload, in bytes.
pub(crate) const SMALL: usize = 1024;
pub(crate) const LARGE: usize = 4 * 1024 * 1024;

/// What is compared with the functions: its name, and where it is once it is built.
const PEERS: [(&str, &str); 2] = [("defaults", "target/peers/defaults"), ("node", "target/peers/node")];

/// What an executable is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A page of 20 projects.
    List,
    /// A new project.
    Create,
    /// A file of so many bytes.
    Upload(usize),
}

/// An executable that is measured.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) name: String,
    /// The function whose environment it gets.
    pub(crate) function: &'static str,
    pub(crate) executable: PathBuf,
    pub(crate) works: Vec<Work>,
}

impl Work {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Create => "create",
            Self::Upload(SMALL) => "upload 1 KiB",
            Self::Upload(_) => "upload 4 MiB",
        }
    }

    /// The status of its success.
    pub(crate) fn status(self) -> u64 {
        if self == Self::List { 200 } else { 201 }
    }
}

impl Subject {
    fn function(function: &'static str, executable: PathBuf, works: &[Work]) -> Self {
        Self { name: function.to_owned(), function, executable, works: works.to_vec() }
    }

    fn peer(name: &str, executable: PathBuf) -> Self {
        Self { name: name.to_owned(), function: LIST, executable, works: vec![Work::List] }
    }

    /// Whether it is machine code, and not a script that starts something else.
    pub(crate) fn is_machine_code(&self) -> bool {
        std::fs::read(&self.executable).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"))
    }
}

/// The functions, and beside them what is there to compare them with, unless `alone`.
///
/// # Errors
/// When a function is not in `binaries`, or can't be built.
pub(crate) async fn subjects(binaries: Option<&Path>, alone: bool) -> Result<Vec<Subject>> {
    let works: [(_, &[Work]); 3] = [
        (LIST, &[Work::List]),
        (CREATE, &[Work::Create]),
        (UPLOAD, &[Work::Upload(SMALL), Work::Upload(LARGE)]),
    ];
    let mut subjects = Vec::new();
    for (function, works) in works {
        let executable = match binaries {
            Some(folder) => find(folder, function)?,
            None => build(function).await?,
        };
        subjects.push(Subject::function(function, executable, works));
    }
    if !alone {
        subjects.splice(0..0, floor().await?);
        subjects.extend(PEERS.iter().filter_map(|(name, folder)| peer(name, folder)));
    }
    Ok(subjects)
}

/// In a flat folder, or in SAM's, which has a folder for each function.
fn find(folder: &Path, function: &str) -> Result<PathBuf> {
    let template = Template::load(&workspace().join("template.yaml"))?;
    let declared = template.function(function).with_context(|| format!("no function {function}"))?;
    let places = [folder.join(function), folder.join(&declared.id).join("bootstrap")];
    let found = places.iter().find(|place| place.is_file());
    let found = found.with_context(|| format!("{function} is not in {}", folder.display()))?;
    std::path::absolute(found).context("there is no current folder")
}

/// As it is built for a deployment.
async fn build(package: &str) -> Result<PathBuf> {
    let build = Build { profile: Some("release".to_owned()), target_dir: None };
    let mut executables = build.run(&workspace(), &[package]).await?;
    executables.remove(package).with_context(|| format!("{package} was not built"))
}

/// The smallest function that there can be. It is always built here, as it is no part of a deployment.
async fn floor() -> Result<Option<Subject>> {
    if !workspace().join("bench/floor").is_dir() {
        terminal::say("SKIPPED: there is no bench/floor");
        return Ok(None);
    }
    Ok(Some(Subject::peer("floor", build("floor").await?)))
}

fn peer(name: &str, folder: &str) -> Option<Subject> {
    let executable = workspace().join(folder).join(LIST);
    if !executable.is_file() {
        terminal::say(&format!("SKIPPED: {name} is not built; bench/peers/build does that"));
        return None;
    }
    Some(Subject::peer(name, executable))
}

/// Fails where Linux's accounts of processes are missing.
///
/// # Errors
/// On another system.
pub(crate) fn require_linux() -> Result<()> {
    ensure!(
        cfg!(target_os = "linux"),
        "the benchmark reads Linux's /proc, and this is {}",
        std::env::consts::OS
    );
    Ok(())
}
