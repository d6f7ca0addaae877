//! Measured executables: the functions and the baselines.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use local::cargo::{Build, Executables};
use local::template::{Function, Template};
use local::terminal;
use testing::workspace;

/// Binaries of the functions that are measured in detail.
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
    /// The example of the function, or a change that its stream delivers. Each time it is a new one.
    Example,
}

/// Executable that is measured.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) name: String,
    /// Function whose variables it gets.
    pub(crate) function: String,
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
            Self::Example => "example",
        }
    }
}

impl Target {
    fn function(function: &str, executable: PathBuf) -> Self {
        let workloads = match function {
            LIST => vec![Workload::List],
            CREATE => vec![Workload::Create],
            UPLOAD => vec![Workload::Upload(SMALL), Workload::Upload(LARGE)],
            _ => vec![Workload::Example],
        };
        Self { name: function.to_owned(), function: function.to_owned(), executable, workloads }
    }

    fn baseline(name: &str, executable: PathBuf) -> Self {
        Self { name: name.to_owned(), function: LIST.to_owned(), executable, workloads: vec![Workload::List] }
    }

    /// Returns `true` if only the function's example is measured.
    pub(crate) fn has_only_example(&self) -> bool {
        self.workloads == [Workload::Example]
    }

    /// Returns `true` if the executable is machine code. Otherwise it is a script.
    pub(crate) fn is_machine_code(&self) -> bool {
        std::fs::read(&self.executable).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"))
    }
}

/// Returns the template's functions and, unless `alone`, the noop, the reference and the baselines that are built.
///
/// # Errors
/// A function is not in `binaries`, or can't be built.
pub(crate) async fn targets(binaries: Option<&Path>, alone: bool) -> Result<Vec<Target>> {
    let functions = Template::load(&workspace().join("template.yaml"))?.functions;
    let names: Vec<_> = functions.iter().map(|function| &*function.binary).collect();
    let mut executables = match binaries {
        Some(folder) => functions.iter().map(|function| find(folder, function)).collect::<Result<_>>()?,
        None => build(&names).await?,
    };
    let mut targets = Vec::new();
    for name in names {
        let executable = executables.remove(name).with_context(|| format!("{name} was not built"))?;
        targets.push(Target::function(name, executable));
    }
    if !alone {
        targets.splice(0..0, own_baseline("noop").await?);
        targets.extend(own_baseline("reference").await?);
        targets.extend(BASELINES.iter().filter_map(|(name, folder)| baseline(name, folder)));
    }
    Ok(targets)
}

/// Finds a function's binary in a flat folder, or in SAM's, which has a folder for each function.
fn find(folder: &Path, function: &Function) -> Result<(String, PathBuf)> {
    let places = [folder.join(&function.binary), folder.join(&function.id).join("bootstrap")];
    let found = places.iter().find(|place| place.is_file());
    let found = found.with_context(|| format!("{} is not in {}", function.binary, folder.display()))?;
    Ok((function.binary.clone(), std::path::absolute(found).context("there is no current folder")?))
}

/// Builds packages as for a deployment.
async fn build(packages: &[&str]) -> Result<Executables> {
    let build = Build { profile: Some("release".to_owned()), target_dir: None };
    build.run(&workspace(), packages).await
}

/// Builds a baseline of this workspace, apart from others, so that it has its own features only. It is never in
/// `--binaries`, because no deployment contains it.
async fn own_baseline(name: &str) -> Result<Option<Target>> {
    if !workspace().join("bench").join(name).is_dir() {
        terminal::say(&format!("SKIPPED: there is no bench/{name}"));
        return Ok(None);
    }
    Ok(build(&[name]).await?.remove(name).map(|executable| Target::baseline(name, executable)))
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
