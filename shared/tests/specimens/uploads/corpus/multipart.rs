//! Corpus of multipart bodies.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use testing::{App, object_key};

use super::{cases, notation};
use crate::event;
use crate::uploads::files;

/// Request, and the expected file or error.
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

/// File in the response and in the bucket.
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
    let (mut failures, mut acknowledged) = (Vec::new(), Vec::new());
    for (file, case) in cases::<Case>("multipart")? {
        let what = format!("{file}: {}", case.name);
        let response = response(&app, &note, &case).await.with_context(|| what.clone())?;
        let expected = expected(&case).with_context(|| what.clone())?;
        if let Some(id) = response["data"]["id"].as_str() {
            acknowledged.push((what.clone(), id.to_owned(), case.content()?));
        }
        let found = summary(&response);
        if found != expected {
            failures.push(format!("{what}\n  expected {expected}\n  found    {found}"));
        }
    }
    failures.extend(discrepancies(&app, acknowledged).await?);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

impl Case {
    fn content(&self) -> Result<Vec<u8>> {
        notation::bytes(self.stored.as_ref().map_or("", |stored| &stored.content), "\r\n")
    }
}

/// Sends the request of a case and returns the body of the response, with its status added.
async fn response(app: &App, note: &str, case: &Case) -> Result<Value> {
    let body = notation::bytes(&case.body, "\r\n")?;
    let Some(length) = &case.length else {
        let request = app.as_alice("POST", &files("acme", note)).body(&case.content_type, body);
        let response = request.send().await?;
        let mut body = response.json();
        body["status"] = response.status.into();
        return Ok(body);
    };
    // HTTP clients cannot send a false length, so it is sent as an event.
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

/// Summarizes a response in the form of a case.
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

/// Lists acknowledged files whose bytes differ in the bucket, and counts unacknowledged rows and objects.
async fn discrepancies(app: &App, acknowledged: Vec<(String, String, Vec<u8>)>) -> Result<Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = app.rows("NotesTable", "FILE").await?;
    let objects: HashMap<_, _> = rows.iter().map(|row| (text(&row["id"]), object_key("acme", row))).collect();
    let mut failures = Vec::new();
    for (what, id, content) in &acknowledged {
        let key = objects.get(id).with_context(|| format!("{what} has no row"))?;
        let object = app.object(key).await?;
        if object.bytes != *content {
            failures.push(format!("{what}\n  stored {:?}", String::from_utf8_lossy(&object.bytes)));
        }
    }
    let found: BTreeMap<_, _> =
        [("acknowledged", acknowledged.len()), ("rows", rows.len()), ("objects", app.objects().await?.len())]
            .into();
    if found.values().any(|count| *count != acknowledged.len()) {
        failures.push(format!("{found:?}"));
    }
    Ok(failures)
}
