//! Kinds of failures, made of the SDK's own errors.

use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::*;

/// Returns the kind of a response with this status and body.
fn failed(status: u16, body: &str) -> Option<Failure> {
    of_response(&HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))).failed
}

fn exception(code: &str) -> String {
    json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "no"}).to_string()
}

fn canceled(codes: &[&str]) -> String {
    let reasons: Vec<_> = codes.iter().map(|code| json!({ "Code": code })).collect();
    json!({"__type": "a#TransactionCanceledException", "CancellationReasons": reasons}).to_string()
}

#[test]
fn codes_of_dynamodb_have_kinds() {
    for (status, code, kind) in [
        (400, "ProvisionedThroughputExceededException", Some(Failure::Throttled)),
        (400, "ThrottlingException", Some(Failure::Throttled)),
        (400, "RequestLimitExceeded", Some(Failure::Throttled)),
        (400, "AccessDeniedException", Some(Failure::Denied)),
        (400, "UnrecognizedClientException", Some(Failure::Denied)),
        (400, "InvalidSignatureException", Some(Failure::Denied)),
        (400, "ExpiredTokenException", Some(Failure::Denied)),
        (400, "ResourceNotFoundException", Some(Failure::NotFound)),
        (400, "ValidationException", Some(Failure::Defect)),
        (400, "ItemCollectionSizeLimitExceededException", Some(Failure::Defect)),
        (500, "InternalServerError", Some(Failure::Unavailable)),
        (400, "ConditionalCheckFailedException", None),
        (400, "TransactionInProgressException", None),
    ] {
        assert_eq!(failed(status, &exception(code)), kind, "{code}");
    }
}

#[test]
fn canceled_transactions_fail_if_throttled() {
    assert_eq!(failed(400, &canceled(&["None", "ThrottlingError"])), Some(Failure::Throttled));
    assert_eq!(failed(400, &canceled(&["ProvisionedThroughputExceeded"])), Some(Failure::Throttled));
    assert_eq!(failed(400, &canceled(&["None", "ConditionalCheckFailed"])), None);
    assert_eq!(failed(400, &canceled(&["TransactionConflict"])), None);
}

#[test]
fn canceled_transactions_of_other_reasons_are_defects() {
    for code in ["ValidationError", "ItemCollectionSizeLimitExceeded", "DuplicateItem"] {
        assert_eq!(
            failed(400, &canceled(&["ConditionalCheckFailed", code])),
            Some(Failure::Defect),
            "{code}"
        );
    }
    assert_eq!(failed(400, &canceled(&["AccessDenied"])), Some(Failure::Denied));
}

#[test]
fn codes_of_s3_have_kinds() {
    for (status, code, kind) in [
        (503, "SlowDown", Some(Failure::Throttled)),
        (503, "ServiceUnavailable", Some(Failure::Throttled)),
        (500, "InternalError", Some(Failure::Unavailable)),
        (400, "RequestTimeout", Some(Failure::Timeout)),
        (400, "InvalidRequest", Some(Failure::Defect)),
        (403, "AccessDenied", Some(Failure::Denied)),
        (404, "NoSuchBucket", Some(Failure::NotFound)),
        (405, "MethodNotAllowed", Some(Failure::NotFound)),
        (409, "ConditionalRequestConflict", None),
        (412, "PreconditionFailed", None),
    ] {
        let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
        assert_eq!(failed(status, &body), kind, "{code}");
    }
    assert_eq!(failed(404, ""), Some(Failure::NotFound));
    assert_eq!(failed(200, "<html>welcome</html>"), Some(Failure::Network));
}

#[test]
fn throttling_reasons_name_table_and_index() {
    let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/notes/index/by-name";
    for list in ["throttlingReasons", "ThrottlingReasons"] {
        let reason = json!({"reason": "IndexReadKeyRangeThroughputExceeded", "resource": arn});
        let body = json!({"__type": "a#ThrottlingException", list: [reason]}).to_string();
        let attempt = of_response(&HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body)));
        let reasons = attempt.throttling_reasons.into_iter().map(|it| (it.reason, it.resource));
        let expected = ("IndexReadKeyRangeThroughputExceeded".to_owned(), "notes/index/by-name".to_owned());
        assert_eq!(reasons.collect::<Vec<_>>(), [expected]);
    }
}
