//! Routing by method and path.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use http::Method;

use super::event::decode;
use crate::template::RouteKey;

/// Route and its function.
#[derive(Debug, Clone)]
pub struct Route {
    /// Function's logical id in the template.
    pub function: String,
    /// Function's binary.
    pub binary: String,
    /// Method, in upper case; `ANY` stands for all.
    pub method: String,
    /// Path as the template writes it.
    pub path: String,
}

/// Routes to targets of type `T`.
#[derive(Debug)]
pub(crate) struct Router<T>(Vec<Entry<T>>);

#[derive(Debug)]
struct Entry<T> {
    key: RouteKey,
    segments: Vec<Segment>,
    target: T,
}

/// Segment of a route's path.
#[derive(Debug)]
enum Segment {
    Text(String),
    Parameter(String),
    /// `{name+}`: the rest of the path, at least one segment.
    Rest(String),
}

/// Path parameters by name.
type PathParameters = BTreeMap<String, String>;

/// Route that matches a request.
#[derive(Debug)]
pub(super) struct Match<'r, T> {
    pub(super) route: String,
    pub(super) target: &'r T,
    pub(super) parameters: PathParameters,
}

impl<T> Router<T> {
    /// Creates a router that prefers the more specific route. As in an HTTP API, a full match precedes a greedy one and
    /// `$default` comes last. A named method precedes `ANY`.
    pub(crate) fn new(routes: impl IntoIterator<Item = (RouteKey, T)>) -> Self {
        let entry = |(key, target): (RouteKey, T)| Entry { segments: segments(&key.path), key, target };
        let mut entries: Vec<_> = routes.into_iter().map(entry).collect();
        entries.sort_by_key(|entry| {
            let ranks: Vec<u8> = entry.segments.iter().map(Segment::rank).collect();
            let greedy = ranks.contains(&2);
            (entry.key.path == "$default", greedy, ranks, entry.key.method == "ANY")
        });
        Self(entries)
    }

    /// Finds the route of a request with this method and [`path`].
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<Match<'_, T>> {
        let candidates =
            self.0.iter().filter(|entry| entry.key.method == "ANY" || entry.key.method == method.as_str());
        candidates.into_iter().find_map(|entry| {
            let parameters = entry.parameters(path)?;
            Some(Match { route: entry.key.to_string(), target: &entry.target, parameters })
        })
    }

    /// Returns methods and path of the routes that a request without a route may mean: those of its path, otherwise of the
    /// path that it resembles most.
    pub(super) fn suggestion(&self, path: &str) -> Option<String> {
        let same = self.0.iter().find(|entry| entry.parameters(path).is_some());
        let nearest = || self.0.iter().max_by_key(|entry| entry.resemblance(path));
        let found = same.or_else(|| nearest().filter(|entry| entry.resemblance(path).0 > 0))?;
        let of_path = self.0.iter().filter(|entry| entry.key.path == found.key.path);
        let methods: Vec<_> = of_path.map(|entry| entry.key.method.as_str()).collect();
        Some(format!("{} {}", methods.join(", "), found.key.path))
    }
}

impl<T> Entry<T> {
    /// Matches `path` and returns its parameters.
    fn parameters(&self, path: &str) -> Option<PathParameters> {
        let mut parameters = PathParameters::new();
        if self.key.path == "$default" {
            return Some(parameters);
        }
        let mut rest = Some(path.strip_prefix('/')?);
        for segment in &self.segments {
            let unmatched = rest?;
            let (first, after) =
                unmatched.split_once('/').map_or((unmatched, None), |(first, rest)| (first, Some(rest)));
            rest = after;
            match segment {
                Segment::Text(text) => (first == text).then_some(())?,
                Segment::Parameter(name) => insert(&mut parameters, name, first)?,
                Segment::Rest(name) => {
                    insert(&mut parameters, name, unmatched)?;
                    rest = None;
                }
            }
        }
        rest.is_none().then_some(parameters)
    }

    /// Returns the number of leading segments that match `path`, at least the first of them a text, and the difference in
    /// length, negated.
    fn resemblance(&self, path: &str) -> (usize, Reverse<usize>) {
        let parts: Vec<_> = path.trim_matches('/').split('/').collect();
        let pairs = self.segments.iter().zip(&parts);
        let matching = pairs.take_while(|(segment, part)| match segment {
            Segment::Text(text) => text == *part,
            Segment::Parameter(_) | Segment::Rest(_) => true,
        });
        let is_named = matches!(self.segments.first(), Some(Segment::Text(_)));
        let matching = if is_named { matching.count() } else { 0 };
        (matching, Reverse(self.segments.len().abs_diff(parts.len())))
    }
}

impl Segment {
    fn rank(&self) -> u8 {
        match self {
            Self::Text(_) => 0,
            Self::Parameter(_) => 1,
            Self::Rest(_) => 2,
        }
    }
}

/// Normalizes a path as an HTTP API does before it routes. `%2F` divides segments, because decoding comes first.
/// Consecutive slashes count as one, so a base URL may end in one.
///
/// Only the decoding is documented. Users observed the slashes:
/// <https://github.com/localstack/localstack/issues/8170>, <https://github.com/brefphp/symfony-bridge/issues/53>
pub(super) fn path(raw: &str) -> String {
    let mut path = decode(raw);
    let mut before = None;
    path.retain(|letter| before.replace(letter) != Some('/') || letter != '/');
    path
}

/// Inserts a parameter; `None` if its value is empty.
fn insert(parameters: &mut PathParameters, name: &str, value: &str) -> Option<()> {
    (!value.is_empty()).then(|| {
        parameters.insert(name.to_owned(), value.to_owned());
    })
}

fn segments(path: &str) -> Vec<Segment> {
    path.trim_start_matches('/').split('/').map(segment).collect()
}

fn segment(text: &str) -> Segment {
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => match name.strip_suffix('+') {
            Some(name) => Segment::Rest(name.to_owned()),
            None => Segment::Parameter(name.to_owned()),
        },
        None => Segment::Text(text.to_owned()),
    }
}
