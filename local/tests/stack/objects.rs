//! The S3 emulator, through the SDK.

use anyhow::{Context, Result};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Credentials, RequestChecksumCalculation};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, Delete, ObjectIdentifier};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{Method, StatusCode};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use local::emulators::Data;
use local::stack::Stack;
use local::tasks::{Task, loopback_listener};

use super::common::{bucket_client, options, start};

const BUCKET: &str = "things-bucket";

async fn body(client: &Client, key: &str) -> Result<Vec<u8>> {
    let object = client.get_object().bucket(BUCKET).key(key).send().await?;
    Ok(object.body.collect().await?.to_vec())
}

async fn keys(client: &Client) -> Result<Vec<String>> {
    let page = client.list_objects_v2().bucket(BUCKET).send().await?;
    Ok(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect())
}

#[tokio::test]
async fn objects_keep_their_headers_metadata_and_tags() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    let put = client.put_object().bucket(BUCKET).key("a/b c/é.png").body(ByteStream::from_static(b"bytes"));
    let put = put.content_type("image/png").content_disposition("attachment").metadata("owner", "me");
    put.checksum_algorithm(ChecksumAlgorithm::Sha256).tagging("k=v%20w").send().await?;

    let get = client.get_object().bucket(BUCKET).key("a/b c/é.png").checksum_mode(ChecksumMode::Enabled);
    let object = get.send().await?;
    assert_eq!(object.content_type(), Some("image/png"));
    assert_eq!(object.content_disposition(), Some("attachment"));
    assert_eq!(object.metadata().and_then(|metadata| metadata.get("owner")).map(String::as_str), Some("me"));
    assert_eq!(object.checksum_sha256(), Some("J3CJ2RwL308uaGK6fkoHYFEZQx9dE/cm3TUrBvGyBqk="));
    assert_eq!(object.body.collect().await?.to_vec(), b"bytes");

    let head = client.head_object().bucket(BUCKET).key("a/b c/é.png").send().await?;
    assert_eq!((head.content_length(), head.content_type()), (Some(5), Some("image/png")));
    assert_eq!(head.e_tag(), Some("\"4b3a6218bb3e3a7303e8a171a60fcf92\""));
    let tags = client.get_object_tagging().bucket(BUCKET).key("a/b c/é.png").send().await?;
    assert_eq!((tags.tag_set()[0].key(), tags.tag_set()[0].value()), ("k", "v w"));
    Ok(())
}

#[tokio::test]
async fn deleting_tags_keeps_the_object() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    let put = client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"bytes"));
    put.content_type("image/png").tagging("a=1&b=2").send().await?;
    for _ in 0..2 {
        client.delete_object_tagging().bucket(BUCKET).key("k").send().await?;
        let tags = client.get_object_tagging().bucket(BUCKET).key("k").send().await?;
        assert_eq!(tags.tag_set(), []);
    }
    let object = client.get_object().bucket(BUCKET).key("k").send().await?;
    assert_eq!(object.content_type(), Some("image/png"));
    assert_eq!(object.body.collect().await?.to_vec(), b"bytes");
    let error = client.delete_object_tagging().bucket(BUCKET).key("none").send().await;
    assert_eq!(error.expect_err("it is there").into_service_error().code(), Some("NoSuchKey"));
    Ok(())
}

#[tokio::test]
async fn range_reads_return_part_of_an_object() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"0123456789")).send().await?;
    let part = client.get_object().bucket(BUCKET).key("k").range("bytes=2-4").send().await?;
    assert_eq!(part.content_range(), Some("bytes 2-4/10"));
    assert_eq!(part.body.collect().await?.to_vec(), b"234");
    Ok(())
}

#[tokio::test]
async fn chunked_bodies_with_trailing_checksums_are_stored() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), vec![7; 300_000])?;
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ] {
        let body = ByteStream::from_path(file.path()).await?;
        let put = client.put_object().bucket(BUCKET).key(algorithm.as_str()).body(body);
        put.checksum_algorithm(algorithm.clone()).send().await.context(algorithm.as_str().to_owned())?;
        assert_eq!(body_length(&client, algorithm.as_str()).await?, 300_000);
    }
    Ok(())
}

async fn body_length(client: &Client, key: &str) -> Result<usize> {
    Ok(body(client, key).await?.len())
}

#[tokio::test]
async fn body_with_a_wrong_checksum_is_refused() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    let put = || client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"bytes"));
    let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for put in [
        put().checksum_sha256(zeros),
        put().checksum_crc32("AAAAAA=="),
        put().checksum_crc64_nvme("AAAAAAAAAAA="),
        put().content_md5("AAAAAAAAAAAAAAAAAAAAAA=="),
    ] {
        let error = put.send().await.expect_err("it is stored").into_service_error();
        assert_eq!(error.code(), Some("BadDigest"));
    }
    assert!(keys(&client).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn concurrent_puts_leave_one_whole_object() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    let put = |byte: u8| {
        let put = client.put_object().bucket(BUCKET).key("k").body(vec![byte; 200_000].into());
        tokio::spawn(put.send())
    };
    let puts: Vec<_> = (0..8).map(put).collect();
    for put in puts {
        put.await??;
    }
    let body = body(&client, "k").await?;
    assert_eq!(body.len(), 200_000);
    assert!(body.iter().all(|byte| *byte == body[0]));
    assert_eq!(keys(&client).await?, ["k"]);
    Ok(())
}

#[tokio::test]
async fn if_none_match_refuses_an_existing_object() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    let put = |body: &'static [u8]| {
        client
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .if_none_match("*")
            .body(ByteStream::from_static(body))
            .send()
    };
    put(b"first").await?;
    let error = put(b"second").await.expect_err("it is replaced").into_service_error();
    assert_eq!(error.code(), Some("PreconditionFailed"));
    assert_eq!(body(&client, "k").await?, b"first");
    Ok(())
}

#[tokio::test]
async fn wrong_credentials_are_refused() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    for (id, key, code) in [("test", "wrong", "SignatureDoesNotMatch"), ("nobody", "test", "NotSignedUp")] {
        let credentials = Credentials::new(id, key, None, None, "test");
        let config = client.config().to_builder().credentials_provider(credentials).build();
        let put = Client::from_conf(config).put_object().bucket(BUCKET).key("k").body(vec![1].into());
        let error = put.send().await.expect_err("it is stored").into_service_error();
        assert_eq!(error.code(), Some(code));
    }
    assert!(keys(&client).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn body_without_a_checksum_is_stored() -> Result<()> {
    let (stack, _) = start().await?;
    let config = bucket_client(&stack).config().to_builder();
    let config = config.request_checksum_calculation(RequestChecksumCalculation::WhenRequired).build();
    let client = Client::from_conf(config);
    client.put_object().bucket(BUCKET).key("k").body(vec![1, 2, 3].into()).send().await?;
    assert_eq!(body(&client, "k").await?, [1, 2, 3]);
    Ok(())
}

#[tokio::test]
async fn listings_have_pages_and_common_prefixes() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    for key in ["a/1", "a/2", "b/1", "c", "d/1"] {
        client.put_object().bucket(BUCKET).key(key).body(vec![1].into()).send().await?;
    }
    let mut pages =
        client.list_objects_v2().bucket(BUCKET).delimiter("/").max_keys(2).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page?;
        names.extend(page.common_prefixes().iter().filter_map(|folder| folder.prefix().map(str::to_owned)));
        names.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
    }
    assert_eq!(names, ["a/", "b/", "d/", "c"]);
    let page = client.list_objects_v2().bucket(BUCKET).prefix("a/").start_after("a/1").send().await?;
    assert_eq!(page.contents().iter().map(|object| object.key()).collect::<Vec<_>>(), [Some("a/2")]);
    Ok(())
}

#[tokio::test]
async fn missing_objects_and_buckets_get_s3_errors() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    let error = client.get_object().bucket(BUCKET).key("k").send().await.expect_err("it is there");
    assert!(error.into_service_error().is_no_such_key());
    let error = client.head_object().bucket(BUCKET).key("k").send().await.expect_err("it is there");
    assert!(error.into_service_error().is_not_found());
    let error = client.put_object().bucket("nothing").key("k").body(vec![1].into()).send().await;
    assert_eq!(error.expect_err("it is stored").into_service_error().code(), Some("NoSuchBucket"));
    client.delete_object().bucket(BUCKET).key("k").send().await?;
    assert!(client.head_bucket().bucket("nothing").send().await.is_err());
    client.head_bucket().bucket(BUCKET).send().await?;
    assert_eq!(client.list_buckets().send().await?.buckets()[0].name(), Some(BUCKET));
    Ok(())
}

#[tokio::test]
async fn objects_in_a_data_folder_survive_a_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut options = options()?;
    options.data = Data::Dir(folder.path().to_owned());
    let stack = Stack::start(options.clone()).await?;
    bucket_client(&stack).put_object().bucket(BUCKET).key("k").body(vec![1, 2].into()).send().await?;
    stack.stop().await;
    let stack = Stack::start(options).await?;
    assert_eq!(body(&bucket_client(&stack), "k").await?, [1, 2]);
    Ok(())
}

/// Serves the stack's S3 except for `HEAD`, which has this status. The server lives as long as the task.
async fn without_head(stack: &Stack, status: StatusCode) -> Result<(Task, Client)> {
    let (listener, address) = loopback_listener().await?;
    let endpoint = stack.s3_endpoint().to_owned();
    let upstream = legacy::Client::builder(TokioExecutor::new()).build_http::<Body>();
    let forward = async move |mut request: Request| {
        if request.method() == Method::HEAD {
            return Err(status);
        }
        let target = format!("{endpoint}{}", request.uri()).parse();
        *request.uri_mut() = target.map_err(|_| StatusCode::BAD_REQUEST)?;
        upstream.request(request).await.map_err(|_| StatusCode::BAD_GATEWAY)
    };
    let task = Task::serve(listener, Router::new().fallback(forward));
    Ok((task, local_s3::client(&format!("http://{address}"), stack.credentials().clone())))
}

#[tokio::test]
async fn list_leaves_out_only_deleted_objects() -> Result<()> {
    let (stack, _) = start().await?;
    stack.put_object("ThingsBucket", "a/k", "text/plain", b"bytes").await?;
    let list = async |client: &Client| local_s3::list(client, [BUCKET, ""], 10, 10).await;
    assert_eq!(list(&bucket_client(&stack)).await?.objects.len(), 1);
    let (_server, client) = without_head(&stack, StatusCode::NOT_FOUND).await?;
    assert_eq!(list(&client).await?.objects.len(), 0);
    let (_server, client) = without_head(&stack, StatusCode::FORBIDDEN).await?;
    let error = list(&client).await.expect_err("the object is hidden");
    assert!(format!("{error:#}").contains("can't read the object a/k"), "{error:#}");
    Ok(())
}

#[tokio::test]
async fn object_is_the_only_version_of_its_key() -> Result<()> {
    let (stack, _) = start().await?;
    let client = bucket_client(&stack);
    for key in ["a/1", "a/2", "b/1"] {
        client.put_object().bucket(BUCKET).key(key).body(ByteStream::from_static(b"bytes")).send().await?;
    }
    let list = client.list_object_versions().bucket(BUCKET).prefix("a/").max_keys(1);
    let first = list.clone().send().await?;
    let rest = list.set_key_marker(first.next_key_marker.clone()).send().await?;
    let versions = [first.versions(), rest.versions()].concat();
    let found: Vec<_> =
        versions.iter().filter_map(|version| version.key().zip(version.version_id())).collect();
    assert_eq!(found, [("a/1", "null"), ("a/2", "null")]);
    assert_eq!((first.is_truncated(), rest.is_truncated()), (Some(true), Some(false)));

    let identifier = |(key, version)| ObjectIdentifier::builder().key(key).version_id(version).build();
    let gone = [("a/1", "null"), ("a/2", "1")].map(identifier).into_iter().collect::<Result<_, _>>()?;
    let delete = Delete::builder().set_objects(Some(gone)).quiet(true).build()?;
    let deleted = client.delete_objects().bucket(BUCKET).delete(delete).send().await?;
    assert_eq!(deleted.errors()[0].code(), Some("NoSuchVersion"));
    assert_eq!(keys(&client).await?, ["a/2", "b/1"]);
    Ok(())
}
