//! Responses of queries, compared with what the SDK's reader makes of them.

use aws_smithy_types::body::SdkBody;

use super::*;

/// Reads a response, and checks that the SDK reads the same. Returns `None` if neither can.
fn read(status: u16, body: &str) -> Option<StoredPage> {
    read_with(&PageReader::new(), status, body)
}

fn read_with(reader: &PageReader, status: u16, body: &str) -> Option<StoredPage> {
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("x-amzn-requestid", "1");
    let config = ConfigBag::base();
    let of = |reader: &dyn DeserializeResponse| {
        let output = reader.deserialize_nonstreaming_with_config(&response, &config).ok()?;
        output.downcast::<QueryOutput>().ok()
    };
    let own = of(reader).map(|output| reader.page(output));
    let theirs = of(reader.sdk.load::<SharedResponseDeserializer>().unwrap()).map(StoredPage::from);
    assert_eq!(own, theirs, "{body}");
    own
}

#[test]
fn sdk_reads_pages_the_same() {
    let usual = r#"{"Count":2,"ScannedCount":2,"ConsumedCapacity":{"TableName":"notes","CapacityUnits":1.0},
        "Items":[{"pk":{"S":"ORG#a"},"t\u00e9xt":{"S":"\"\u00e9\n\ud83d\ude00"},"sk":{"S":"NOTE#2"},"version":{"N":"7"}},{"done":{"BOOL":true}}],
        "LastEvaluatedKey":{"pk":{"S":"ORG#a"},"sk":{"S":"NOTE#1"}}}"#;
    let page = read(200, usual).unwrap();
    assert_eq!((page.rows.len(), page.has_more), (2, true));
    let (place, row) = &page.rows[0];
    assert_eq!((&**place, row.optional("téxt"), row.get("sk")), ("NOTE#2", Some("\"é\n😀"), None));
    assert_eq!(read(200, r#"{"Count":0,"Items":[],"ScannedCount":0}"#), Some(StoredPage::default()));
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
        let body =
            format!(r#"{{"Count":1,"Items":[{{"pk":{{"S":"a"}},"sk":{{"S":"7"}},"other":{attribute}}}]}}"#);
        let page = read(200, &body).unwrap();
        let (place, row) = &page.rows[0];
        assert_eq!((&**place, row.get("sk"), row.get("other").is_some()), ("7", None, true), "{body}");
    }
    assert_eq!(read(200, r#"{"Count":3}"#), Some(StoredPage::default()));
    assert_eq!(read(200, ""), Some(StoredPage::default()));
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
        assert_eq!(read(status, body), None, "{body}");
    }
}

#[test]
fn last_attribute_of_a_name_counts() {
    let page = read(200, r#"{"Count":1,"Items":[{"a":{"S":"x"},"a":{"S":"y"}}]}"#).unwrap();
    assert_eq!(page.rows[0].1.optional("a"), Some("y"));
}

#[test]
fn reader_forgets_the_page_of_an_earlier_attempt() {
    let (reader, page) = (PageReader::new(), r#"{"Count":1,"Items":[{"sk":{"S":"7"}}]}"#);
    assert_eq!(read_with(&reader, 200, page).unwrap().rows.len(), 1);
    reader.replace(Some(StoredPage { has_more: true, ..StoredPage::default() }));
    assert_eq!(read_with(&reader, 500, page), None);
    assert_eq!(read_with(&reader, 200, r#"{"Count":0}"#), Some(StoredPage::default()));
}
