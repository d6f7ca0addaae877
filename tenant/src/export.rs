//! `tenant export`: an organization's rows and objects, as files in a folder.
//!
//! | file | contents |
//! |---|---|
//! | `manifest.json` | organization, times, and the number and the hash of each file below; complete if it has `finishedAt` |
//! | `rows/TABLE.jsonl` | a row a line, as `{"Item": …}` in DynamoDB's JSON, which `ImportTable` reads |
//! | `objects/BUCKET.jsonl` | an object a line: key, file, name, media type, size, SHA-256 |
//! | `objects/BUCKET/NAME` | the bytes |
//! | `parts` | what an unfinished export has so far: segments of tables, and lines of objects |
//!
//! Every file gets its name when it is complete. So an export that ended anywhere is continued by the same command.

mod folder;
mod json;
mod manifest;
mod objects;
mod tables;

use anyhow::Result;
use folder::Folder;
use manifest::{Contents, Manifest};

use crate::arguments::Export;
use crate::aws::Aws;
use crate::report::say;

/// Exports an organization.
///
/// # Errors
/// When a call or a write fails, bytes differ from S3's SHA-256, or the folder has the export of something else.
pub(crate) async fn export(Export { data, to }: &Export) -> Result<()> {
    let folder = Folder::open(to)?;
    let mut manifest = Manifest::begin(&folder, data)?;
    let id = data.organization.id();
    if let Some(finished) = &manifest.finished_at {
        folder.remove_parts()?;
        say(&format!(
            "{} has all of {id}, as of {finished}; name another folder for a new export",
            to.display()
        ));
        return Ok(());
    }
    let aws = Aws::open().await?;
    for table in &data.rows {
        manifest.tables.push(tables::export(&aws.dynamodb, data, table, &folder).await?);
    }
    for bucket in &data.buckets {
        manifest.buckets.push(objects::export(&aws.s3, data, bucket, &folder).await?);
    }
    manifest.finish(&folder)?;
    folder.remove_parts()?;
    for Contents { name, count, bytes, .. } in manifest.tables.iter().chain(&manifest.buckets) {
        say(&format!("{name}: {count} of {id}, {bytes} bytes"));
    }
    say(&format!("exported {id} to {}", to.display()));
    Ok(())
}
