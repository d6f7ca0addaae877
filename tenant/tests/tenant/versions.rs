//! Versions and delete markers, where the emulator keeps them. That of the local stack doesn't; `scripts/test-on-ministack`
//! runs these tests on one that does, and so does `scripts/rehearse`.

use std::io::{Write, stderr};

use anyhow::Result;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use testing::App;

use super::common::{ERASE, service, succeed, tenant};

/// Turns versions on. Returns `false` if the emulator has none.
async fn keep_versions(app: &App) -> Result<bool> {
    let setting = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let put = app.s3().put_bucket_versioning().bucket(app.stack.bucket("UploadsBucket"));
    let kept = put.versioning_configuration(setting).send().await.is_ok();
    if !kept {
        writeln!(stderr(), "SKIPPED: this emulator keeps no versions")?;
    }
    Ok(kept)
}

/// Counts the versions and delete markers of an organization.
async fn versions(app: &App, organization: &str) -> Result<usize> {
    let list = app.s3().list_object_versions().bucket(app.stack.bucket("UploadsBucket"));
    let found = list.prefix(format!("orgs/{organization}/")).send().await?;
    Ok(found.versions().len() + found.delete_markers().len())
}

#[tokio::test]
async fn versions_and_delete_markers_go() -> Result<()> {
    let app = service().await?;
    if !keep_versions(&app).await? {
        return Ok(());
    }
    for object in app.objects().await? {
        let (bucket, s3) = (app.stack.bucket("UploadsBucket"), app.s3());
        s3.put_object().bucket(bucket).key(&object).body(b"again".to_vec().into()).send().await?;
        s3.delete_object().bucket(bucket).key(&object).send().await?;
    }
    let others = versions(&app, "acme2").await?;
    assert!(versions(&app, "acme").await? > 4);
    succeed(tenant(&app, "erase", &ERASE)?).await?;
    assert_eq!((versions(&app, "acme").await?, versions(&app, "acme2").await?), (0, others));
    Ok(())
}
