//! Events of any shape: no part is lost, and every refusal is a client error.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::fixture::{assert_client_error, auth, json_of, limits, read, request_of, verify};
use crate::domain::PageRequest;
use crate::domain::validation::specimen::NewNote;
use crate::edge::input::{Json, Query, Upload};
use crate::edge::middleware::{csrf, rate_limit_key};
use crate::edge::request::Request;

/// Input: an event, as JSON.
pub fn request(data: &[u8]) {
    // Lambda's client accepts only JSON.
    let Some(event) = json_of(data) else { return };
    let request = request_of(event.clone());
    assert_headers_kept(&event, &request);
    assert_cookies_and_path_kept(&event, &request);
    assert!(HeaderValue::from_str(&request.id).is_ok() && !request.id.is_empty(), "{:?}", request.id);
    assert_body_kept(&event, request);
    assert_location_is_a_path(&event);
    assert_steps_refuse_with_client_errors(&event);
}

/// Returns the members of an object that are strings.
fn texts<'e>(event: &'e Value, name: &str) -> Vec<(&'e String, &'e str)> {
    let members = event.get(name).and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(name, value)| Some((name, value.as_str()?))).collect()
}

/// Returns the headers of either format. In 1.0 an array of values replaces the single value, which is its last.
fn sent_headers(event: &Value) -> Vec<(&String, &str)> {
    let arrays = event.get("multiValueHeaders").and_then(Value::as_object).into_iter().flatten();
    let arrays: BTreeMap<_, _> =
        arrays.filter_map(|(name, values)| Some((name, values.as_array()?))).collect();
    let mut sent = texts(event, "headers");
    sent.retain(|(name, _)| !arrays.contains_key(name));
    for (name, values) in arrays {
        sent.extend(values.iter().filter_map(|value| Some((name, value.as_str()?))));
    }
    sent
}

fn assert_headers_kept(event: &Value, request: &Request) {
    let sent = sent_headers(event);
    for (name, value) in &sent {
        let kept = request.header(&name.to_ascii_lowercase());
        let alike = || sent.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        if alike().count() == 1 {
            assert_eq!(kept, Some(*value), "{name}");
        }
        let parts =
            |text: &str| text.split([',', ';']).map(|part| part.trim().to_owned()).collect::<BTreeSet<_>>();
        let all = parts(kept.unwrap_or_default());
        assert!(
            alike().flat_map(|(_, value)| parts(value)).all(|part| all.contains(&part) || part.is_empty())
        );
    }
}

fn assert_cookies_and_path_kept(event: &Value, request: &Request) {
    let sent = event.get("cookies").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let sent: Vec<_> = sent.chain(request.header("cookie")).collect();
    assert_eq!(request.cookies, sent);
    let path: BTreeMap<_, _> = texts(event, "pathParameters").into_iter().collect();
    // REST APIs leave them percent-encoded.
    let kept = |sent: &str, kept: &str| kept == sent || percent_decode_str(sent).decode_utf8_lossy() == kept;
    assert!(path.iter().all(|(name, value)| kept(value, request.path(name))));
}

/// Asserts that the body is kept. Its length is known before decoding; a declared length can only make it longer.
fn assert_body_kept(event: &Value, mut request: Request) {
    let text = event.get("body").and_then(Value::as_str).unwrap_or_default();
    let encoded = event.get("isBase64Encoded") == Some(&Value::Bool(true));
    let expected = if encoded { STANDARD.decode(text).ok() } else { Some(text.as_bytes().to_vec()) };
    let length = expected.as_ref().map_or(0, Vec::len);
    for limit in length.saturating_sub(2)..length + 2 {
        let (exceeds, declared) = (request.body_exceeds(limit), request.header("content-length").is_some());
        assert!(expected.is_none() || exceeds == (length > limit) || exceeds && declared, "{limit}");
    }
    assert_eq!(request.take_body().as_deref(), expected.as_deref());
}

/// Asserts that a `Location` is a path, for any path of the request.
fn assert_location_is_a_path(event: &Value) {
    const TEMPLATE: &str = "/v1/orgs/{orgId}/projects";
    let mut request = request_of(event.clone());
    request.match_route(&Method::POST, TEMPLATE).unwrap_or_else(|error| assert_client_error(&error));
    let location = request.prefix(TEMPLATE) + TEMPLATE;
    assert!(location.starts_with('/') && location.bytes().all(|byte| byte.is_ascii_graphic()), "{location}");
    let mut segments = location.split('/').skip(1);
    assert!(
        segments.all(|segment| !["", ".", ".."].contains(&segment)) && !location.contains('\\'),
        "{location}"
    );
}

/// Runs the steps of the pipeline that need no table, each on every event.
fn assert_steps_refuse_with_client_errors(event: &Value) {
    let (request, auth) = (request_of(event.clone()), auth());
    csrf::check_write(&request, &"https://app.example.com".parse().expect("an origin"))
        .and_then(|()| csrf::check_read(&request))
        .and_then(|()| request.refuse_content_coding())
        .unwrap_or_else(|error| assert_client_error(&error));
    assert!(rate_limit_key::for_ip(&request.source_ip).starts_with("ip#"));
    match verify(&auth, &auth.credential(&request)) {
        Ok(caller) => {
            let entered = caller.authorize_org(request.path("orgId")).map_err(Into::into);
            drop(entered.inspect_err(assert_client_error));
        }
        Err(error) => assert_client_error(&error),
    }
    drop(read::<Query<PageRequest>>(&(), event));
    drop(read::<Json<NewNote>>(&(), event));
    drop(read::<Upload>(&limits(), event));
}
