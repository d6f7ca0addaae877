//! `If-Match` header (RFC 9110, section 13.1.1) beside another input.

use std::marker::PhantomData;

use serde::Serialize;

use super::FromRequest;
use crate::config::Env;
use crate::domain::validation::{IssueCode, Issues};
use crate::domain::{self, Error};
use crate::edge::error::{ErrorCode, Result};
use crate::edge::operation::Operation;
use crate::edge::request::Request;

/// Input `I` with an optional `If-Match`. The handler gets a [`Conditional`].
///
/// ```no_run
/// use shared::edge::{Conditional, NoContent, OrgMember, RequestContext, Result, Route, run};
///
/// async fn delete_note(_: RequestContext<OrgMember, ()>, note: Conditional<()>) -> Result<NoContent> {
///     note.versions.check(7)?; // the stored version
///     Ok(NoContent)
/// }
/// run(Route::delete("/v1/orgs/{orgId}/notes/{noteId}").org_member().if_match(), delete_note);
/// ```
#[derive(Debug)]
pub struct IfVersion<I>(PhantomData<I>);

/// Content of a request, and the versions that its `If-Match` names.
///
/// ```
/// use shared::domain::Result;
/// use shared::edge::Conditional;
///
/// fn append(text: &mut String, version: u64, change: &Conditional<String>) -> Result<()> {
///     change.versions.check(version)?;
///     text.push_str(&change.content);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Conditional<T> {
    /// Input of the request.
    pub content: T,
    /// Versions that the request is for.
    pub versions: Versions,
}

/// Versions of a resource that a request is for.
///
/// ```
/// use shared::edge::Versions;
///
/// assert!(Versions::Any.check(7).is_ok());
/// assert!(Versions::OneOf(vec![5, 6]).check(7).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Versions {
    /// Any version: `If-Match` is absent or `*`.
    Any,
    /// One of these versions. Tags that are no version of this service are left out.
    OneOf(Vec<u64>),
}

impl Versions {
    /// Checks the current version of the resource. On an idempotent route, read the resource and call
    /// [`Table::replayed`](crate::storage::Table::replayed) first, because an equal request has changed the version.
    ///
    /// # Errors
    ///
    /// [`Error::VersionMismatch`] if the request is for other versions.
    pub fn check(&self, current: u64) -> domain::Result<()> {
        match self {
            Self::OneOf(versions) if !versions.contains(&current) => Err(Error::VersionMismatch { current }),
            _ => Ok(()),
        }
    }
}

impl<I: FromRequest> FromRequest for IfVersion<I> {
    const TAKES_BODY: bool = I::TAKES_BODY;

    type Settings = I::Settings;
    type Value = Conditional<I::Value>;

    fn settings(env: &Env<'_>) -> Option<I::Settings> {
        I::settings(env)
    }

    async fn from_request(settings: &I::Settings, request: &mut Request) -> Result<Self::Value> {
        let malformed =
            || Error::Invalid(Issues::one("If-Match", IssueCode::InvalidFormat, "Invalid entity tags"));
        let versions = request.header("if-match").map_or(Some(Versions::Any), parse).ok_or_else(malformed)?;
        Ok(Conditional { content: I::from_request(settings, request).await?, versions })
    }

    fn describe(operation: &mut Operation) {
        I::describe(operation);
        operation.if_match();
        operation.refusals([ErrorCode::VALIDATION_ERROR, ErrorCode::CONFLICT]);
    }
}

/// Parses a list of entity tags or `*`. Weak tags never match, because the comparison is strong.
fn parse(header: &str) -> Option<Versions> {
    if header.trim_matches([' ', '\t']) == "*" {
        return Some(Versions::Any);
    }
    let (mut versions, mut count, mut rest) = (Vec::new(), 0, header);
    loop {
        // A list may have empty elements (RFC 9110, section 5.6.1).
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return (count > 0).then_some(Versions::OneOf(versions));
        }
        let (is_weak, tag) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
        let (tag, after) = tag.strip_prefix('"')?.split_once('"')?;
        if tag.chars().any(|letter| letter == ' ' || letter.is_ascii_control()) {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
        count += 1;
        // The service writes versions in this spelling only.
        versions.extend(tag.parse().ok().filter(|version: &u64| !is_weak && version.to_string() == tag));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_parses_strong_tags_or_star() {
        let some = |versions: &[u64]| Some(Versions::OneOf(versions.to_vec()));
        for (header, expected) in [
            ("*", Some(Versions::Any)),
            ("\"1\"", some(&[1])),
            (" \"1\" ,\t\"22\",, ", some(&[1, 22])),
            ("W/\"1\"", some(&[])),
            ("\"01\", \"+1\", \"abc\", \"\"", some(&[])),
            ("\"a,b\", \"3\"", some(&[3])),
            ("\"\u{85}\", \"4\"", some(&[4])),
            ("\u{a0}*", None),
            ("1", None),
            ("", None),
            (",", None),
            ("\"1", None),
            ("\"1\" \"2\"", None),
            ("*, \"1\"", None),
            ("w/\"1\"", None),
        ] {
            assert_eq!(parse(header), expected, "{header}");
        }
    }

    #[test]
    fn only_a_named_version_passes() {
        assert!(Versions::Any.check(7).is_ok());
        assert!(Versions::OneOf(vec![6, 7]).check(7).is_ok());
        let mismatch = Versions::OneOf(Vec::new()).check(7);
        assert!(matches!(mismatch, Err(Error::VersionMismatch { current: 7 })));
    }
}
