//! The multipart corpus: what becomes of every body, and of its bytes.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use testing::App;

use super::{cases, notation};
use crate::event;
use crate::uploads::files;

/// A request and what becomes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "type", default = "usual_type")]
    content_type: String,
    body: String,
    length: Option<String>,
    refused: Option<String>,
    stored: Option<Stored>,
}

/// A file as it was answered and as it lies in the bucket.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(default = "usual_name")]
    name: String,
    #[serde(rename = "type", default = "usual_file_type")]
    content_type: String,
    content: String,
}

fn usual_type() -> String {
    "multipart/form-data; boundary=b".to_owned()
}

fn usual_name() -> String {
    "a.txt".to_owned()
}

fn usual_file_type() -> String {
    "text/plain".to_owned()
}

#[tokio::test]
async fn every_body_is_stored_whole_or_refused() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let (mut surprises, mut answered) = (Vec::new(), Vec::new());
    for (file, case) in cases::<Case>("multipart")? {
        let what = format!("{file}: {}", case.name);
        let response = response(&app, &note, &case).await.with_context(|| what.clone())?;
        let expected = expected(&case).with_context(|| what.clone())?;
        if let Some(id) = response["data"]["id"].as_str() {
            answered.push((what.clone(), id.to_owned(), case.content()?));
        }
        let found = summary(&response);
        if found != expected {
            surprises.push(format!("{what}\n  expected {expected}\n  found    {found}"));
        }
    }
    surprises.extend(lost(&app, answered).await?);
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    Ok(())
}

impl Case {
    fn content(&self) -> Result<Vec<u8>> {
        notation::bytes(self.stored.as_ref().map_or("", |stored| &stored.content), "\r\n")
    }
}

/// The body of the answer to a case's request, with its status.
async fn response(app: &App, note: &str, case: &Case) -> Result<Value> {
    let body = notation::bytes(&case.body, "\r\n")?;
    let Some(length) = &case.length else {
        let request = app.as_alice("POST", &files("acme", note)).body(&case.content_type, body);
        let response = request.send().await?;
        let mut body = response.json();
        body["status"] = response.status.into();
        return Ok(body);
    };
    // HTTP itself keeps a length from lying, so what lies is sent past it.
    let mut event = event(app, "POST", "notes/{noteId}/files");
    event["headers"]["content-type"] = case.content_type.clone().into();
    event["headers"]["content-length"] = length.clone().into();
    event["pathParameters"]["noteId"] = note.into();
    event["body"] = STANDARD.encode(body).into();
    event["isBase64Encoded"] = true.into();
    let response = app.response("UploadFile", &event).await?;
    let mut body = response.json();
    body["status"] = response.status.into();
    Ok(body)
}

/// An answer in the words of a case.
fn summary(response: &Value) -> String {
    let (data, error) = (&response["data"], &response["error"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if data.is_object() {
        let (name, kind, size) = (text(&data["name"]), text(&data["contentType"]), &data["size"]);
        return format!("{} {name:?} {kind} of {size} bytes", response["status"]);
    }
    let issue = text(&error["issues"][0]["code"]);
    let words = [response["status"].to_string(), text(&error["code"]), text(&error["field"]), issue];
    words.join(" ").trim_end().to_owned()
}

fn expected(case: &Case) -> Result<String> {
    match (&case.stored, &case.refused) {
        (Some(Stored { name, content_type, .. }), None) => {
            Ok(format!("201 {name:?} {content_type} of {} bytes", case.content()?.len()))
        }
        (None, Some(refused)) => Ok(refused.clone()),
        _ => bail!("a case is either stored or refused"),
    }
}

/// Answered files that are not in the bucket as they were sent, and what is there but was not answered.
async fn lost(app: &App, answered: Vec<(String, String, Vec<u8>)>) -> Result<Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = app.rows("NotesTable", "FILE#").await?;
    let objects: HashMap<_, _> = rows.iter().map(|row| (text(&row["id"]), text(&row["object"]))).collect();
    let mut surprises = Vec::new();
    for (what, id, content) in &answered {
        let key = objects.get(id).with_context(|| format!("{what} has no row"))?;
        let object = app.object(key).await?;
        if object.bytes != *content {
            surprises.push(format!("{what}\n  stored {:?}", String::from_utf8_lossy(&object.bytes)));
        }
    }
    let found: BTreeMap<_, _> =
        [("answered", answered.len()), ("rows", rows.len()), ("objects", app.objects().await?.len())].into();
    if found.values().any(|count| *count != answered.len()) {
        surprises.push(format!("{found:?}"));
    }
    Ok(surprises)
}
