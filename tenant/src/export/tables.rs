//! Rows of a table. Each segment is a part, and the parts become one file.

use std::cell::RefCell;

use anyhow::Result;
use aws_sdk_dynamodb::Client;
use futures_util::{TryStreamExt, stream};
use shared::domain::hex;

use super::folder::{Folder, file_name};
use super::json;
use super::manifest::Contents;
use crate::arguments::Data;
use crate::rows::{Kind, Rows, SEGMENTS};

/// Exports the rows of a table.
pub(super) async fn export(client: &Client, data: &Data, table: &str, folder: &Folder) -> Result<Contents> {
    let rows = Rows { client, table, organization: &data.organization, kind: Kind::Row, keys_only: false };
    let segments = stream::iter((0..SEGMENTS).map(Ok));
    segments
        .try_for_each_concurrent(data.parallel(), |segment| export_segment(&rows, segment, folder))
        .await?;
    let file = format!("rows/{}.jsonl", file_name(table));
    let mut draft = folder.draft(&file)?;
    for segment in 0..SEGMENTS {
        draft.append_file(&folder.path(&part(table, segment)))?;
    }
    draft.complete()?;
    let (count, digested) = (folder.count_lines(&file)?, folder.digest(&file)?);
    Ok(Contents { name: table.to_owned(), file, count, bytes: digested.bytes, sha256: hex(&digested.sha256) })
}

/// Exports a segment, unless an earlier command has.
async fn export_segment(rows: &Rows<'_>, segment: u16, folder: &Folder) -> Result<()> {
    let part = part(rows.table, segment);
    if folder.path(&part).exists() {
        return Ok(());
    }
    let draft = RefCell::new(folder.draft(&part)?);
    rows.segment(segment, async |items| {
        items.iter().try_for_each(|item| draft.borrow_mut().append(json::line(item)?.as_bytes()))
    })
    .await?;
    draft.into_inner().complete()
}

fn part(table: &str, segment: u16) -> String {
    format!("parts/rows/{}/{segment:03}.jsonl", file_name(table))
}
