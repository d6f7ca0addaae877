//! Bodies of new notes: accepted exactly if they satisfy the rules, otherwise refused with all issues.

use serde_json::{Map, Value};

use super::expected::{PathAndCode, Rule, assert_issues, length, shows_nothing, trimmed};
use super::fixture::{events, json_of, read};
use crate::domain;
use crate::domain::validation::specimen::NewNote;
use crate::edge::error::{Error, Result};
use crate::edge::input::Json;

/// Input: a JSON body.
pub fn note(data: &[u8]) {
    let responses: Vec<_> = events("application/json", data)
        .iter()
        .map(|event| plain(read::<Json<NewNote>>(&(), event)))
        .collect();
    assert!(
        responses.iter().all(|response| *response == responses[0]),
        "the encoding makes a difference: {responses:?}"
    );
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    match (json_of(text), &responses[0]) {
        (Some(body), Response::Accepted(project)) => assert_accepted_as_sent(&body, project),
        (Some(body), Response::Broken(issues)) => assert_issues(issues, &expected(&body)),
        (body, response) => {
            assert!(body.is_none() && *response == Response::NoJson, "{response:?} for {body:?}");
        }
    }
}

#[derive(Debug, PartialEq)]
enum Response {
    Accepted(Value),
    Broken(Value),
    NoJson,
    Other(String),
}

fn plain(response: Result<NewNote>) -> Response {
    match response {
        Ok(project) => Response::Accepted(serde_json::to_value(project).unwrap_or_default()),
        Err(Error::Domain(domain::Error::Invalid(issues))) => {
            Response::Broken(serde_json::to_value(issues).unwrap_or_default())
        }
        Err(Error::InvalidJson) => Response::NoJson,
        Err(error) => Response::Other(error.to_string()),
    }
}

/// Asserts that the accepted note has exactly the members of the body, and is accepted again.
fn assert_accepted_as_sent(body: &Value, project: &Value) {
    assert_eq!(expected(body), [], "{body}");
    for name in ["description", "color"] {
        assert_eq!(project[name], *body.get(name).unwrap_or(&Value::Null), "{name}");
    }
    assert_eq!(project["name"].as_str(), body["name"].as_str().map(trimmed));
    let members = project.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let again: Map<String, Value> = members.map(|(name, value)| (name.clone(), value.clone())).collect();
    let again = Value::Object(again).to_string();
    for event in events("application/json", again.as_bytes()) {
        assert_eq!(plain(read::<Json<NewNote>>(&(), &event)), Response::Accepted(project.clone()));
    }
}

/// Returns the expected issues of a body.
pub(super) fn expected(body: &Value) -> Vec<PathAndCode> {
    broken(body, |field, value| value.is_none() && field != "name")
}

/// Returns the issues of a body with fields of a note. An exempt field is not checked.
pub(super) fn broken(body: &Value, is_exempt: fn(&str, Option<&Value>) -> bool) -> Vec<PathAndCode> {
    const RULES: [(&str, Rule); 3] =
        [("name", name), ("description", |text| length(text, 0, 500)), ("color", color)];
    let Some(body) = body.as_object() else { return vec![(None, "invalid_type")] };
    let checked = RULES.into_iter().filter(|(field, _)| !is_exempt(field, body.get(*field)));
    let code = |field, rule| body.get(field).and_then(Value::as_str).map_or(Some("invalid_type"), rule);
    checked.filter_map(|(field, rule)| Some((Some(field), code(field, rule)?))).collect()
}

fn name(name: &str) -> Option<&'static str> {
    if shows_nothing(name) { Some("too_small") } else { length(trimmed(name), 1, 100) }
}

fn color(text: &str) -> Option<&'static str> {
    let digits =
        text.strip_prefix('#').filter(|digits| digits.chars().all(|digit| digit.is_ascii_hexdigit()));
    (digits.map(str::len) != Some(6)).then_some("invalid_format")
}
