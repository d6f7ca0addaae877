//! S3 operations that the functions and their tests use.

use futures_util::TryStreamExt;
use s3s::dto::{
    Bucket, CreateBucketInput, CreateBucketOutput, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetObjectInput, GetObjectOutput,
    GetObjectTaggingInput, GetObjectTaggingOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput,
    HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListObjectsV2Input, ListObjectsV2Output,
    PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::{Body, S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::checksums;
use super::listing;
use super::objects::{attributes, get_output, head_output, length, part_of, put_output, tags, timestamp};
use super::store::{Object, Put, Store, Summary};

/// Largest object in bytes. Functions accept at most 6 MB, so this only bounds the memory of a faulty request.
const MAX_OBJECT: usize = 64 * 1024 * 1024;

/// S3 over a [`Store`].
#[derive(Debug)]
pub(super) struct Objects(Store);

impl Objects {
    pub(super) fn new(store: Store) -> Self {
        Self(store)
    }

    async fn bucket(&self, name: &str) -> S3Result<()> {
        if self.0.has_bucket(name.to_owned()).await.map_err(internal)? {
            return Ok(());
        }
        Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    async fn summary(&self, bucket: &str, key: &str) -> S3Result<Summary> {
        self.bucket(bucket).await?;
        let found = self.0.head(bucket.to_owned(), key.to_owned()).await.map_err(internal)?;
        found.ok_or_else(no_such_key)
    }
}

#[async_trait::async_trait]
impl S3 for Objects {
    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let name = req.input.bucket;
        if !self.0.create_bucket(name.clone()).await.map_err(internal)? {
            return Err(s3_error!(BucketAlreadyOwnedByYou, "You already own the bucket {name}"));
        }
        Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{name}")) }))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.bucket(&req.input.bucket).await?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets = self.0.buckets().await.map_err(internal)?;
        let bucket = |(name, created)| Bucket {
            name: Some(name),
            creation_date: Some(timestamp(created)),
            ..Bucket::default()
        };
        let buckets = buckets.into_iter().map(bucket).collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..ListBucketsOutput::default() }))
    }

    async fn put_object(&self, mut req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        self.bucket(&req.input.bucket).await?;
        let create = only_create(&req.input)?;
        let body = collect(req.input.body.take()).await?;
        let trailers = req.trailing_headers.as_ref().and_then(s3s::TrailingHeaders::take);
        let checksums = checksums::verify(&body, &req.headers, trailers.as_ref())?;
        let attributes = attributes(&req.input, &body, checksums);
        let output = put_output(&attributes);
        match self.0.put(req.input.bucket, req.input.key, body, attributes, create).await.map_err(internal)? {
            Put::Stored => Ok(S3Response::new(output)),
            Put::Exists => Err(s3_error!(PreconditionFailed, "The object exists")),
        }
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        self.bucket(&input.bucket).await?;
        let found = self.0.get(input.bucket, input.key).await.map_err(internal)?;
        let Object { mut body, summary } = found.ok_or_else(no_such_key)?;
        let mut output = get_output(summary);
        if let Some(range) = input.range {
            let total = body.len();
            let part = range.check(total as u64)?;
            output.content_range = Some(format!("bytes {}-{}/{total}", part.start, part.end - 1));
            output.checksum_sha256 = None;
            body = part_of(&body, part);
        }
        output.content_length = Some(length(body.len()));
        output.body = Some(StreamingBlob::from(Body::from(body)));
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let summary = self.summary(&req.input.bucket, &req.input.key).await?;
        Ok(S3Response::new(head_output(summary)))
    }

    async fn get_object_tagging(
        &self,
        req: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        let summary = self.summary(&req.input.bucket, &req.input.key).await?;
        let tagging = summary.attributes.tagging.unwrap_or_default();
        Ok(S3Response::new(GetObjectTaggingOutput { tag_set: tags(&tagging), version_id: None }))
    }

    async fn delete_object_tagging(
        &self,
        req: S3Request<DeleteObjectTaggingInput>,
    ) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
        self.bucket(&req.input.bucket).await?;
        let found = self.0.remove_tags(req.input.bucket, req.input.key).await.map_err(internal)?;
        found.then(|| S3Response::new(DeleteObjectTaggingOutput::default())).ok_or_else(no_such_key)
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.bucket(&req.input.bucket).await?;
        self.0.delete(req.input.bucket, req.input.key).await.map_err(internal)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        self.bucket(&input.bucket).await?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let found =
            self.0.list(input.bucket.clone(), prefix, listing::after(&input)).await.map_err(internal)?;
        Ok(S3Response::new(listing::page(input, found)))
    }
}

/// Reads the whole body. An incomplete transfer, or a body that its signature does not cover, is an error.
async fn collect(body: Option<StreamingBlob>) -> S3Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let Some(mut body) = body else { return Ok(bytes) };
    loop {
        match body.try_next().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= MAX_OBJECT => bytes.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(s3_error!(EntityTooLarge, "More than {MAX_OBJECT} bytes")),
            Ok(None) => return Ok(bytes),
            Err(error) if error.to_string().contains("Sha256Mismatch") => {
                return Err(body_mismatch());
            }
            Err(error) => return Err(S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, error)),
        }
    }
}

/// Parses the conditions. Only `If-None-Match: *` is supported; others are refused, because ignoring them would be wrong.
fn only_create(input: &PutObjectInput) -> S3Result<bool> {
    match (&input.if_none_match, &input.if_match) {
        (None, None) => Ok(false),
        (Some(condition), None) if condition.is_any() => Ok(true),
        _ => Err(s3_error!(NotImplemented, "The only implemented condition is If-None-Match: *")),
    }
}

/// Returns an error with a code of S3 that `s3s` lacks.
fn body_mismatch() -> S3Error {
    let mut error = S3Error::new(s3s::S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()));
    error.set_message("The provided 'x-amz-content-sha256' header does not match what was computed.");
    error.set_status_code(http::StatusCode::BAD_REQUEST);
    error
}

fn no_such_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

fn internal(error: rusqlite::Error) -> S3Error {
    S3Error::internal_error(error)
}
