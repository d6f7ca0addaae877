//! Signatures, compared with those of the SDK's signer.

use std::time::Duration;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_types::body::SdkBody;
use proptest::prelude::*;

use super::*;

fn call(uri: &str, body: &str) -> HttpRequest {
    let mut request = HttpRequest::new(SdkBody::from(body.to_owned()));
    request.set_method("POST").unwrap();
    request.set_uri(uri.to_owned()).unwrap();
    request.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    request.headers_mut().insert("x-amz-target", "DynamoDB_20120810.Query");
    request
}

/// Returns `Authorization` by the SDK's signer.
fn expected(request: &HttpRequest, credentials: &Credentials, region: &str, now: Timestamp) -> String {
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("dynamodb")
        .time(now.into())
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let body = SignableBody::Bytes(request.body().bytes().unwrap());
    let signable =
        SignableRequest::new(request.method(), request.uri(), request.headers().iter(), body).unwrap();
    let (instructions, _) = sign(signable, &SigningParams::V4(params)).unwrap().into_parts();
    let (headers, _) = instructions.into_parts();
    headers.iter().find(|header| header.name() == "authorization").unwrap().value().to_owned()
}

proptest! {
    #[test]
    fn sdk_signs_calls_the_same(
        body in "\\PC{0,300}",
        token in proptest::option::of("[A-Za-z0-9/+=]{1,200}"),
        seconds in 1_700_000_000_i64..2_000_000_000,
        uri in prop_oneof![
            Just("https://dynamodb.eu-west-1.amazonaws.com"),
            Just("https://dynamodb.eu-west-1.amazonaws.com/"),
            Just("https://dynamodb.eu-west-1.amazonaws.com:443/"),
            Just("http://127.0.0.1:8000/"),
        ],
    ) {
        let (signer, now) = (Signer::new("eu-west-1".to_owned()), Timestamp::from_second(seconds).unwrap());
        for (access_key, later) in [("AKIA", 0), ("AKIA", 1), ("AKIB", 2), ("AKIB", 86_400)] {
            let now = now + Duration::from_secs(later);
            let credentials = Credentials::new(access_key, format!("secret of {access_key}"), token.clone(), None, "test");
            let mut request = call(uri, &body);
            let expected = expected(&request, &credentials, "eu-west-1", now);
            prop_assert_eq!(signer.sign(&mut request, &credentials, now), Some(()));
            prop_assert_eq!(request.headers().get("authorization"), Some(&*expected));
            prop_assert_eq!(request.headers().get("x-amz-security-token"), token.as_deref());
        }
    }
}

#[test]
fn sdk_signs_other_forms() {
    let signer = Signer::new("eu-west-1".to_owned());
    let credentials = Credentials::new("AKIA", "secret", None, None, "test");
    let mut traced = call("https://example.com", "{}");
    traced.headers_mut().insert("x-amz-note", "signed too");
    assert_eq!(signer.sign(&mut traced, &credentials, Timestamp::UNIX_EPOCH), None);
    for uri in ["https://example.com/path", "https://example.com/?query", "/relative"] {
        assert_eq!(signer.sign(&mut call(uri, "{}"), &credentials, Timestamp::UNIX_EPOCH), None, "{uri}");
    }
}
