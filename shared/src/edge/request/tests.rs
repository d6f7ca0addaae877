//! How events of any shape are read.

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
fn header_names_have_no_case_and_repeated_ones_are_joined() {
    for name in ["Content-Type", "content-type", "CONTENT-TYPE"] {
        let request = request(json!({"headers": { name: "Application/JSON ; charset=utf-8" }}));
        assert_eq!(request.media_type(), "application/json", "{name}");
    }
    let twice = request(json!({"headers": {"X-A": "1", "x-a": "1"}}));
    assert_eq!(twice.header("x-a"), Some("1,1"));
    assert_eq!(request(json!({})).header("x-a"), None);
}

#[test]
fn a_body_without_a_type_has_none() {
    for headers in [json!({}), json!({"content-type": ""}), json!({"content-type": null})] {
        assert_eq!(request(json!({ "headers": headers })).media_type(), "");
    }
}

#[test]
fn the_length_of_a_body_is_known_before_it_is_decoded() {
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
fn a_declared_length_can_only_make_a_body_longer() {
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
fn a_body_that_is_not_the_base64_it_says_it_is_can_not_be_taken() {
    for body in ["=", "a", "ab", "abc", "ab=", "abcd=", "ab\ncd", "ab-_", "YR==", "====", "é", "{}"] {
        assert_eq!(encoded(body).take_body(), None, "{body:?}");
    }
    assert_eq!(encoded("e30=").take_body().as_deref(), Some(&b"{}"[..]));
    assert_eq!(request(json!({"body": "e30="})).take_body().as_deref(), Some(&b"e30="[..]));
    assert_eq!(request(json!({})).take_body().as_deref(), Some(&b""[..]));
}

#[test]
fn cookies_come_from_the_event_and_from_the_header() {
    let request = request(json!({"cookies": ["a=1", "b=2"], "headers": {"Cookie": "c=3; d=4"}}));
    assert_eq!(request.cookies, ["a=1", "b=2", "c=3; d=4"]);
}

#[test]
fn a_request_has_an_id_that_fits_into_a_header() {
    let id = |id: &str| request(json!({"requestContext": {"requestId": id}})).id;
    assert_eq!(id("JKJaXmPLvHcESHA="), "JKJaXmPLvHcESHA=");
    for bad in ["", "a b", "a\r\nset-cookie: x=1", "é", &"i".repeat(129)] {
        assert_eq!(id(bad), "lambda-id", "{bad:?}");
    }
    assert_eq!(request(json!({})).id, "lambda-id");
}

proptest! {
    #[test]
    fn a_body_in_base64_exceeds_exactly_the_limits_below_its_length(body: Vec<u8>, limit in 0..120_usize) {
        let mut request = encoded(&STANDARD.encode(&body));
        prop_assert_eq!(request.body_exceeds(limit), body.len() > limit);
        prop_assert_eq!(request.take_body().unwrap(), body);
    }

    #[test]
    fn no_body_makes_the_length_or_the_decoding_panic(body in "\\PC{0,20}=*") {
        let mut request = encoded(&body);
        request.body_exceeds(0);
        if let Some(bytes) = request.take_body() {
            prop_assert_eq!(STANDARD.encode(bytes), body);
        }
    }
}
