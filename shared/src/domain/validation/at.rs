//! The place in the input that is being read, and the issues that were noted on the way there.

use std::fmt;
use std::fmt::Display;

use serde_json::{Map, Value};

use super::bounds::{Length, too_big, too_small};
use super::issue::{Issue, IssueCode, Path, Segment};
use super::{Input, Source};

/// The most issues that are told.
const MAX_ISSUES: usize = 100;

/// The bytes of paths and messages after which no more issues are noted. A caller chooses the keys of a map, and each
/// issue below a key repeats it.
const MAX_BYTES: usize = 64 * 1024;

/// A place in the input: what is read there is noted there.
pub struct At<'a> {
    place: Option<&'a Place<'a>>,
    collector: &'a mut Collector,
    /// The rule for the length of what is here, until it has been checked.
    pub(super) length: Option<Length>,
    /// Issues that there were before what is here was read.
    before: usize,
}

impl fmt::Debug for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("At").field("length", &self.length).finish_non_exhaustive()
    }
}

/// A step from the place above. Paths are written out only for issues.
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

struct Collector {
    source: Source,
    issues: Vec<Issue>,
    bytes: usize,
    /// The issue with a number beyond its type, told if the nearest number of the type breaks no rule: the bound of a
    /// rule is nearer.
    beyond: Option<(IssueCode, String)>,
}

/// Reads a whole input.
pub(super) fn read<T: Input>(value: Value, source: Source) -> (Option<T>, Vec<Issue>) {
    let mut collector = Collector { source, issues: Vec::new(), bytes: 0, beyond: None };
    let read = At { place: None, collector: &mut collector, length: None, before: 0 }.held(
        Some(value),
        None,
        |_, _| {},
    );
    (read, collector.issues)
}

impl At<'_> {
    /// Source of the input.
    #[must_use]
    pub fn source(&self) -> Source {
        self.collector.source
    }

    /// Returns `true` if no more issues are noted, so that reading on is of no use.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.collector.issues.len() >= MAX_ISSUES || self.collector.bytes >= MAX_BYTES
    }

    /// Notes an issue with what is here.
    pub fn note(&mut self, code: IssueCode, message: impl Into<String>) {
        if self.is_full() {
            return;
        }
        let (path, message) = (self.path(), message.into());
        let keys = path.iter().map(|step| if let Segment::Key(key) = step { key.len() } else { 0 });
        self.collector.bytes += message.len() + keys.sum::<usize>();
        self.collector.issues.push(Issue { path, code, message });
    }

    /// Notes that what is here is not what was `expected`, and returns `None`.
    pub fn mismatch<T>(&mut self, expected: &str, value: Option<&Value>) -> Option<T> {
        let received = received(value);
        self.note(IssueCode::InvalidType, format!("Invalid input: expected {expected}, received {received}"));
        None
    }

    /// Reads text in a form of its own: what `parse` refuses is `invalid_format`, with this message.
    pub fn parsed<T>(
        &mut self,
        value: Option<Value>,
        message: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(&String::read(value, self)?);
        if parsed.is_none() {
            self.note(IssueCode::InvalidFormat, message);
        }
        parsed
    }

    /// Reads the element at an index of the array here.
    pub fn element<T: Input>(&mut self, index: usize, value: Value) -> Option<T> {
        self.below(Step::Index(index), |at| at.held(Some(value), None, |_, _| {}))
    }

    /// Reads the member of the object here that has this name.
    pub fn member<T: Input>(&mut self, name: &str, value: Option<Value>) -> Option<T> {
        self.field(name, value, None, |_, _| {})
    }

    /// As [`At::member`], held to rules.
    #[doc(hidden)]
    pub fn field<T: Input>(
        &mut self,
        name: &str,
        value: Option<Value>,
        length: Option<Length>,
        rules: impl FnOnce(&T, &mut At<'_>),
    ) -> Option<T> {
        self.below(Step::Key(name), |at| at.held(value, length, rules))
    }

    /// Reads the value here and holds it to its rules. Without an issue it is there, with one it isn't.
    #[doc(hidden)]
    pub fn held<T: Input>(
        &mut self,
        value: Option<Value>,
        length: Option<Length>,
        rules: impl FnOnce(&T, &mut At<'_>),
    ) -> Option<T> {
        if self.is_full() {
            return None;
        }
        let before = self.collector.issues.len();
        let outer =
            (std::mem::replace(&mut self.length, length), std::mem::replace(&mut self.before, before));
        let read = T::read(value, self);
        if let Some(read) = &read {
            rules(read, self);
        }
        (self.length, self.before) = outer;
        let beyond = self.collector.beyond.take();
        if let Some((code, message)) = beyond.filter(|_| self.collector.issues.len() == before) {
            self.note(code, message);
        }
        read.filter(|_| self.collector.issues.len() == before)
    }

    /// The members of the object here.
    #[doc(hidden)]
    pub fn object(&mut self, value: Option<Value>) -> Option<Map<String, Value>> {
        match value {
            Some(Value::Object(members)) => Some(members),
            other => self.mismatch("object", other.as_ref()),
        }
    }

    /// The index of the option that is named here.
    #[doc(hidden)]
    pub fn option(&mut self, value: Option<&Value>, names: &[&str]) -> Option<usize> {
        let text = value.and_then(Value::as_str);
        let known = names.iter().position(|name| text == Some(name));
        if known.is_none() {
            self.note(IssueCode::Custom, format!("Invalid option: expected one of {}", names.join("|")));
        }
        known
    }

    /// The index of the option that the member `tag` of the object here names.
    #[doc(hidden)]
    pub fn tag(&mut self, tag: &str, value: Option<&Value>, names: &[&str]) -> Option<usize> {
        self.below(Step::Key(tag), |at| at.option(value, names))
    }

    /// Returns `true` if what is here is what was sent and keeps the rules that were looked at so far.
    pub(super) fn is_right_so_far(&self) -> bool {
        self.collector.beyond.is_none() && self.collector.issues.len() == self.before
    }

    /// The number between `min` and `max` that is nearest.
    pub(super) fn clamped<N: PartialOrd + Display>(&mut self, number: N, min: N, max: N) -> N {
        if number < min {
            self.collector.beyond = Some((IssueCode::TooSmall, too_small(format_args!(">={min}"))));
            min
        } else if number > max {
            self.collector.beyond = Some((IssueCode::TooBig, too_big(format_args!("<={max}"))));
            max
        } else {
            number
        }
    }

    pub(super) fn below<R>(&mut self, step: Step<'_>, read: impl FnOnce(&mut At<'_>) -> R) -> R {
        let place = Place { above: self.place, step };
        let before = self.collector.issues.len();
        read(&mut At { place: Some(&place), collector: self.collector, length: None, before })
    }

    /// The name of the field here.
    pub(super) fn name(&self) -> Option<&str> {
        match self.place?.step {
            Step::Key(name) => Some(name),
            Step::Index(_) => None,
        }
    }

    fn path(&self) -> Path {
        let places = std::iter::successors(self.place, |place| place.above);
        let mut path: Path = places.map(|place| place.step.segment()).collect();
        path.reverse();
        path
    }
}

impl Step<'_> {
    fn segment(self) -> Segment {
        match self {
            Self::Key(key) => Segment::Key(key.to_owned()),
            Self::Index(index) => Segment::Index(index),
        }
    }
}

/// Zod's name for the type of a value.
fn received(value: Option<&Value>) -> &'static str {
    match value {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}
