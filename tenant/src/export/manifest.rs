//! `manifest.json`: of whom and when the export is, and the numbers, sizes and hashes of its files.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use shared::clock;

use super::folder::Folder;
use crate::arguments::Data;

const FILE: &str = "manifest.json";

/// Contents of the file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    organization: String,
    /// Names of tables and buckets, in the order of the command line.
    sources: Vec<String>,
    started_at: String,
    /// Missing until all is exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) finished_at: Option<String>,
    #[serde(default)]
    pub(super) tables: Vec<Contents>,
    #[serde(default)]
    pub(super) buckets: Vec<Contents>,
}

/// Rows of a table, or objects of a bucket.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contents {
    pub(super) name: String,
    /// File with a line for each row or object.
    pub(super) file: String,
    pub(super) count: u64,
    /// Bytes of the rows' file, or of all objects.
    pub(super) bytes: u64,
    /// SHA-256 of the file in hexadecimal digits.
    pub(super) sha256: String,
}

impl Manifest {
    /// Reads the manifest of the folder, or writes a new one.
    ///
    /// # Errors
    /// When the folder has the export of another organization, or of other tables or buckets.
    pub(super) fn begin(folder: &Folder, data: &Data) -> Result<Self> {
        let organization = data.organization.id().to_owned();
        let sources: Vec<_> = data.rows.iter().chain(&data.buckets).cloned().collect();
        if let Some(text) = folder.read(FILE)? {
            let found: Self =
                serde_json::from_slice(&text).with_context(|| format!("{FILE} is none of this tool"))?;
            let (id, names) = (&found.organization, found.sources.join(", "));
            let is_same = *id == organization && found.sources == sources;
            ensure!(is_same, "the folder has an export of {id} from {names}; name another folder");
            return Ok(found);
        }
        let manifest = Self {
            organization,
            sources,
            started_at: clock::now().to_string(),
            finished_at: None,
            tables: Vec::new(),
            buckets: Vec::new(),
        };
        manifest.write(folder)?;
        Ok(manifest)
    }

    /// Writes that the export is complete.
    pub(super) fn finish(&mut self, folder: &Folder) -> Result<()> {
        self.finished_at = Some(clock::now().to_string());
        self.write(folder)
    }

    fn write(&self, folder: &Folder) -> Result<()> {
        folder.write(FILE, &[&serde_json::to_vec_pretty(self)?, &b"\n"[..]].concat())
    }
}
