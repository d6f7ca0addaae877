//! What the functions write to their standard streams. What must stay out: what the stack itself has to say.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::watch;

use crate::terminal;

/// How many lines are kept of each function.
const KEPT: usize = 10_000;
/// How long [`Logs::find`] waits for a line: a process writes long before that, or never.
const PATIENCE: Duration = Duration::from_secs(10);

/// What happens to the functions' logs. They are kept for the stack's owner in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// They go to standard error, each line behind the function's name.
    Print,
    /// They are only kept.
    Capture,
}

/// The lines of all functions.
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

    /// Whether the lines are shown as they come.
    pub(crate) fn printed(&self) -> bool {
        self.mode == Log::Print
    }

    /// Adds a line of the function with this binary.
    pub(crate) fn write(&self, binary: &str, line: &str) {
        if self.printed() {
            terminal::say(&format!("[{binary}] {line}"));
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = lines.entry(binary.to_owned()).or_default();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(line.to_owned());
        drop(lines);
        self.written.send_replace(());
    }

    /// The kept lines of the function with this binary.
    pub(crate) fn lines(&self, binary: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.get(binary).into_iter().flatten().cloned().collect()
    }

    /// The first line that contains `text`, as soon as there is one.
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
        tokio::time::timeout(PATIENCE, search).await.ok().flatten()
    }

    /// Adds every line of `stream` until it ends. Bytes that are not UTF-8 are replaced.
    pub(crate) async fn forward(self, binary: String, stream: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(1..) = reader.read_until(b'\n', &mut line).await {
            self.write(&binary, String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
            line.clear();
        }
    }
}
