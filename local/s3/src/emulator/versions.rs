//! Lists and deletions of versions. The emulator keeps none, so each object is the only version of its key, called null as
//! in a bucket without versions.

use s3s::dto::{
    DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error, ListObjectVersionsInput,
    ListObjectVersionsOutput, ListObjectsV2Input, Object, ObjectVersion,
};
use s3s::{S3Result, s3_error};

use super::listing;
use super::store::Store;

/// Id of the only version.
const NULL: &str = "null";

/// Lists the objects as versions, in the pages of [`listing`].
pub(super) async fn list(
    store: &Store,
    input: ListObjectVersionsInput,
) -> S3Result<ListObjectVersionsOutput> {
    if input.delimiter.is_some() {
        return Err(s3_error!(NotImplemented, "Versions are listed without a delimiter"));
    }
    let objects = ListObjectsV2Input {
        bucket: input.bucket.clone(),
        prefix: input.prefix.clone(),
        start_after: input.key_marker.clone(),
        max_keys: input.max_keys,
        ..ListObjectsV2Input::default()
    };
    let after = listing::after(&objects);
    let found = store.list(input.bucket.clone(), input.prefix.clone().unwrap_or_default(), after).await;
    let page = listing::page(objects, found.map_err(super::errors::internal)?);
    let truncated = page.is_truncated == Some(true);
    Ok(ListObjectVersionsOutput {
        versions: page.contents.map(|objects| objects.into_iter().map(version).collect()),
        is_truncated: page.is_truncated,
        next_key_marker: page.next_continuation_token,
        next_version_id_marker: truncated.then(|| NULL.to_owned()),
        max_keys: page.max_keys,
        name: Some(input.bucket),
        prefix: input.prefix,
        key_marker: input.key_marker,
        version_id_marker: input.version_id_marker,
        ..ListObjectVersionsOutput::default()
    })
}

/// Deletes objects. One with another version than the only one is an error of its own, and not a failure of all.
pub(super) async fn delete(store: &Store, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in input.delete.objects {
        if object.version_id.as_deref().is_some_and(|version| version != NULL) {
            errors.push(Error {
                code: Some("NoSuchVersion".to_owned()),
                key: Some(object.key),
                message: Some("The specified version does not exist.".to_owned()),
                version_id: object.version_id,
            });
            continue;
        }
        let gone = store.delete(input.bucket.clone(), object.key.clone()).await;
        gone.map_err(super::errors::internal)?;
        deleted.push(DeletedObject {
            key: Some(object.key),
            version_id: object.version_id,
            ..DeletedObject::default()
        });
    }
    let is_quiet = input.delete.quiet == Some(true);
    Ok(DeleteObjectsOutput {
        deleted: (!is_quiet).then_some(deleted),
        errors: Some(errors),
        ..DeleteObjectsOutput::default()
    })
}

fn version(object: Object) -> ObjectVersion {
    ObjectVersion {
        key: object.key,
        version_id: Some(NULL.to_owned()),
        is_latest: Some(true),
        size: object.size,
        e_tag: object.e_tag,
        last_modified: object.last_modified,
        ..ObjectVersion::default()
    }
}
