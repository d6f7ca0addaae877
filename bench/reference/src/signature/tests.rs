//! Tests of signatures, against the SDK's.

use std::sync::Mutex;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http::HeaderValue;
use jiff::Timestamp;
use lambda_runtime::Error;

use super::{JSON, Signer};

const HOST: &str = "dynamodb.eu-central-1.amazonaws.com";
const TARGET: &str = "DynamoDB_20120810.Query";
const BODY: &[u8] = br#"{"TableName":"projects"}"#;

/// Returns the `authorization` header of the SDK.
fn of_the_sdk(token: Option<&str>, now: Timestamp) -> Result<String, Error> {
    let identity = Credentials::new("AKIDEXAMPLE", "secret", token.map(str::to_owned), None, "test").into();
    let settings = SigningSettings::default();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("eu-central-1")
        .name("dynamodb")
        .time(now.into())
        .settings(settings)
        .build()?
        .into();
    let headers = [("content-type", JSON), ("host", HOST), ("x-amz-target", TARGET)];
    let url = format!("https://{HOST}/");
    let request = SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(BODY))?;
    let (instructions, _) = sign(request, &params)?.into_parts();
    let header = instructions.headers().find(|(name, _)| *name == "authorization");
    Ok(header.map(|(_, value)| value.to_owned()).unwrap_or_default())
}

#[test]
fn signatures_equal_the_sdks() -> Result<(), Error> {
    for token in [None, Some("session/token+")] {
        let signer = Signer {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "secret".to_owned(),
            session_token: token.map(HeaderValue::try_from).transpose()?,
            region: "eu-central-1".to_owned(),
            day: Mutex::default(),
        };
        for second in [1_795_321_391, 1_795_321_392, 1_795_407_791] {
            let now = Timestamp::from_second(second)?;
            let own = signer.sign(HOST, TARGET, BODY, now)?;
            assert_eq!(own.authorization, of_the_sdk(token, now)?);
        }
    }
    Ok(())
}
