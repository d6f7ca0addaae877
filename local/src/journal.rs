//! Lines on the terminal: one for each request and each batch, with the details indented below.
//! What must stay out: the data of requests and of functions beyond these lines.

mod access;
mod function_line;
mod summary;

pub use access::Access;
pub(crate) use function_line::unattached;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::AccessLog;
use jiff::Zoned;
use summary::Summary;
use tokio::task::JoinSet;

use crate::clock;
use crate::lambda::{Logs, Record, Trace};
use crate::terminal::{self, Color, paint, printable};

/// Indentation of details: the width of the time.
const INDENT: &str = "         ";
/// Maximum characters of a path with its query.
const MAX_SUBJECT: usize = 200;

/// Request or batch that has ended.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Function; `None` if no route matches.
    pub(crate) binary: Option<String>,
    pub(crate) status: Status,
    /// Method and path, or the name of the stream.
    pub(crate) subject: String,
    pub(crate) took: Duration,
    pub(crate) id: String,
    /// Reasons of the stack itself.
    pub(crate) notes: Vec<String>,
}

/// Status of a request or a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Http(u16),
    Succeeded,
    Failed,
}

/// Writer of entries. Without a terminal it writes none, and keeps the access log only.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    is_shown: bool,
    access: AccessLog,
    /// Entries that wait for the function's own line.
    pending: Arc<Mutex<JoinSet<()>>>,
}

impl Journal {
    pub(crate) fn new(logs: &Logs) -> Self {
        Self { is_shown: logs.is_terminal(), access: AccessLog::default(), pending: Arc::default() }
    }

    /// Writes an entry as soon as the function has logged its own line, without delaying the response.
    pub(crate) fn add(&self, entry: Entry, trace: Option<Arc<Trace>>) {
        self.access.add(&entry, trace.as_deref());
        if !self.is_shown {
            return;
        }
        let now = clock::now().to_zoned(jiff::tz::TimeZone::system());
        let Some(trace) = trace else {
            terminal::say(&entry.render(&now, &Record::default()));
            return;
        };
        let writing = async move {
            let record = trace.complete().await;
            terminal::say(&entry.render(&now, &record));
        };
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        while pending.try_join_next().is_some() {}
        pending.spawn(writing);
    }

    /// Returns the access log's entry with API Gateway's id.
    pub(crate) fn access(&self, request_id: &str) -> Option<Access> {
        self.access.find(request_id)
    }

    /// Waits until all entries are written.
    pub(crate) async fn flush(&self) {
        let pending = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        pending.join_all().await;
    }
}

impl Entry {
    fn render(&self, now: &Zoned, record: &Record) -> String {
        let mut text = self.line(now, record);
        let summary = Summary::of(record);
        let below = summary.causes.iter().map(|cause| printable(cause, usize::MAX));
        let lines = record.lines.iter();
        let lines =
            lines.flat_map(|line| function_line::lines(self.binary.as_deref().unwrap_or_default(), line));
        for line in below.chain(lines) {
            text.push('\n');
            text.push_str(INDENT);
            text.push_str(&line);
        }
        text
    }

    fn line(&self, now: &Zoned, record: &Record) -> String {
        let summary = Summary::of(record);
        let time = now.strftime("%H:%M:%S").to_string();
        let waits = [(record.build, "build"), (record.cold_start, "cold start")];
        let waits =
            waits.iter().filter_map(|(took, name)| took.map(|took| format!("{} {name}", milliseconds(took))));
        let waits = waits.collect::<Vec<_>>().join(", ");
        let waits = if waits.is_empty() { waits } else { format!(" ({waits})") };
        let took = format!("{}{waits}", milliseconds(self.took));
        let subject = printable(&self.subject, MAX_SUBJECT);
        let caller = summary.caller.map(|caller| printable(&caller, MAX_SUBJECT)).unwrap_or_default();
        let reasons = summary.reason.into_iter().chain(self.notes.iter().cloned());
        let reasons = printable(&reasons.collect::<Vec<_>>().join("; "), usize::MAX);
        let parts = [
            subject.into(),
            took.into(),
            caller.into(),
            paint(self.status.color_of_reasons(), &reasons),
            paint(Color::Dim, &self.id),
        ];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{} {} {}", paint(Color::Dim, &time), self.status.render(), parts.join("  "))
    }
}

impl Status {
    fn color(self) -> Color {
        match self {
            Self::Http(500..) | Self::Failed => Color::Red,
            Self::Http(400..500) => Color::Yellow,
            Self::Http(300..400) => Color::Cyan,
            Self::Http(_) | Self::Succeeded => Color::Green,
        }
    }

    /// Returns the color of reasons, which are warnings if the status is no error.
    fn color_of_reasons(self) -> Color {
        match self {
            Self::Http(..400) => Color::Yellow,
            Self::Succeeded => Color::Dim,
            other => other.color(),
        }
    }

    fn render(self) -> String {
        let text = match self {
            Self::Http(status) => status.to_string(),
            Self::Succeeded => "ok ".to_owned(),
            Self::Failed => "ERR".to_owned(),
        };
        paint(self.color(), &text).into_owned()
    }
}

/// Formats a duration in milliseconds, short ones with a decimal.
fn milliseconds(duration: Duration) -> String {
    let milliseconds = duration.as_secs_f64() * 1000.0;
    if milliseconds < 10.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}
