//! An export has every row and every byte of one organization, and nothing of another.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use local::streams::Mode;
use serde_json::{Value, json};
use testing::{App, PNG};

use super::common::{
    Stored, add_objects, add_rows, fail, json_lines, neighborhood, service, succeed, tenant, tenant_of,
};

/// Returns a file of the export of a table or the bucket.
fn lines_of(folder: &Path, kind: &str, name: &str) -> Result<Vec<Value>> {
    json_lines(&fs::read_to_string(folder.join(format!("{kind}/{name}.jsonl")))?)
}

/// Returns the rows of `acme` in DynamoDB's JSON, without the command.
async fn rows(app: &App) -> Result<BTreeMap<String, Value>> {
    let mut rows = BTreeMap::new();
    for row in app.rows_of("acme", "NotesTable", "").await? {
        rows.insert(format!("{} {}", row["pk"], row["sk"]), row);
    }
    Ok(rows)
}

/// Returns a value of DynamoDB's JSON without the types.
fn plain(value: &Value) -> Value {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "N" => value.as_str().and_then(|number| number.parse::<i64>().ok()).into(),
        "M" => item(value),
        _ => value.clone(),
    }
}

fn item(value: &Value) -> Value {
    let attributes = value.as_object().into_iter().flatten();
    attributes.map(|(name, value)| (name.clone(), plain(value))).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn export_has_all_of_one_organization() -> Result<()> {
    let (app, scratch) = (neighborhood(Mode::Manual).await?, tempfile::tempdir()?);
    let (folder, before) = (scratch.path().join("acme"), Stored::read(&app).await?);
    let path = folder.to_str().context("not UTF-8")?;
    succeed(tenant(&app, "export", &["--to", path])?).await?;
    let exported = lines_of(&folder, "rows", app.stack.table("NotesTable"))?;
    let exported = exported.iter().map(|line| item(&line["Item"]));
    let exported: BTreeMap<_, _> =
        exported.map(|row| (format!("{} {}", row["pk"], row["sk"]), row)).collect();
    assert_eq!(exported.len(), 10);
    assert_eq!(exported, rows(&app).await?);
    let objects = lines_of(&folder, "objects", app.stack.bucket("UploadsBucket"))?;
    assert_eq!(objects.len(), 2);
    for object in &objects {
        let file = object["file"].as_str().context("no file")?;
        assert_eq!(fs::read(folder.join(file))?, PNG);
        let told = ["name", "contentType", "verified", "sha256"].map(|name| object[name].clone());
        let hash = local::requests::sha256(PNG);
        assert_eq!(told, [json!("\u{e9} 1.png"), json!("image/png"), json!(true), json!(hash)]);
    }
    Stored::read(&app).await?.check(&before)
}

#[tokio::test]
async fn manifest_has_hashes_of_the_lists() -> Result<()> {
    let (app, scratch) = (service().await?, tempfile::tempdir()?);
    let path = scratch.path().to_str().context("not UTF-8")?;
    succeed(tenant(&app, "export", &["--to", path])?).await?;
    let manifest: Value = serde_json::from_slice(&fs::read(scratch.path().join("manifest.json"))?)?;
    assert!(manifest["finishedAt"].is_string() && manifest["organization"] == "acme", "{manifest}");
    for contents in [&manifest["tables"][0], &manifest["buckets"][0]] {
        let bytes = fs::read(scratch.path().join(contents["file"].as_str().context("no file")?))?;
        assert_eq!(contents["sha256"], local::requests::sha256(&bytes), "{contents}");
        assert_eq!(contents["count"], bytes.split(|byte| *byte == b'\n').count() - 1, "{contents}");
    }
    assert!(!scratch.path().join("parts").exists());
    Ok(())
}

#[tokio::test]
async fn objects_of_every_page_are_listed() -> Result<()> {
    let (app, scratch) = (service().await?, tempfile::tempdir()?);
    // A page has 1,000 objects.
    add_objects(&app, 1_001).await?;
    let path = scratch.path().to_str().context("not UTF-8")?;
    let lines = succeed(tenant(&app, "export", &["--to", path])?).await?;
    assert!(lines.contains(": 1003 of acme"), "{lines}");
    let objects = lines_of(scratch.path(), "objects", app.stack.bucket("UploadsBucket"))?;
    let keys: Vec<_> = objects.iter().filter_map(|object| object["key"].as_str()).collect();
    assert_eq!(keys.len(), 1_003);
    assert!(keys.is_sorted(), "{keys:?}");
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_an_export() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let (app, scratch) = (service().await?, tempfile::tempdir()?);
    let folder = scratch.path().join("acme");
    succeed(tenant(&app, "export", &["--to", folder.to_str().context("not UTF-8")?])?).await?;
    assert_eq!(fs::metadata(folder)?.permissions().mode() & 0o777, 0o700);
    Ok(())
}

#[tokio::test]
async fn complete_export_stays_as_it_is() -> Result<()> {
    let (app, scratch) = (service().await?, tempfile::tempdir()?);
    let options = ["--to", scratch.path().to_str().context("not UTF-8")?];
    succeed(tenant(&app, "export", &options)?).await?;
    add_rows(&app, 1).await?;
    app.proxy.clear();
    let lines = succeed(tenant(&app, "export", &options)?).await?;
    assert!(lines.contains("name another folder for a new export"), "{lines}");
    let lines = fail(tenant_of(&app, "acme2", "export", &options)?).await?;
    assert!(lines.contains("has an export of acme"), "{lines}");
    assert_eq!(app.proxy.calls(), []);
    Ok(())
}
