//! The corpus of file types: what a file may be declared as, and how it is stored.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use testing::{App, Object};

use super::{cases, notation};

/// The types that may be stored by default.
const ALLOWED: [&str; 7] =
    ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv"];

/// Types under which a browser would run a file. They may never be stored.
const RUN: [&str; 5] =
    ["text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "application/javascript"];

/// The type of a file of which its sender knows nothing.
const UNDECLARED: &str = "application/octet-stream";

/// A file, and all the types that it may be stored under.
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

    /// The type that the file must be stored under where this one is declared, or the refusal.
    fn status_and_code(&self, declared: &str) -> Result<&str, &'static str> {
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
    let (mut surprises, mut expected) = (Vec::new(), Vec::new());
    // Types that are not allowed are refused before the bytes are looked at, so one of them is enough for each file.
    for ((file, case), runs) in cases::<Case>("types")?.into_iter().zip(RUN.into_iter().cycle()) {
        let bytes = case.bytes().with_context(|| format!("{file}: {}", case.name))?;
        for declared in ALLOWED.into_iter().chain([runs, UNDECLARED]) {
            let response = app.upload(&note, "page.html", declared, &bytes).await?;
            let status_and_code = case.status_and_code(declared);
            if response.status_and_code() != status_and_code.map_or_else(|refusal| refusal, |_| "201") {
                surprises.push(format!(
                    "{file}: {} as {declared}: {}",
                    case.name,
                    response.status_and_code()
                ));
            }
            if response.status == 201 {
                expected.push((status_and_code.unwrap_or(declared).to_owned(), bytes.clone()));
            }
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    assert_harmless(&app, expected).await
}

/// The bucket holds these files, each under its type, and nothing that a browser opens in place.
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
