//! Presigned URLs of the S3 emulator: what the SDK signs, and what the emulator refuses.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::ChecksumMode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use local::client::{Client, RequestBuilder, Response};
use local::emulators::External;
use local::ports::neighboring_ports;
use local::stack::{Options, Stack};
use s3s::crypto::{Checksum, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::command_line;
use super::common::{bucket_client, options, start};

pub(super) const BUCKET: &str = "things-bucket";
const BODY: &[u8] = b"bytes";
const LARGE: usize = 105_000_000;

fn sha256(body: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::checksum(body))
}

fn minutes() -> Result<PresigningConfig> {
    Ok(PresigningConfig::expires_in(Duration::from_mins(1))?)
}

/// Returns a put of exactly this body.
fn pinned(stack: &Stack, key: &str, body: &[u8]) -> PutObjectFluentBuilder {
    let put =
        bucket_client(stack).put_object().bucket(BUCKET).key(key).if_none_match("*").tagging("state=new");
    let length = i64::try_from(body.len()).unwrap_or_default();
    put.content_length(length).content_type("text/plain").checksum_sha256(sha256(body))
}

/// Returns the request, with its signed headers. The client adds the length of its body itself.
pub(super) fn request(stack: &Stack, signed: &PresignedRequest) -> Result<RequestBuilder> {
    let path = signed.uri().strip_prefix(stack.s3_endpoint()).context("it is for another endpoint")?;
    let request = Client::new(stack.s3_endpoint()).request(signed.method(), path);
    let headers = signed.headers().filter(|(name, _)| *name != "content-length");
    Ok(headers.fold(request, |request, (name, value)| request.header(name, value)))
}

/// Returns the status, and the code of S3's error.
pub(super) fn outcome(response: &Response) -> String {
    let body = String::from_utf8_lossy(&response.body);
    let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    format!("{} {}", response.status, code.map_or("", |(code, _)| code)).trim_end().to_owned()
}

#[tokio::test]
async fn sdk_signs_all_headers_of_a_put() -> Result<()> {
    let (stack, _) = start().await?;
    let signed = pinned(&stack, "k", BODY).presigned(minutes()?).await?;
    let names = "content-length;content-type;host;if-none-match;x-amz-checksum-sha256;x-amz-tagging";
    let names = format!("&X-Amz-SignedHeaders={}&", names.replace(';', "%3B"));
    assert!(signed.uri().contains(&names), "{}", signed.uri());
    let mut headers: Vec<_> = signed.headers().collect();
    headers.sort_unstable();
    let expected = [
        ("content-length", "5"),
        ("content-type", "text/plain"),
        ("if-none-match", "*"),
        ("x-amz-checksum-sha256", "J3CJ2RwL308uaGK6fkoHYFEZQx9dE/cm3TUrBvGyBqk="),
        ("x-amz-tagging", "state=new"),
    ];
    assert_eq!(headers, expected);
    Ok(())
}

#[tokio::test]
async fn presigned_put_stores_the_pinned_object() -> Result<()> {
    let (stack, _) = start().await?;
    let signed = pinned(&stack, "a b/é.txt", BODY).presigned(minutes()?).await?;
    let response = request(&stack, &signed)?.untyped(BODY).send().await?;
    assert_eq!(outcome(&response), "200");
    assert_eq!(response.header("etag"), "\"4b3a6218bb3e3a7303e8a171a60fcf92\"");

    let head = || bucket_client(&stack).head_object().bucket(BUCKET).key("a b/é.txt");
    let object = head().checksum_mode(ChecksumMode::Enabled).send().await?;
    assert_eq!((object.content_length(), object.content_type()), (Some(5), Some("text/plain")));
    assert_eq!(object.checksum_sha256(), Some(sha256(BODY).as_str()));
    assert_eq!(head().send().await?.checksum_sha256(), None);
    let tags = bucket_client(&stack).get_object_tagging().bucket(BUCKET).key("a b/é.txt").send().await?;
    assert_eq!((tags.tag_set()[0].key(), tags.tag_set()[0].value()), ("state", "new"));
    Ok(())
}

#[tokio::test]
async fn presigned_put_refuses_everything_else() -> Result<()> {
    let (stack, _) = start().await?;
    let signed = pinned(&stack, "k", BODY).presigned(minutes()?).await?;
    let put = || Ok::<_, anyhow::Error>(request(&stack, &signed)?.untyped(BODY));
    let replaced = |name: &str, value: &str| Ok::<_, anyhow::Error>(put()?.without(name).header(name, value));
    let unmatched = "403 SignatureDoesNotMatch";
    for (case, request, expected) in [
        ("shorter", put()?.untyped("byte"), unmatched),
        ("longer", put()?.untyped("bytes "), unmatched),
        ("empty", put()?.untyped(""), unmatched),
        ("other bytes", put()?.untyped("bytez"), "400 BadDigest"),
        ("other checksum", replaced("x-amz-checksum-sha256", &sha256(b"bytez"))?.untyped("bytez"), unmatched),
        ("no checksum", put()?.without("x-amz-checksum-sha256"), unmatched),
        ("other type", replaced("content-type", "text/html")?, unmatched),
        ("no type", put()?.without("content-type"), unmatched),
        ("other tag", replaced("x-amz-tagging", "state=old")?, unmatched),
        ("two tags", put()?.header("x-amz-tagging", "state=old"), unmatched),
        ("no tag", put()?.without("x-amz-tagging"), unmatched),
        ("no condition", put()?.without("if-none-match"), unmatched),
        ("unsigned header", put()?.header("x-amz-meta-owner", "me"), "403 AccessDenied"),
        ("unsigned hash", put()?.header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "403 AccessDenied"),
    ] {
        assert_eq!(outcome(&request.send().await?), expected, "{case}");
    }
    let stored = bucket_client(&stack).list_objects_v2().bucket(BUCKET).send().await?;
    assert_eq!(stored.contents(), []);
    assert_eq!(outcome(&put()?.send().await?), "200");
    assert_eq!(outcome(&put()?.send().await?), "412 PreconditionFailed");
    Ok(())
}

/// The emulator refuses the request by its headers. Many clients read the response only after their whole body.
#[tokio::test]
async fn refused_large_upload_gets_its_response() -> Result<()> {
    let (stack, _) = start().await?;
    let address = stack.s3_endpoint().strip_prefix("http://").context("no URL")?;
    let body = vec![7; 20 * 1024 * 1024];
    let head =
        format!("PUT /{BUCKET}/k HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(&body).await?;
    let mut response = [0; 12];
    connection.read_exact(&mut response).await?;
    assert_eq!(&response, b"HTTP/1.1 403");
    Ok(())
}

#[tokio::test]
async fn changed_and_expired_urls_are_refused() -> Result<()> {
    let (stack, _) = start().await?;
    let signed = pinned(&stack, "k", BODY).presigned(minutes()?).await?;
    let client = Client::new(stack.s3_endpoint());
    let path = signed.uri().strip_prefix(stack.s3_endpoint()).context("it is for another endpoint")?;
    let send = |method: &str, path: &str| {
        let request = client.request(method, path);
        let headers = signed.headers().filter(|(name, _)| *name != "content-length");
        headers.fold(request, |request, (name, value)| request.header(name, value)).untyped(BODY)
    };
    for (method, path) in [
        ("PUT", path.replace("/k?", "/l?")),
        ("PUT", path.replace("Expires=60", "Expires=600")),
        ("PUT", path.replace("%3Bx-amz-tagging", "")),
        ("PUT", format!("{path}&versionId=1")),
        ("DELETE", path.to_owned()),
    ] {
        let refused = outcome(&send(method, &path).send().await?);
        assert!(
            ["403 SignatureDoesNotMatch", "403 AccessDenied"].contains(&refused.as_str()),
            "{path}: {refused}"
        );
    }
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let expired = PresigningConfig::builder().start_time(past).expires_in(Duration::from_mins(1)).build()?;
    let expired = pinned(&stack, "k", BODY).presigned(expired).await?;
    let response = request(&stack, &expired)?.untyped(BODY).send().await?;
    assert_eq!(outcome(&response), "403 AccessDenied");
    assert!(String::from_utf8_lossy(&response.body).contains("Request has expired"));
    let stored = bucket_client(&stack).list_objects_v2().bucket(BUCKET).send().await?;
    assert_eq!(stored.contents(), []);
    Ok(())
}

#[tokio::test]
async fn presigned_get_sets_headers_of_its_response() -> Result<()> {
    let (stack, _) = start().await?;
    let put = bucket_client(&stack).put_object().bucket(BUCKET).key("k").body(BODY.to_vec().into());
    put.content_type("text/html").content_disposition("inline").send().await?;
    let get = bucket_client(&stack).get_object().bucket(BUCKET).key("k").response_content_type("image/png");
    let get =
        get.response_content_disposition("attachment; filename=\"a b.png\"; filename*=UTF-8''%C3%A9.png");
    let get = get.response_cache_control("no-store").response_content_language("de");
    let signed = get.presigned(minutes()?).await?;
    assert_eq!(signed.headers().count(), 0);

    let response = request(&stack, &signed)?.send().await?;
    assert_eq!((outcome(&response), &*response.body), ("200".to_owned(), BODY));
    for (name, value) in [
        ("content-length", "5"),
        ("content-type", "image/png"),
        ("content-disposition", "attachment; filename=\"a b.png\"; filename*=UTF-8''%C3%A9.png"),
        ("cache-control", "no-store"),
        ("content-language", "de"),
    ] {
        assert_eq!(response.header(name), value);
    }
    let part = request(&stack, &signed)?.header("range", "bytes=1-2").send().await?;
    assert_eq!((part.status, part.header("content-range"), &*part.body), (206, "bytes 1-2/5", &b"yt"[..]));
    let beyond = request(&stack, &signed)?.header("range", "bytes=5-").send().await?;
    assert_eq!(outcome(&beyond), "416 InvalidRange");
    Ok(())
}

#[tokio::test]
async fn unsigned_overrides_and_missing_objects_are_refused() -> Result<()> {
    let (stack, _) = start().await?;
    let signed = bucket_client(&stack).get_object().bucket(BUCKET).key("k").presigned(minutes()?).await?;
    let response = request(&stack, &signed)?.send().await?;
    assert_eq!(outcome(&response), "404 NoSuchKey");
    let path = signed.uri().strip_prefix(stack.s3_endpoint()).context("it is for another endpoint")?;
    let client = Client::new(stack.s3_endpoint());
    let response = client.get(&format!("{path}&response-content-type=text%2Fhtml")).send().await?;
    assert_eq!(outcome(&response), "403 SignatureDoesNotMatch");
    assert_eq!(outcome(&client.get("/things-bucket/k").send().await?), "403 AccessDenied");
    let two_credentials = client.get(path).bearer("token").send().await?;
    assert_eq!(outcome(&two_credentials), "400 InvalidArgument");
    Ok(())
}

/// Returns the peak memory of a process in KiB.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Returns the process of a stack's S3.
#[cfg(target_os = "linux")]
fn s3_process(stack: u32) -> Result<u32> {
    // A process is listed below the thread that started it.
    for thread in std::fs::read_dir(format!("/proc/{stack}/task"))? {
        let children = std::fs::read_to_string(thread?.path().join("children"))?;
        for child in children.split_whitespace() {
            if std::fs::read_to_string(format!("/proc/{child}/comm"))?.trim_end() == "local-s3" {
                return Ok(child.parse()?);
            }
        }
    }
    anyhow::bail!("it has no S3")
}

/// The memory of the stack and of its S3, which both bodies pass through, is measured.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn large_files_pass_through_little_memory() -> Result<()> {
    let [dynamodb, s3] = neighboring_ports()?;
    let emulators = format!("127.0.0.1:{dynamodb}");
    let mut child =
        command_line::stack(&["--port", "0", "--ephemeral", "--emulators", &emulators])?.spawn()?;
    command_line::url(&mut child).await?;
    let external = External { dynamodb: None, s3: Some(format!("http://127.0.0.1:{s3}")) };
    let stack = Stack::start(Options { external, ..options()? }).await?;
    let stack_process = child.id().context("it has ended")?;
    let processes = [stack_process, s3_process(stack_process)?];
    let before = processes.map(peak).into_iter().sum::<Result<usize>>()?;

    let body = Bytes::from((0..=249).collect::<Vec<u8>>().repeat(LARGE / 250));
    let put = pinned(&stack, "k", &body).presigned(minutes()?).await?;
    let get = bucket_client(&stack).get_object().bucket(BUCKET).key("k").presigned(minutes()?).await?;
    let response = request(&stack, &put)?.untyped(body.clone()).send().await?;
    assert_eq!(outcome(&response), "200");
    let response = request(&stack, &get)?.send().await?;
    assert!(response.body == body, "{} bytes came back", response.body.len());
    let end = request(&stack, &get)?.header("range", "bytes=-3").send().await?;
    assert_eq!(&*end.body, &body[LARGE - 3..]);
    let grown = processes.map(peak).into_iter().sum::<Result<usize>>()? - before;
    assert!(grown < 48 * 1024, "{grown} KiB");
    Ok(())
}
