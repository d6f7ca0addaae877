//! S3 operations that the functions, their tests and tools use.

use s3s::dto::{
    Bucket, CreateBucketInput, CreateBucketOutput, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, DeleteObjectsInput, DeleteObjectsOutput,
    GetObjectInput, GetObjectOutput, GetObjectTaggingInput, GetObjectTaggingOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput,
    ListObjectVersionsInput, ListObjectVersionsOutput, ListObjectsV2Input, ListObjectsV2Output,
    PutBucketCorsInput, PutBucketCorsOutput, PutObjectInput, PutObjectOutput,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::cors::Cors;
use super::errors::internal;
use super::objects::{attributes, get_output, head_output, length, put_output, tags, timestamp};
use super::store::{Put, Store, Summary};
use super::{bodies, listing, upload, versions};

/// S3 over a [`Store`].
#[derive(Debug)]
pub(super) struct Objects {
    pub(super) store: Store,
    pub(super) cors: Cors,
}

impl Objects {
    async fn bucket(&self, name: &str) -> S3Result<()> {
        if self.store.has_bucket(name.to_owned()).await.map_err(internal)? {
            return Ok(());
        }
        Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    async fn summary(&self, bucket: &str, key: &str) -> S3Result<Summary> {
        self.bucket(bucket).await?;
        let found = self.store.head(bucket.to_owned(), key.to_owned()).await.map_err(internal)?;
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
        if !self.store.create_bucket(name.clone()).await.map_err(internal)? {
            return Err(s3_error!(BucketAlreadyOwnedByYou, "You already own the bucket {name}"));
        }
        Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{name}")) }))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.bucket(&req.input.bucket).await?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets = self.store.buckets().await.map_err(internal)?;
        let bucket = |(name, created)| Bucket {
            name: Some(name),
            creation_date: Some(timestamp(created)),
            ..Bucket::default()
        };
        let buckets = buckets.into_iter().map(bucket).collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..ListBucketsOutput::default() }))
    }

    async fn put_bucket_cors(
        &self,
        req: S3Request<PutBucketCorsInput>,
    ) -> S3Result<S3Response<PutBucketCorsOutput>> {
        self.bucket(&req.input.bucket).await?;
        self.cors.set(req.input.bucket, req.input.cors_configuration.cors_rules);
        Ok(S3Response::new(PutBucketCorsOutput::default()))
    }

    async fn put_object(&self, mut req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        self.bucket(&req.input.bucket).await?;
        let create = only_create(&req.input)?;
        // The put itself decides. This saves the transfer of a body that is going to be refused.
        if create && self.summary(&req.input.bucket, &req.input.key).await.is_ok() {
            return Err(exists());
        }
        let body = req.input.body.take().unwrap_or_else(|| s3s::Body::empty().into());
        let upload =
            upload::receive(body, req.input.content_length, &self.store.bodies, &req.headers).await?;
        let trailers = req.trailing_headers.as_ref().and_then(s3s::TrailingHeaders::take);
        let verified = upload.digests.verify(&req.headers, trailers.as_ref())?;
        let attributes = attributes(&req.input, upload.size, verified);
        let output = put_output(&attributes);
        let put = self.store.put(req.input.bucket, req.input.key, upload.file, attributes, create);
        match put.await.map_err(internal)? {
            Put::Stored => Ok(S3Response::new(output)),
            Put::Exists => Err(exists()),
        }
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        self.bucket(&input.bucket).await?;
        let found = self.store.get(input.bucket, input.key).await.map_err(internal)?;
        let (summary, file) = found.ok_or_else(no_such_key)?;
        let total = summary.attributes.size;
        let mut output = get_output(summary, input.checksum_mode.as_ref());
        let mut part = 0..total;
        if let Some(range) = input.range {
            part = range.check(total)?;
            output.content_range = Some(format!("bytes {}-{}/{total}", part.start, part.end - 1));
            output.checksum_sha256 = None;
        }
        output.content_length = Some(length(part.end - part.start));
        output.body = Some(bodies::read(file, part).map_err(internal)?);
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let summary = self.summary(&req.input.bucket, &req.input.key).await?;
        Ok(S3Response::new(head_output(summary, req.input.checksum_mode.as_ref())))
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
        let found = self.store.remove_tags(req.input.bucket, req.input.key).await.map_err(internal)?;
        found.then(|| S3Response::new(DeleteObjectTaggingOutput::default())).ok_or_else(no_such_key)
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.bucket(&req.input.bucket).await?;
        self.store.delete(req.input.bucket, req.input.key).await.map_err(internal)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.bucket(&req.input.bucket).await?;
        Ok(S3Response::new(versions::delete(&self.store, req.input).await?))
    }

    async fn list_object_versions(
        &self,
        req: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        self.bucket(&req.input.bucket).await?;
        Ok(S3Response::new(versions::list(&self.store, req.input).await?))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        self.bucket(&input.bucket).await?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let found =
            self.store.list(input.bucket.clone(), prefix, listing::after(&input)).await.map_err(internal)?;
        Ok(S3Response::new(listing::page(input, found)))
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

fn exists() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

fn no_such_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}
