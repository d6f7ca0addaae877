//! First build in stages, so that the first request is served before all functions are built: first one function, then
//! those with the same features of their dependencies, then the others with S3.
//!
//! Functions with other features need other builds of common crates, and those that use a bucket need S3's SDK.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use futures_util::FutureExt;
use tokio::sync::{oneshot, watch};
use toml_edit::{DocumentMut, Item};

use super::assembly::{Pools, S3_PROGRAM, prewarm};
use crate::cargo::{Build, Executables};
use crate::emulators::{Emulators, Program};
use crate::lambda::{Logs, Pool};
use crate::tasks::Task;
use crate::template::Template;
use crate::terminal;

/// Stages that are not built yet.
#[derive(Debug)]
pub(super) struct Stages {
    build: Build,
    folder: PathBuf,
    /// Binary that is built.
    first: String,
    /// Binaries of the functions, stage by stage.
    waiting: Vec<Vec<String>>,
    s3: Option<oneshot::Sender<PathBuf>>,
    /// `true` if functions are missing, so that building them takes long.
    is_first: bool,
}

impl Stages {
    /// Builds the first stage. Returns the others, and the paths of all executables.
    pub(super) async fn first(build: Build, template: &Template) -> Result<(Self, Executables)> {
        let names = template.functions.iter().map(|function| &function.binary);
        let waiting = by_features(&template.folder, names.clone());
        let first = waiting.iter().flatten().next().context("the template has no function")?.clone();
        let (folder, profile) = (template.folder.clone(), Build::of_this_program()?.1);
        let is_first = !names.clone().all(|name| profile.join(name).is_file());
        if is_first {
            terminal::say(&format!(
                "building {} functions, which takes some minutes the first time. The stack starts as soon as {first} is built",
                names.len()
            ));
        }
        let artifacts = run(&build, &folder, std::slice::from_ref(&first)).await?;
        let own = artifacts.values().next().and_then(|path| path.parent()).context("cargo built nothing")?;
        let executables = names.map(|name| (name.clone(), own.join(name))).collect();
        Ok((Self { build, folder, first, waiting, s3: None, is_first }, executables))
    }

    /// Lets the requests of functions that are not built wait.
    pub(super) fn hold(&self, pools: &Pools) {
        let first = self.first.as_str();
        pools.values().filter(|pool| pool.binary() != first).for_each(|pool| pool.set_built(false));
    }

    /// Returns the program of S3, which the last stage builds.
    pub(super) fn s3_program(&mut self) -> Program {
        let (sender, path) = oneshot::channel();
        self.s3 = Some(sender);
        path.map(|path| path.map_err(|_| Arc::new(anyhow!("{S3_PROGRAM} was not built")))).boxed().shared()
    }

    /// Builds the other stages, and starts an environment of each function.
    ///
    /// # Errors
    /// When a function can't be built or does not start, or S3 does not.
    pub(super) async fn rest(mut self, pools: Pools, emulators: Arc<Emulators>, logs: Logs) -> Result<()> {
        if let (Some(last), true) = (self.waiting.last_mut(), emulators.has_own_s3()) {
            last.push(S3_PROGRAM.to_owned());
        }
        for stage in std::mem::take(&mut self.waiting) {
            let executables = run(&self.build, &self.folder, &stage).await?;
            if let Some((sender, path)) =
                self.s3.take_if(|_| executables.contains_key(S3_PROGRAM)).zip(executables.get(S3_PROGRAM))
            {
                // Nobody waits for it if the stack is stopping.
                drop(sender.send(path.clone()));
            }
            let is_new = |pool: &Pool| !pool.is_built() && stage.iter().any(|name| name == pool.binary());
            let of_stage = pools.iter().filter(|(_, pool)| is_new(pool));
            let of_stage: Pools = of_stage.map(|(id, pool)| (id.clone(), Arc::clone(pool))).collect();
            for pool in of_stage.values() {
                pool.set_built(true);
            }
            prewarm(&of_stage, &logs).await?;
        }
        emulators.s3_ready().await?;
        if self.is_first {
            terminal::say("all functions are built");
        }
        Ok(())
    }
}

async fn run(build: &Build, folder: &Path, stage: &[String]) -> Result<Executables> {
    let names: Vec<_> = stage.iter().map(String::as_str).collect();
    build.run(folder, &names).await
}

/// Groups functions by the features that they ask of their dependencies. Those without any come first.
fn by_features<'n>(folder: &Path, names: impl Iterator<Item = &'n String>) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<BTreeSet<String>, Vec<String>> = BTreeMap::new();
    for name in names {
        groups.entry(features(folder, name).unwrap_or_default()).or_default().push(name.clone());
    }
    groups.into_values().collect()
}

fn features(folder: &Path, name: &str) -> Option<BTreeSet<String>> {
    let manifest = std::fs::read_to_string(folder.join("functions").join(name).join("Cargo.toml")).ok()?;
    let manifest: DocumentMut = manifest.parse().ok()?;
    let mut features = BTreeSet::new();
    for (dependency, item) in manifest.get("dependencies").and_then(Item::as_table_like)?.iter() {
        let named = item.get("features").and_then(Item::as_array);
        let named = named.into_iter().flatten().filter_map(toml_edit::Value::as_str);
        features.extend(named.map(|feature| format!("{dependency}/{feature}")));
    }
    Some(features)
}

/// Outcome of the stages after the first, which run in the background until this is dropped.
#[derive(Debug)]
pub(super) struct Completion {
    outcome: watch::Receiver<Option<Result<(), Arc<anyhow::Error>>>>,
    _task: Task,
}

impl Completion {
    /// Runs the stages; `None` if all is built.
    pub(super) fn new(rest: Option<impl Future<Output = Result<()>> + Send + 'static>) -> Self {
        let (sender, outcome) = watch::channel(None);
        let task = Task::spawn(async move {
            let outcome = match rest {
                Some(rest) => rest.await,
                None => Ok(()),
            };
            sender.send_replace(Some(outcome.map_err(Arc::new)));
        });
        Self { outcome, _task: task }
    }

    pub(super) async fn wait(&self) -> Result<()> {
        let mut outcome = self.outcome.clone();
        let outcome = outcome.wait_for(Option::is_some).await.context("the stack is stopping")?;
        match outcome.as_ref() {
            Some(Err(error)) => Err(anyhow!("{error:#}")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Result;

    use super::by_features;

    #[test]
    fn functions_with_features_are_built_last() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let plain = "[dependencies]\nprojects.workspace = true\n";
        let with_bucket = "[dependencies]\nprojects = { workspace = true, features = [\"files\"] }\n";
        let functions = [("upload", with_bucket), ("list", plain), ("get", plain), ("clean", with_bucket)];
        for (name, manifest) in functions {
            std::fs::create_dir_all(folder.path().join("functions").join(name))?;
            std::fs::write(folder.path().join("functions").join(name).join("Cargo.toml"), manifest)?;
        }
        let names: Vec<_> = functions.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(by_features(folder.path(), names.iter()), [["list", "get"], ["upload", "clean"]]);
        Ok(())
    }
}
