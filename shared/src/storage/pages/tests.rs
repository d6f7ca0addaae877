//! Responses of queries, compared with what the SDK's reader makes of them.

use aws_smithy_types::body::SdkBody;

use super::*;

/// Reads a response, and checks that the SDK reads the same. Returns `None` if neither can.
fn read(status: u16, body: &str) -> Option<QueryOutput> {
    let PageReader { sdk } = PageReader::new();
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("x-amzn-requestid", "1");
    let config = ConfigBag::base();
    let of = |reader: &dyn DeserializeResponse| {
        let output = reader.deserialize_nonstreaming_with_config(&response, &config).ok()?;
        output.downcast::<QueryOutput>().ok()
    };
    let own = of(&Reader(sdk.clone()));
    let theirs = of(sdk.load::<SharedResponseDeserializer>().unwrap());
    let parts = |page: &Option<QueryOutput>| {
        let page = page.as_ref()?;
        Some((page.items().to_vec(), page.count(), page.last_evaluated_key.clone()))
    };
    assert_eq!(parts(&own), parts(&theirs), "{body}");
    own
}

#[test]
fn sdk_reads_pages_the_same() {
    let usual = r#"{"Count":2,"ScannedCount":2,"ConsumedCapacity":{"TableName":"notes","CapacityUnits":1.0},
        "Items":[{"pk":{"S":"ORG#a"},"text":{"S":"\"\u00e9\n\ud83d\ude00"},"version":{"N":"7"}},{"done":{"BOOL":true}}],
        "LastEvaluatedKey":{"pk":{"S":"ORG#a"},"sk":{"S":"NOTE#1"}}}"#;
    assert_eq!(read(200, usual).unwrap().items().len(), 2);
    assert_eq!(read(200, r#"{"Count":0,"Items":[],"ScannedCount":0}"#).unwrap().count(), 0);
}

#[test]
fn sdk_reads_unusual_rows() {
    for attribute in [
        r#"{"B":"AAEC"}"#,
        r#"{"L":[{"S":"a"},{"M":{"b":{"NULL":true}}}]}"#,
        r#"{"SS":["a","b"]}"#,
        r#"{"NULL":true}"#,
        r#"{"LATER":"type"}"#,
    ] {
        let body = format!(r#"{{"Count":1,"Items":[{{"pk":{{"S":"a"}},"other":{attribute}}}]}}"#);
        assert_eq!(read(200, &body).map(|page| page.count()), Some(1), "{body}");
    }
    assert_eq!(read(200, r#"{"Count":3}"#).unwrap().count(), 3);
    assert_eq!(read(200, "").unwrap().count(), 0);
}

#[test]
fn other_responses_are_errors() {
    for (status, body) in [
        (200, r#"{"Count":1,"Items":[{"pk":null}]}"#),
        (200, r#"{"Count":1,"Items":[{"pk":{"S":"#),
        (200, r#"{"Count":1,"Items":[{"pk":{"S":1}}]}"#),
        (400, r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","Count":0,"Items":[]}"#),
        (500, r#"{"Count":0,"Items":[]}"#),
    ] {
        assert_eq!(read(status, body).map(|page| page.count()), None, "{body}");
    }
}
