//! Lines of the log on standard output, where Lambda picks them up: one JSON object each.

use std::fmt;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::metrics::embedded;
use super::object::{List, Object};
use super::trace::TraceHeader;
use super::{Call, Record, State, current, settings};
use crate::clock;
use crate::config::LogSettings;
use crate::domain::time::format_millis;
use crate::warm_up;

/// `true` after the first line of an invocation.
static WARM: AtomicBool = AtomicBool::new(false);

/// Starts the log. A panic, too, becomes a line.
pub(crate) fn init(settings: LogSettings) {
    let level = settings.level;
    settings::set(settings);
    drop(tracing_subscriber::registry().with(events(level)).with(Lines).try_init());
    std::panic::set_hook(Box::new(panicked));
}

/// Line in the making.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) object: Object,
    level: Level,
    metrics: Vec<&'static str>,
}

impl Line {
    pub(crate) fn new(level: Level, message: &str) -> Self {
        let mut object = Object::new();
        object.text("timestamp", &format_millis(clock::now()));
        object.text("level", level.as_str());
        object.text("message", message);
        Self { object, level, metrics: Vec::new() }
    }

    /// Adds the ids of an invocation.
    fn ids(&mut self, record: &Record) {
        self.object.optional("request_id", record.request_id.as_deref());
        self.object.text("function_request_id", &record.invocation.id);
    }

    /// Adds the service, the ids, and the cold start of the first invocation.
    pub(crate) fn invocation(&mut self, record: &Record) {
        if let Some(settings) = settings::get() {
            self.object.text("service", &settings.service);
            self.object.text("function_version", &settings.version);
        }
        self.ids(record);
        let trace = record.invocation.trace.as_deref().map(TraceHeader::parse);
        self.object.optional("xray_trace_id", trace.and_then(|trace| trace.root));
    }

    /// Adds a number as a metric.
    pub(crate) fn metric(&mut self, name: &'static str, value: &dyn fmt::Display) {
        self.object.raw(name, value);
        self.metrics.push(name);
    }

    /// Adds the calls and the metrics, and writes the line. `dimensions` are JSON.
    pub(crate) fn end(mut self, state: &State, dimensions: &str) {
        if !warm_up::is_active() && !WARM.swap(true, Ordering::Relaxed) {
            self.object.raw("cold_start", &true);
            self.metric("cold_starts", &1);
        }
        for (name, count) in state.counts.occurred() {
            self.metric(name, &count);
        }
        let calls: Vec<_> = state.calls.iter().map(Call::json).collect();
        if !calls.is_empty() {
            self.object.raw("calls", &List(&calls));
        }
        self.object.positive("calls_omitted", state.omitted as u64);
        if let Some(settings) = settings::get()
            && !self.metrics.is_empty()
        {
            self.object.raw("_aws", &embedded(&settings.service, dimensions, &self.metrics));
        }
        self.write();
    }

    fn write(&self) {
        if settings::get().is_some_and(|settings| self.level <= settings.level) {
            let line = format!("{}\n", self.object);
            let length = if warm_up::is_active() { 0 } else { line.len() };
            // There is nowhere to report a closed standard output to.
            drop(std::io::stdout().write_all(&line.as_bytes()[..length]));
        }
    }
}

/// Writes the line of a panic. Its text may have a caller's data, unless it is a literal.
fn panicked(info: &PanicHookInfo<'_>) {
    let mut line = Line::new(Level::ERROR, "panic");
    if let Some(record) = current() {
        line.ids(&record);
    }
    let location = info.location().map(ToString::to_string);
    line.object.optional("location", location.as_deref());
    line.object.optional("error", info.payload().downcast_ref::<&'static str>().copied());
    line.write();
}

/// Returns the filter of events. There are no spans, which the SDK has many of.
fn events(level: LevelFilter) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    // On TRACE other crates log whole requests, with tokens and bodies.
    let others = level.min(LevelFilter::DEBUG);
    let is_own = |metadata: &Metadata<'_>| metadata.target().starts_with(env!("CARGO_CRATE_NAME"));
    let most = move |metadata: &Metadata<'_>| if is_own(metadata) { level } else { others };
    let enabled = move |metadata: &Metadata<'_>| metadata.is_event() && *metadata.level() <= most(metadata);
    filter_fn(enabled).with_max_level_hint(level)
}

/// Layer that writes events as lines, with the ids of the invocation.
struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = Line::new(*event.metadata().level(), &fields.message);
        if let Some(record) = current() {
            line.ids(&record);
        }
        for (name, value) in fields.others {
            line.object.raw(name, &value);
        }
        line.write();
    }
}

/// Fields of an event.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, serde_json::Value)>,
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.others.push((field.name(), value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.others.push((field.name(), value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.others.push((field.name(), value.into()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.others.push((field.name(), value.into()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.others.push((field.name(), value.into()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.others.push((field.name(), format!("{value:?}").into()));
        }
    }
}
