//! Conversion of requests and responses by the gateway.

use anyhow::Result;
use local::lambda::MAX_PAYLOAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::common::{Meeting, event, start};

#[tokio::test]
async fn events_follow_payload_format_2_0() -> Result<()> {
    let (stack, client) = start().await?;
    let response = client.get("/echo?a=1").header("user-agent", "test").send().await?;
    let event = event(&response);
    let port = stack.url().rsplit(':').next();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "ANY /echo");
    assert_eq!(event["rawPath"], "/echo");
    assert_eq!(event["rawQueryString"], "a=1");
    assert_eq!(event["headers"]["host"].as_str(), stack.url().strip_prefix("http://"));
    assert_eq!(event["headers"]["content-length"], "0");
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    assert_eq!(event["headers"]["x-forwarded-port"].as_str(), port);
    assert_eq!(event["headers"]["x-forwarded-proto"], "http");
    assert!(event["headers"]["x-amzn-trace-id"].as_str().is_some_and(|id| id.starts_with("Root=1-")));
    let context = &event["requestContext"];
    let http = json!({"method": "GET", "path": "/echo", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"});
    assert_eq!(context["http"], http);
    assert_eq!(context["stage"], "$default");
    assert_eq!(context["routeKey"], "ANY /echo");
    assert_eq!(context["requestId"].as_str(), Some(response.header("apigw-requestid")));
    assert!(context["timeEpoch"].as_i64().is_some_and(|time| time > 1_700_000_000_000));
    assert!(context["time"].as_str().is_some_and(|time| time.ends_with(" +0000") && time.len() == 26));
    Ok(())
}

#[tokio::test]
async fn events_omit_absent_fields() -> Result<()> {
    let (_stack, client) = start().await?;
    let event = event(&client.get("/echo").send().await?);
    for name in ["body", "cookies", "pathParameters", "queryStringParameters"] {
        assert!(event.get(name).is_none(), "{name} is present");
    }
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["rawQueryString"], "");
    Ok(())
}

#[tokio::test]
async fn cookies_are_a_separate_list() -> Result<()> {
    let (_stack, client) = start().await?;
    let request = client.get("/echo").header("cookie", "a=1; b=2;c=3").header("cookie", "a=4");
    let event = event(&request.send().await?);
    assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3", "a=4"]));
    assert!(event["headers"].get("cookie").is_none());
    Ok(())
}

#[tokio::test]
async fn repeated_headers_and_parameters_are_joined_by_commas() -> Result<()> {
    let (_stack, client) = start().await?;
    let request = client.get("/echo?x=1&y=&x=2%2C3").header("X-Twice", "a").header("x-twice", "b");
    let event = event(&request.send().await?);
    assert_eq!(event["headers"]["x-twice"], "a,b");
    assert_eq!(event["queryStringParameters"], json!({"x": "1,2,3", "y": ""}));
    assert_eq!(event["rawQueryString"], "x=1&y=&x=2%2C3");
    Ok(())
}

#[tokio::test]
async fn paths_and_parameters_arrive_decoded() -> Result<()> {
    let (_stack, client) = start().await?;
    let event = event(&client.post("/things/caf%C3%A9%20%252F1?q=a+b%26").send().await?);
    assert_eq!(event["rawPath"], "/things/café %2F1");
    assert_eq!(event["requestContext"]["http"]["path"], "/things/café %2F1");
    assert_eq!(event["pathParameters"], json!({"thingId": "café %2F1"}));
    assert_eq!(event["queryStringParameters"], json!({"q": "a b&"}));
    Ok(())
}

#[tokio::test]
async fn encoded_slashes_divide_segments() -> Result<()> {
    let (_stack, client) = start().await?;
    assert_eq!(client.post("/things/a%2Fb").send().await?.status, 404);
    let event = event(&client.post("/things%2fknown").send().await?);
    assert_eq!(
        (&event["routeKey"], &event["rawPath"]),
        (&json!("POST /things/known"), &json!("/things/known"))
    );
    Ok(())
}

#[tokio::test]
async fn consecutive_slashes_count_as_one() -> Result<()> {
    let (_stack, client) = start().await?;
    for path in ["//things/a", "/things///a", "/things/%2Fa"] {
        let event = event(&client.post(path).send().await?);
        assert_eq!(
            (&event["rawPath"], &event["pathParameters"]["thingId"]),
            (&json!("/things/a"), &json!("a"))
        );
    }
    assert_eq!(client.post("/things//").send().await?.status, 404);
    assert_eq!(client.post("/things/a//").send().await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn forwarded_address_never_becomes_the_source() -> Result<()> {
    let (_stack, client) = start().await?;
    let event = event(&client.get("/echo").header("x-forwarded-for", "9.9.9.9").send().await?);
    assert_eq!(event["headers"]["x-forwarded-for"], "9.9.9.9, 127.0.0.1");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    Ok(())
}

#[tokio::test]
async fn only_utf8_text_skips_base64() -> Result<()> {
    let (_stack, client) = start().await?;
    let cases: [(&str, &[u8], Value); 6] = [
        ("application/json", b"{}", json!(["{}", false])),
        ("text/plain; charset=utf-8", "é".as_bytes(), json!(["é", false])),
        ("application/problem+json", b"{}", json!(["{}", false])),
        ("application/json", b"\xff", json!(["/w==", true])),
        ("application/octet-stream", b"abc", json!(["YWJj", true])),
        ("multipart/form-data; boundary=x", b"abc", json!(["YWJj", true])),
    ];
    for (content_type, body, expected) in cases {
        let event = event(&client.post("/echo").body(content_type, body).send().await?);
        assert_eq!(json!([event["body"], event["isBase64Encoded"]]), expected, "{content_type}");
    }
    Ok(())
}

#[tokio::test]
async fn the_most_specific_route_wins() -> Result<()> {
    let (_stack, client) = start().await?;
    for (method, path, route) in [
        ("POST", "/things/known", "POST /things/known"),
        ("POST", "/things/other", "POST /things/{thingId}"),
        ("GET", "/files/a/b%20c", "GET /files/{path+}"),
        ("DELETE", "/echo", "ANY /echo"),
    ] {
        let event = event(&client.request(method, path).send().await?);
        assert_eq!(event["routeKey"], route, "{method} {path}");
    }
    Ok(())
}

#[tokio::test]
async fn unrouted_requests_get_404() -> Result<()> {
    let (_stack, client) = start().await?;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/echo/"),
        ("GET", "/things/1"),
        ("POST", "/things/"),
        ("GET", "/files/"),
        ("GET", "/Echo"),
    ] {
        let response = client.request(method, path).send().await?;
        assert_eq!(
            (response.status, response.json()),
            (404, json!({"message": "Not Found"})),
            "{method} {path}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn body_over_10_mb_gets_413() -> Result<()> {
    let (_stack, client) = start().await?;
    let response = client.post("/echo").body("image/png", vec![0; 10 * 1024 * 1024 + 1]).send().await?;
    assert_eq!((response.status, response.json()), (413, json!({"message": "Request Entity Too Large"})));
    assert_eq!(client.get("/echo").send().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn event_over_6_mb_gets_413() -> Result<()> {
    let (_stack, client) = start().await?;
    // Only in base64 the body is larger than Lambda's limit.
    let response = client.post("/echo").body("image/png", vec![0; MAX_PAYLOAD / 4 * 3]).send().await?;
    assert_eq!((response.status, response.json()), (413, json!({"message": "Request Entity Too Large"})));
    Ok(())
}

#[tokio::test]
async fn expect_100_continue_is_honored() -> Result<()> {
    let (stack, _) = start().await?;
    let mut stream = TcpStream::connect(stack.url().trim_start_matches("http://")).await?;
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await?;
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ok").await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    Ok(())
}

#[tokio::test]
async fn payload_format_2_0_responses_are_converted() -> Result<()> {
    let (_stack, client) = start().await?;
    let response = client.get("/echo?mode=rich").send().await?;
    assert_eq!(response.status, 201);
    assert_eq!(response.body.as_ref(), b"\x00\x01\xff");
    assert_eq!(response.header("x-number"), "7");
    let cookies: Vec<_> = response.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
    Ok(())
}

#[tokio::test]
async fn payload_without_a_status_is_the_body() -> Result<()> {
    let (_stack, client) = start().await?;
    let response = client.get("/echo?mode=plain").send().await?;
    assert_eq!((response.status, response.header("content-type")), (200, "application/json"));
    assert_eq!(response.json(), json!({"hello": "world"}));
    Ok(())
}

#[tokio::test]
async fn malformed_or_oversized_responses_become_500() -> Result<()> {
    let (_stack, client) = start().await?;
    for mode in ["malformed", "large", "error"] {
        let response = client.get(&format!("/echo?mode={mode}")).send().await?;
        assert_eq!(
            (response.status, response.json()),
            (500, json!({"message": "Internal Server Error"})),
            "{mode}"
        );
    }
    assert_eq!(client.get("/echo").send().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn invocation_continues_after_its_client_disconnects() -> Result<()> {
    let (stack, client) = start().await?;
    let meeting = Meeting::open().await?;
    let abandoned = tokio::spawn(client.get(&meeting.path()?).send());
    let invocation = meeting.next().await?;
    abandoned.abort();
    drop(abandoned.await);
    assert_eq!(client.get("/echo").send().await?.status, 200);
    invocation.release().await?;
    assert!(!stack.logs("echo").iter().any(|line| line.contains("the process ended")));
    Ok(())
}
