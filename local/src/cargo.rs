//! Builds the functions with the developer's own cargo.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::{environment, terminal};

/// Paths of executables by binary.
pub type Executables = BTreeMap<String, PathBuf>;

/// Profile and target folder of a build.
#[derive(Debug, Clone, Default)]
pub struct Build {
    /// Cargo's profile; `None` for its default.
    pub profile: Option<String>,
    /// Cargo's target folder; `None` for its default.
    pub target_dir: Option<PathBuf>,
}

/// Cargo's `compiler-artifact` message.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Process of cargo in a group of its own. Its compilers are killed with it when this is dropped.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // A process that has ended has no id.
        if let Some(id) = self.0.id().filter(|_| cfg!(unix)) {
            let mut kill = std::process::Command::new("kill");
            drop(kill.args(["-KILL", "--", &format!("-{id}")]).stderr(Stdio::null()).status());
        }
    }
}

impl Build {
    /// Returns the build of this program and the folder of its profile, `target/<profile>`.
    ///
    /// # Errors
    /// When the program is not in a target folder.
    pub fn of_this_program() -> Result<(Self, PathBuf)> {
        let program = std::env::current_exe().context("this program has no path")?;
        // Tests are one folder further down.
        let folder = program.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
        let parts = folder.and_then(|folder| Some((folder, folder.file_name()?.to_str()?, folder.parent()?)));
        let (folder, name, target) =
            parts.with_context(|| format!("{} is not in a target folder", program.display()))?;
        let profile = if name == "debug" { "dev" } else { name };
        Ok((
            Self { profile: Some(profile.to_owned()), target_dir: Some(target.to_owned()) },
            folder.to_owned(),
        ))
    }

    /// Builds these binaries, each in the package of its name, in the workspace of `folder`.
    /// Progress and errors go to standard error.
    ///
    /// # Errors
    /// When cargo can't be run, or the functions don't compile.
    pub async fn run(&self, folder: &Path, binaries: &[&str]) -> Result<Executables> {
        if binaries.is_empty() {
            return Ok(Executables::new());
        }
        let selection: Vec<_> = binaries.iter().flat_map(|binary| ["--package", binary]).collect();
        let mut command = self.command(folder, &selection);
        command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("can't run cargo")?;
        let messages = child.stdout.take().context("cargo has no output")?;
        let executables = executables(messages).await?;
        if !child.wait().await.context("can't wait for cargo")?.success() {
            bail!("the functions don't compile; see cargo's messages above");
        }
        if let Some(missing) = binaries.iter().find(|binary| !executables.contains_key(**binary)) {
            bail!("the package {missing} has no binary of that name");
        }
        Ok(executables)
    }

    /// Builds a binary of [`Build::run`] again, and prints the reason before cargo's messages, if there are any.
    ///
    /// # Errors
    /// Cargo's messages without colors, if it can't be run or the binary doesn't compile.
    pub(crate) async fn run_again(&self, folder: &Path, binary: &str, reason: &str) -> Result<()> {
        let mut command = self.command(folder, &["--package", binary, "--bin", binary]);
        command.args(["--color", if terminal::is_colored() { "always" } else { "never" }]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut cargo = Group(command.spawn().context("can't run cargo")?);
        let mut lines = BufReader::new(cargo.0.stderr.take().context("cargo has no output")?).lines();
        let mut messages = String::new();
        while let Some(line) = lines.next_line().await.context("can't read cargo's messages")? {
            let plain = terminal::without_codes(&line);
            if messages.is_empty() {
                // A function that is current has no other message.
                if plain.trim_start().starts_with("Finished") {
                    continue;
                }
                terminal::say(reason);
            }
            terminal::say(&line);
            messages.push_str(&plain);
            messages.push('\n');
        }
        let status = cargo.0.wait().await.context("can't wait for cargo")?;
        ensure!(status.success(), "{}", messages.trim_end());
        Ok(())
    }

    /// Builds the packages that these arguments of `cargo build` select, and blocks the thread. Tests use it, because
    /// their runtimes may have a single thread.
    ///
    /// # Errors
    /// When cargo can't be run, or the packages don't compile.
    pub fn run_blocking(&self, folder: &Path, selection: &[&str]) -> Result<()> {
        let mut command = self.command(folder, selection).into_std();
        let built = command.stdout(Stdio::null()).status().context("can't run cargo")?;
        ensure!(built.success(), "{selection:?} can't be built; see cargo's messages above");
        Ok(())
    }

    fn command(&self, folder: &Path, selection: &[&str]) -> Command {
        let mut command = Command::new(environment::variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
        command.arg("build").args(selection).current_dir(folder);
        if self.profile.as_deref().is_none_or(|profile| profile == "dev") {
            // Selected together with this package, the functions get its features of their common dependencies, which
            // are compiled already.
            command.args(["--package", env!("CARGO_PKG_NAME")]);
        }
        if let Some(profile) = &self.profile {
            command.args(["--profile", profile]);
        }
        if let Some(target) = &self.target_dir {
            command.arg("--target-dir").arg(target);
        }
        command
    }
}

async fn executables(messages: ChildStdout) -> Result<Executables> {
    let mut executables = Executables::new();
    let mut lines = BufReader::new(messages).lines();
    while let Some(line) = lines.next_line().await.context("can't read cargo's messages")? {
        // Build scripts may print lines of their own.
        let Ok(message) = serde_json::from_str::<Message>(&line) else {
            continue;
        };
        if let (Some(executable), Some(target), "compiler-artifact") =
            (message.executable, message.target, message.reason.as_str())
        {
            executables.insert(target.name, executable);
        }
    }
    Ok(executables)
}
