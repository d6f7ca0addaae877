//! Logs of the functions, from their standard streams.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::{journal, terminal};

/// Maximum lines that are kept for each function.
const MAX_LINES: usize = 10_000;
/// Timeout of [`Logs::find`].
const FIND_TIMEOUT: Duration = Duration::from_secs(10);

/// Destination of the functions' logs. The stack keeps them in memory in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Standard error, with one line for each request.
    Terminal,
    /// Standard error, exactly the functions' lines.
    Raw,
    /// Memory only.
    Capture,
}

/// Lines of all functions.
#[derive(Debug, Clone)]
pub(crate) struct Logs {
    mode: Log,
    lines: Arc<Mutex<BTreeMap<String, VecDeque<String>>>>,
    written: watch::Sender<()>,
}

impl Logs {
    pub(crate) fn new(mode: Log) -> Self {
        Self { mode, lines: Arc::default(), written: watch::Sender::new(()) }
    }

    /// Returns `true` if requests are shown on the terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.mode == Log::Terminal
    }

    /// Returns `true` if the functions' lines are on standard error.
    pub(crate) fn is_printed(&self) -> bool {
        self.mode != Log::Capture
    }

    /// Adds a line of the stack itself about the function with this binary.
    pub(crate) fn note(&self, binary: &str, line: &str) {
        self.keep(binary, line);
        if self.is_terminal() {
            terminal::say(&journal::unattached(binary, line));
        }
    }

    /// Adds a line of the function with this binary.
    pub(crate) fn keep(&self, binary: &str, line: &str) {
        if self.mode == Log::Raw {
            terminal::say(line);
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = lines.entry(binary.to_owned()).or_default();
        if kept.len() == MAX_LINES {
            kept.pop_front();
        }
        kept.push_back(line.to_owned());
        drop(lines);
        self.written.send_replace(());
    }

    /// Returns the kept lines of the function with this binary.
    pub(crate) fn lines(&self, binary: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.get(binary).into_iter().flatten().cloned().collect()
    }

    /// Waits for the first line that contains `text`.
    pub(crate) async fn find(&self, binary: &str, text: &str) -> Option<String> {
        let mut written = self.written.subscribe();
        let search = async {
            loop {
                written.mark_unchanged();
                let found = self.lines(binary).into_iter().find(|line| line.contains(text));
                if found.is_some() || written.changed().await.is_err() {
                    return found;
                }
            }
        };
        tokio::time::timeout(FIND_TIMEOUT, search).await.ok().flatten()
    }
}
