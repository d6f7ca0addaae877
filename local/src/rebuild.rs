//! Rebuild of a function whose sources have changed, before its next request.
//!
//! Requests look for changes themselves, so the first one after a save already gets the new code, and an idle stack does
//! nothing. Only the requested function is built, because linking all of them takes many times as long.

mod sources;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use self::sources::{Times, modified, times};
use crate::cargo::Build;
use crate::clock::{self, Stopwatch};
use crate::terminal;

/// Workspace of the functions. One build runs at a time.
#[derive(Debug)]
pub(crate) struct Workspace {
    template: PathBuf,
    /// Modification of the template that the developer knows to need a restart.
    template_seen: Mutex<SystemTime>,
    /// Start of the build that all functions come from.
    built: SystemTime,
    cargo: tokio::sync::Mutex<Build>,
}

/// Sources of one function.
#[derive(Debug)]
pub(crate) struct Sources {
    workspace: Arc<Workspace>,
    binary: String,
    executable: PathBuf,
    last: tokio::sync::Mutex<Attempt>,
}

/// Last build of a function.
#[derive(Debug)]
struct Attempt {
    started: SystemTime,
    /// Times of the sources before the build.
    times: Times,
    /// Cargo's messages, if the function does not compile.
    failure: Option<String>,
}

/// Result of a look at the sources.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// The processes run the newest code.
    Current,
    /// The executable is new, after this time.
    Rebuilt(Duration),
    /// The sources do not compile. The text has cargo's messages.
    Broken(String),
}

impl Workspace {
    /// Watches the workspace around `template`, whose functions were built by a build that started at `built`.
    pub(crate) fn new(template: &Path, cargo: Build, built: SystemTime) -> Self {
        let template_seen = Mutex::new(modified(template).unwrap_or(built));
        let template = std::path::absolute(template).unwrap_or_else(|_| template.to_owned());
        Self { template, template_seen, built, cargo: cargo.into() }
    }

    /// Tells about a change of the template, once for each.
    fn check_template(&self) {
        let Some(modified) = modified(&self.template) else { return };
        let mut seen = self.template_seen.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *seen, modified) != modified {
            let name = self.template.file_name().unwrap_or_default().to_string_lossy();
            terminal::say(&format!("{name} has changed: restart the stack to apply it"));
        }
    }

    fn folder(&self) -> &Path {
        self.template.parent().unwrap_or(Path::new(""))
    }
}

impl Sources {
    /// Watches the sources of a function with this binary.
    pub(crate) fn new(workspace: &Arc<Workspace>, binary: &str, executable: &Path) -> Self {
        let last = Attempt { started: workspace.built, times: Times::new(), failure: None };
        Self {
            workspace: Arc::clone(workspace),
            binary: binary.to_owned(),
            executable: executable.to_owned(),
            last: last.into(),
        }
    }

    /// Builds the function if a source has changed since its last build, or if that failed for another reason.
    pub(crate) async fn refresh(&self) -> Freshness {
        let mut last = self.last.lock().await;
        self.workspace.check_template();
        let times = self.times().await;
        let Some(reason) = self.reason(&last, &times) else {
            return last.failure.clone().map_or(Freshness::Current, Freshness::Broken);
        };
        let watch = Stopwatch::start();
        let cargo = self.workspace.cargo.lock().await;
        let (started, before) = (clock::now().into(), modified(&self.executable));
        let built = cargo.run_again(self.workspace.folder(), &self.binary, &reason).await;
        let failure = built.err().map(|error| format!("{} doesn't compile:\n\n{error:#}\n", self.binary));
        *last = Attempt { started, times, failure: failure.clone() };
        match failure {
            Some(failure) => Freshness::Broken(failure),
            None if modified(&self.executable) == before => Freshness::Current,
            None => Freshness::Rebuilt(watch.elapsed()),
        }
    }

    async fn times(&self) -> Times {
        let (folder, executable) = (self.workspace.folder().to_owned(), self.executable.clone());
        tokio::task::spawn_blocking(move || times(&folder, &executable)).await.unwrap_or_default()
    }

    /// Returns the reason for a build, if there is one.
    fn reason(&self, last: &Attempt, times: &Times) -> Option<String> {
        if let Some((path, _)) = times.iter().find(|(path, time)| last.precedes(path, **time)) {
            let path = path.strip_prefix(self.workspace.folder()).unwrap_or(path).display();
            return Some(format!("{path} has changed: building {}", self.binary));
        }
        let is_passing = last.failure.as_deref().is_some_and(|messages| !names_source(messages));
        is_passing.then(|| format!("building {} again", self.binary))
    }
}

impl Attempt {
    /// Returns `true` if a source has changed since. Its time is compared with the one before the build, because it may be
    /// in the future.
    fn precedes(&self, path: &Path, time: SystemTime) -> bool {
        self.times.get(path).map_or(time > self.started, |before| time != *before)
    }
}

/// Returns `true` if an error has its place in a source. Others, such as a full disk, may pass without a change.
fn names_source(messages: &str) -> bool {
    let mut pairs = messages.lines().zip(messages.lines().skip(1));
    pairs.any(|(error, place)| error.starts_with("error") && place.trim_start().starts_with("-->"))
}
