//! Place in the input that is being read, and the issues noted so far.

use std::fmt;
use std::fmt::Display;

use serde_json::{Map, Value};

use super::bounds::{Length, too_big, too_small};
use super::issue::{Issue, IssueCode, Path, Segment};
use super::{Input, Source};

/// Maximum number of issues.
const MAX_ISSUES: usize = 100;

/// Maximum length of all paths and messages in bytes. It bounds the response, because callers choose the keys of a map and
/// each issue below a key repeats it.
const MAX_BYTES: usize = 64 * 1024;

/// Place in the input. Issues are noted at it.
///
/// An [`Input`] by hand reads and notes with it:
///
/// ```
/// use serde_json::json;
/// use shared::domain::validation::{At, Input, IssueCode, Source, Value, parse};
///
/// /// Lines of an invoice, of different articles.
/// struct Lines(Vec<String>);
///
/// impl Input for Lines {
///     fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
///         let mut articles = Vec::<String>::read(value, at)?;
///         let sent = articles.len();
///         articles.sort();
///         articles.dedup();
///         if articles.len() < sent {
///             at.note(IssueCode::Custom, "An article is listed twice");
///         }
///         Some(Self(articles))
///     }
/// }
///
/// assert!(parse::<Lines>(json!(["A-1", "A-2"]), Source::Json).is_ok_and(|lines| lines.0.len() == 2));
/// assert!(parse::<Lines>(json!(["A-1", "A-1"]), Source::Json).is_err());
/// ```
pub struct At<'a> {
    place: Option<&'a Place<'a>>,
    collector: &'a mut Collector,
    /// Rule for the length of the value here, until it is checked.
    pub(super) length: Option<Length>,
    /// Number of issues before the value here was read.
    before: usize,
}

impl fmt::Debug for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("At").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Step from the place above. A path is built only for an issue.
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
    /// Issue of a number beyond its type. It is noted only if the nearest number of the type breaks no rule, because the
    /// bound of a rule is more helpful.
    beyond: Option<(IssueCode, String)>,
}

/// Reads an input from its root.
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
    /// Returns the source of the input.
    #[must_use]
    pub fn source(&self) -> Source {
        self.collector.source
    }

    /// Returns `true` if no more issues are noted. Reading can stop.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.collector.issues.len() >= MAX_ISSUES || self.collector.bytes >= MAX_BYTES
    }

    /// Notes an issue with the value here.
    pub fn note(&mut self, code: IssueCode, message: impl Into<String>) {
        if self.is_full() {
            return;
        }
        let (path, message) = (self.path(), message.into());
        let keys = path.iter().map(|step| if let Segment::Key(key) = step { key.len() } else { 0 });
        self.collector.bytes += message.len() + keys.sum::<usize>();
        self.collector.issues.push(Issue { path, code, message });
    }

    /// Notes that the value here has another type than `expected`. Returns `None`.
    pub fn mismatch<T>(&mut self, expected: &str, value: Option<&Value>) -> Option<T> {
        let received = received(value);
        self.note(IssueCode::InvalidType, format!("Invalid input: expected {expected}, received {received}"));
        None
    }

    /// Reads a string and parses it. If `parse` returns `None`, notes `invalid_format` with this message.
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

    /// Reads the member of this name of the object here.
    ///
    /// ```
    /// use serde_json::json;
    /// use shared::domain::validation::{At, Input, Source, Value, parse};
    ///
    /// struct Amount(u64, String);
    ///
    /// impl Input for Amount {
    ///     fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
    ///         let Some(Value::Object(mut members)) = value else { return at.mismatch("object", value.as_ref()) };
    ///         let cents = at.member("cents", members.remove("cents"));
    ///         let currency = at.member("currency", members.remove("currency"));
    ///         Some(Self(cents?, currency?))
    ///     }
    /// }
    ///
    /// let issues = parse::<Amount>(json!({"cents": -1}), Source::Json).err().unwrap();
    /// assert_eq!(issues.as_slice().len(), 2);
    /// assert_eq!(issues.field().as_deref(), Some("cents"));
    /// ```
    pub fn member<T: Input>(&mut self, name: &str, value: Option<Value>) -> Option<T> {
        self.field(name, value, None, |_, _| {})
    }

    /// Reads a member like [`At::member`] and checks its rules.
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

    /// Reads the value here and checks its rules. Returns `None` if there is an issue.
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

    /// Returns the members of the object here.
    #[doc(hidden)]
    pub fn object(&mut self, value: Option<Value>) -> Option<Map<String, Value>> {
        match value {
            Some(Value::Object(members)) => Some(members),
            other => self.mismatch("object", other.as_ref()),
        }
    }

    /// Returns the index of the option that is named here.
    #[doc(hidden)]
    pub fn option(&mut self, value: Option<&Value>, names: &[&str]) -> Option<usize> {
        let text = value.and_then(Value::as_str);
        let known = names.iter().position(|name| text == Some(name));
        if known.is_none() {
            self.note(IssueCode::Custom, format!("Invalid option: expected one of {}", names.join("|")));
        }
        known
    }

    /// Returns the index of the option that the member `tag` of the object here names.
    #[doc(hidden)]
    pub fn tag(&mut self, tag: &str, value: Option<&Value>, names: &[&str]) -> Option<usize> {
        self.below(Step::Key(tag), |at| at.option(value, names))
    }

    /// Returns `true` if the value here is as it was sent and has no issue so far.
    pub(super) fn is_valid_so_far(&self) -> bool {
        self.collector.beyond.is_none() && self.collector.issues.len() == self.before
    }

    /// Clamps a number, and keeps the issue of one that was out of range.
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

    /// Returns the name of the field here.
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

/// Returns Zod's name for the type of a value.
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
