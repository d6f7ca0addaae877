//! Requests from events of every shape.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn request(event: Value) -> Request {
    Request::new(event, "lambda-id")
}

fn encoded(body: &str) -> Request {
    request(json!({"body": body, "isBase64Encoded": true}))
}

#[test]
fn header_names_ignore_case_and_repeats_join() {
    for name in ["Content-Type", "content-type", "CONTENT-TYPE"] {
        let request = request(json!({"headers": { name: "Application/JSON ; charset=utf-8" }}));
        assert_eq!(request.media_type(), "application/json", "{name}");
    }
    let twice = request(json!({"headers": {"X-A": "1", "x-a": "1"}}));
    assert_eq!(twice.header("x-a"), Some("1,1"));
    assert_eq!(request(json!({})).header("x-a"), None);
}

#[test]
fn body_without_content_type_has_no_media_type() {
    for headers in [json!({}), json!({"content-type": ""}), json!({"content-type": null})] {
        assert_eq!(request(json!({ "headers": headers })).media_type(), "");
    }
}

#[test]
fn body_length_is_known_before_decoding() {
    for length in 0..10 {
        let body = STANDARD.encode(vec![b'x'; length]);
        assert!(!encoded(&body).body_exceeds(length), "{length} bytes");
        assert!(length == 0 || encoded(&body).body_exceeds(length - 1), "{length} bytes");
    }
    let plain = || request(json!({"body": "é🚀"}));
    assert!(!plain().body_exceeds(6) && plain().body_exceeds(5));
    assert!(!request(json!({})).body_exceeds(0));
}

#[test]
fn content_length_only_raises_the_body_length() {
    for (declared, exceeds) in
        [("4", true), ("0", true), ("-1", true), ("", true), ("many", true), ("18446744073709551616", true)]
    {
        let long = request(json!({"body": "12345", "headers": {"content-length": declared}}));
        assert_eq!(long.body_exceeds(4), exceeds, "{declared:?}");
    }
    for (declared, exceeds) in [("4", false), (" 4 ", false), ("5", true), ("18446744073709551615", true)] {
        let short = request(json!({"body": "1", "headers": {"content-length": declared}}));
        assert_eq!(short.body_exceeds(4), exceeds, "{declared:?}");
    }
}

#[test]
fn invalid_base64_body_is_none() {
    for body in ["=", "a", "ab", "abc", "ab=", "abcd=", "ab\ncd", "ab-_", "YR==", "====", "é", "{}"] {
        assert_eq!(encoded(body).take_body(), None, "{body:?}");
    }
    assert_eq!(encoded("e30=").take_body().as_deref(), Some(&b"{}"[..]));
    assert_eq!(request(json!({"body": "e30="})).take_body().as_deref(), Some(&b"e30="[..]));
    assert_eq!(request(json!({})).take_body().as_deref(), Some(&b""[..]));
}

#[test]
fn cookies_come_from_event_and_header() {
    let request = request(json!({"cookies": ["a=1", "b=2"], "headers": {"Cookie": "c=3; d=4"}}));
    assert_eq!(request.cookies, ["a=1", "b=2", "c=3; d=4"]);
}

/// Event in payload format 1.0 of a REST API.
fn format_1() -> Value {
    json!({
        "resource": "/v1/orgs/{orgId}/projects",
        "path": "/v1/orgs/a%20b/projects",
        "httpMethod": "GET",
        "headers": {"X-A": "2", "X-B": "3", "Cookie": "b=2"},
        "multiValueHeaders": {"X-A": ["1", "2"], "Cookie": ["a=1", "b=2"]},
        "queryStringParameters": {"limit": "2", "cursor": "a&b=c d"},
        "multiValueQueryStringParameters": {"limit": ["1", "2"]},
        "pathParameters": {"orgId": "a%20b"},
        "requestContext": {
            "httpMethod": "GET",
            "path": "/prod/v1/orgs/a%20b/projects",
            "identity": {"sourceIp": "192.0.2.7"},
        },
    })
}

#[test]
fn format_1_reads_like_format_2() {
    let mut request = request(format_1());
    assert_eq!(request.source_ip, "192.0.2.7");
    assert_eq!((request.header("x-a"), request.header("x-b")), (Some("1,2"), Some("3")));
    assert_eq!(request.cookies, ["a=1; b=2"]);
    let query: Vec<_> = form_urlencoded::parse(request.query.as_bytes()).collect();
    assert_eq!(
        query,
        [("limit".into(), "1".into()), ("limit".into(), "2".into()), ("cursor".into(), "a&b=c d".into())]
    );
    request.match_route(&Method::GET, "/v1/orgs/{orgId}/projects").unwrap();
    assert_eq!(request.path("orgId"), "a b");
    assert_eq!(request.prefix("/v1/orgs/{orgId}/projects"), "/prod");
}

#[test]
fn http_api_path_is_decoded_in_format_1() {
    let mut event = format_1();
    event["version"] = json!("1.0");
    assert_eq!(request(event).path("orgId"), "a%20b");
}

#[test]
fn headers_never_set_the_source_ip() {
    let headers = json!({"x-forwarded-for": "198.51.100.1", "forwarded": "for=198.51.100.1", "true-client-ip": "198.51.100.1"});
    let mut event = format_1();
    event["headers"] = headers.clone();
    assert_eq!(request(event).source_ip, "192.0.2.7");
    let context = json!({"http": {"method": "GET", "sourceIp": 1}, "identity": {"sourceIp": null}});
    assert_eq!(request(json!({"headers": headers, "requestContext": context})).source_ip, "");
}

/// Returns the organization of a request in format 2.0, or `None` if it has another route.
fn organization(event: &Value) -> Option<String> {
    let mut request = request(event.clone());
    request.match_route(&Method::POST, "/v1/orgs/{orgId}/projects").ok()?;
    Some(request.path("orgId").to_owned())
}

#[test]
fn path_is_matched_if_no_gateway_did() {
    let mut event = json!({
        "routeKey": "$default",
        "rawPath": "/v1/orgs/a%2Bb/projects",
        "requestContext": {"domainName": "id.lambda-url.eu-central-1.on.aws", "http": {"method": "POST"}},
    });
    assert_eq!(organization(&event).as_deref(), Some("a+b"));
    // A gateway that takes any Host reports the caller's.
    let mut routed = event.clone();
    routed["routeKey"] = json!("POST /v1/orgs/{orgId}/projects");
    routed["pathParameters"] = json!({"orgId": "a%2Bb"});
    assert_eq!(organization(&routed).as_deref(), Some("a%2Bb"));
    event["requestContext"]["domainName"] = json!("api.example.com");
    assert_eq!(organization(&event).as_deref(), Some("a%2Bb"));
    event["pathParameters"] = json!({"orgId": "umbrella", "proxy": "v1"});
    for route in ["$default", "ANY /{proxy+}"] {
        event["routeKey"] = json!(route);
        assert_eq!(organization(&event).as_deref(), Some("a%2Bb"), "{event}");
    }
    for (place, value) in [("/rawPath", "/v1/orgs/acme"), ("/requestContext/http/method", "GET")] {
        let mut other = event.clone();
        if let Some(place) = other.pointer_mut(place) {
            *place = json!(value);
        }
        assert_eq!(organization(&other), None, "{other}");
    }
}

#[test]
fn gateway_path_parameters_are_kept() {
    let mut event = json!({
        "routeKey": "POST /v1/orgs/{orgId}/projects",
        "rawPath": "/elsewhere",
        "pathParameters": {"orgId": "acme"},
        "requestContext": {"http": {"method": "POST"}},
    });
    assert_eq!(organization(&event).as_deref(), Some("acme"));
    event["pathParameters"] = json!(null);
    assert_eq!(organization(&event).as_deref(), Some(""));
    event["requestContext"]["http"]["method"] = json!("GET");
    assert_eq!(organization(&event), None);
}

#[test]
fn only_identity_content_coding_passes() {
    let passes = |coding: &str| {
        request(json!({"headers": {"content-encoding": coding}})).refuse_content_coding().is_ok()
    };
    for coding in ["identity", "Identity", "identity, identity", "", " , "] {
        assert!(passes(coding), "{coding:?}");
    }
    for coding in ["gzip", "identity, gzip", "gzip,identity", "br", "*", "utf-8", "identity;q=1"] {
        assert!(!passes(coding), "{coding:?}");
    }
    assert!(request(json!({})).refuse_content_coding().is_ok());
}

#[test]
fn request_id_is_a_valid_header_value() {
    let id = |id: &str| request(json!({"requestContext": {"requestId": id}})).id;
    assert_eq!(id("JKJaXmPLvHcESHA="), "JKJaXmPLvHcESHA=");
    for bad in ["", "a b", "a\r\nset-cookie: x=1", "é", &"i".repeat(129)] {
        assert_eq!(id(bad), "lambda-id", "{bad:?}");
    }
    assert_eq!(request(json!({})).id, "lambda-id");
}

proptest! {
    #[test]
    fn base64_body_exceeds_only_limits_below_its_length(body: Vec<u8>, limit in 0..120_usize) {
        let mut request = encoded(&STANDARD.encode(&body));
        prop_assert_eq!(request.body_exceeds(limit), body.len() > limit);
        prop_assert_eq!(request.take_body().unwrap(), body);
    }

    #[test]
    fn no_body_makes_length_or_decoding_panic(body in "\\PC{0,20}=*") {
        let mut request = encoded(&body);
        request.body_exceeds(0);
        if let Some(bytes) = request.take_body() {
            prop_assert_eq!(STANDARD.encode(bytes), body);
        }
    }
}
