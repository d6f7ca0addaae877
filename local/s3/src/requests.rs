//! Requests to an S3, built-in or external.

use std::cmp::Reverse;

use anyhow::{Context, Result, anyhow};
use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::{ChecksumAlgorithm, CorsConfiguration, CorsRule, Object};
use futures_util::{StreamExt, TryStreamExt, stream};
use local::emulators::{Bucket, Listing, StoredObject, http, with_message};
use local::template::{Cors, REGION};

/// Maximum concurrent requests for the details of objects.
const CONCURRENT: usize = 8;

/// Creates a client of the S3 at `endpoint`. Bucket names are in the path, because a loopback address has no subdomains.
#[must_use]
pub fn client(endpoint: &str, credentials: Credentials) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials)
        .force_path_style(true)
        .http_client(http(endpoint));
    Client::from_conf(config.build())
}

/// Creates the buckets that don't exist, and sets their CORS rules.
///
/// # Errors
/// When a bucket can't be created.
pub async fn provision(client: &Client, buckets: &[Bucket]) -> Result<()> {
    for Bucket { name, rules, origins } in buckets {
        ensure_bucket(client, name).await.with_context(|| format!("bucket {name}"))?;
        if !rules.is_empty() {
            set_cors(client, name, rules, origins)
                .await
                .with_context(|| format!("CORS of the bucket {name}"))?;
        }
    }
    Ok(())
}

/// Puts an object with its SHA-256, as every upload has it.
///
/// # Errors
/// When the request fails.
pub async fn put(client: &Client, bucket: &str, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<()> {
    let put = client.put_object().bucket(bucket).key(key).content_type(content_type);
    let put = put.checksum_algorithm(ChecksumAlgorithm::Sha256).body(bytes.into());
    put.send().await.with_context(|| format!("can't put {key} into {bucket}"))?;
    Ok(())
}

/// Reads at most `max` objects whose keys begin with a prefix, and describes the `newest` of them.
///
/// # Errors
/// When the list or one of these objects can't be read.
pub async fn list(
    client: &Client,
    [bucket, prefix]: [&str; 2],
    max: usize,
    newest: usize,
) -> Result<Listing> {
    let list = client.list_objects_v2().bucket(bucket).prefix(prefix);
    let mut pages = list.into_paginator().send();
    let (mut objects, mut complete) = (Vec::new(), true);
    while let Some(page) = pages.next().await {
        objects.extend(page.with_context(|| format!("can't list {bucket}"))?.contents.unwrap_or_default());
        if objects.len() > max {
            objects.truncate(max);
            complete = false;
            break;
        }
    }
    let count = objects.len();
    objects.sort_by_key(|object| Reverse(object.last_modified));
    let described =
        stream::iter(objects.into_iter().take(newest)).map(|object| described(client, bucket, object));
    let objects =
        described.buffered(CONCURRENT).try_filter_map(async |object| Ok(object)).try_collect().await?;
    Ok(Listing { count, complete, objects })
}

/// Adds media type and tags; `None` for an object that was deleted meanwhile.
async fn described(client: &Client, bucket: &str, object: Object) -> Result<Option<StoredObject>> {
    let Some(key) = object.key else { return Ok(None) };
    let head = unless_gone(client.head_object().bucket(bucket).key(&key).send().await);
    let tags = unless_gone(client.get_object_tagging().bucket(bucket).key(&key).send().await);
    let failed = || format!("can't read the object {key}");
    let (Some(head), Some(tags)) = (head.with_context(failed)?, tags.with_context(failed)?) else {
        return Ok(None);
    };
    Ok(Some(StoredObject {
        size: object.size.unwrap_or_default(),
        modified: object.last_modified.map(|time| time.to_string()).unwrap_or_default(),
        content_type: head.content_type,
        tags: tags.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        key,
    }))
}

/// Returns a response; `None` if its status is 404.
fn unless_gone<T, E>(sent: Result<T, SdkError<E>>) -> Result<Option<T>>
where
    E: std::error::Error + Send + Sync + 'static,
{
    match sent {
        Err(SdkError::ServiceError(error)) if error.raw().status().as_u16() == 404 => Ok(None),
        sent => Ok(Some(sent?)),
    }
}

/// Creates a bucket if it does not exist. Emulators disagree about the error for an existing one, so `HeadBucket` decides.
async fn ensure_bucket(client: &Client, name: &str) -> Result<()> {
    let created = client.create_bucket().bucket(name).send().await;
    let Err(error) = created.map_err(SdkError::into_service_error) else { return Ok(()) };
    if client.head_bucket().bucket(name).send().await.is_err() {
        return Err(with_message(error)).context("can't create it");
    }
    Ok(())
}

/// Sets the CORS rules of a bucket. Emulators that have no CORS refuse them, which only pages notice.
async fn set_cors(client: &Client, bucket: &str, rules: &[Cors], origins: &[String]) -> Result<()> {
    let rule = |rule: &Cors| {
        CorsRule::builder()
            .set_allowed_origins(Some(origins.to_vec()))
            .set_allowed_methods(Some(rule.allow_methods.clone()))
            .set_allowed_headers(Some(rule.allow_headers.clone()))
            .set_expose_headers(Some(rule.expose_headers.clone()))
            .set_max_age_seconds(rule.max_age.and_then(|seconds| i32::try_from(seconds).ok()))
            .build()
    };
    let rules = rules.iter().map(rule).collect::<Result<_, _>>()?;
    let configuration = CorsConfiguration::builder().set_cors_rules(Some(rules)).build()?;
    match client.put_bucket_cors().bucket(bucket).cors_configuration(configuration).send().await {
        Ok(_) | Err(SdkError::ServiceError(_)) => Ok(()),
        Err(error) => Err(anyhow!(error)),
    }
}
