//! Corpus of file types.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use testing::{App, Object};

use super::{cases, notation};

/// Types allowed by default.
const ALLOWED: [&str; 7] =
    ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv"];

/// Types that a browser executes. They are never stored.
const EXECUTABLE: [&str; 5] =
    ["text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "application/javascript"];

/// Type of a file that the client cannot tell.
const UNDECLARED: &str = "application/octet-stream";

/// File, and the types that it may be stored under.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    stored_as: Vec<String>,
    #[serde(default)]
    base64: String,
    #[serde(default)]
    text: String,
}

impl Case {
    fn bytes(&self) -> Result<Vec<u8>> {
        let base64: String = self.base64.split_whitespace().collect();
        Ok([STANDARD.decode(base64)?, notation::bytes(&self.text, "\n")?].concat())
    }

    /// Returns the type that the file is stored under if declared so, or else status and code of the error.
    fn expected(&self, declared: &str) -> Result<&str, &'static str> {
        let mut stored_as = self.stored_as.iter().map(String::as_str);
        if declared == UNDECLARED {
            return stored_as.next().ok_or("415 UNSUPPORTED_MEDIA_TYPE");
        }
        let is_allowed = ALLOWED.contains(&declared);
        let refusal = if is_allowed { "422 UNPROCESSABLE_ENTITY" } else { "415 UNSUPPORTED_MEDIA_TYPE" };
        stored_as.find(|kind| *kind == declared).ok_or(refusal)
    }
}

#[tokio::test]
async fn files_are_stored_only_under_confirmed_types() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let (mut failures, mut expected) = (Vec::new(), Vec::new());
    // One executable type for each file is enough, because types that are not allowed are refused unread.
    for ((file, case), executable) in cases::<Case>("types")?.into_iter().zip(EXECUTABLE.into_iter().cycle())
    {
        let bytes = case.bytes().with_context(|| format!("{file}: {}", case.name))?;
        for declared in ALLOWED.into_iter().chain([executable, UNDECLARED]) {
            let response = app.upload(&note, "page.html", declared, &bytes).await?;
            let outcome = case.expected(declared);
            if response.status_and_code() != outcome.map_or_else(|refusal| refusal, |_| "201") {
                failures.push(format!("{file}: {} as {declared}: {}", case.name, response.status_and_code()));
            }
            if response.status == 201 {
                expected.push((outcome.unwrap_or(declared).to_owned(), bytes.clone()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_harmless(&app, expected).await
}

/// Asserts that the bucket has exactly these files, each with its type and as an attachment.
async fn assert_harmless(app: &App, mut expected: Vec<(String, Vec<u8>)>) -> Result<()> {
    let mut stored = Vec::new();
    for key in app.objects().await? {
        let Object { content_type, content_disposition, bytes, .. } = app.object(&key).await?;
        assert_eq!(content_disposition, "attachment; filename*=UTF-8''page.html");
        stored.push((content_type, bytes));
    }
    stored.sort();
    expected.sort();
    assert_eq!(stored, expected);
    Ok(())
}

#[test]
fn corpus_covers_every_allowed_type() -> Result<()> {
    let cases = cases::<Case>("types")?;
    for allowed in ALLOWED {
        assert!(cases.iter().any(|(_, case)| case.stored_as.iter().any(|kind| kind == allowed)), "{allowed}");
    }
    Ok(())
}
