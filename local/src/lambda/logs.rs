//! Logs of the functions, from their standard streams.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::watch;

use crate::terminal;

/// Maximum lines that are kept for each function.
const MAX_LINES: usize = 10_000;
/// Timeout of [`Logs::find`].
const FIND_TIMEOUT: Duration = Duration::from_secs(10);

/// Destination of the functions' logs. The stack keeps them in memory in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Standard error, each line prefixed with the function's name.
    Print,
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

    /// Returns `true` if lines are printed immediately.
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

    /// Adds the lines of `stream` until it ends. Bytes that are not UTF-8 are replaced.
    pub(crate) async fn forward(self, binary: String, stream: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(1..) = reader.read_until(b'\n', &mut line).await {
            self.write(&binary, String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
            line.clear();
        }
    }
}
