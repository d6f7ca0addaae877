//! Uploads that store nothing, and what their senders learn from the answer.

use anyhow::Result;
use testing::{App, Draft, FORM, PNG, form};

use super::files;

/// A body of these parts, each with its headers.
fn parts(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (headers, bytes) in parts {
        body.extend([b"--boundary\r\n", headers.as_bytes(), b"\r\n\r\n", bytes, b"\r\n"].concat());
    }
    [body.as_slice(), b"--boundary--\r\n"].concat()
}

const FILE: &str =
    "Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png";
const OTHER: &str =
    "Content-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\nContent-Type: image/png";
const TEXT: &str = "Content-Disposition: form-data; name=\"file\"";

fn post(app: &App, note: &str) -> Draft {
    app.as_alice("POST", &files("acme", note))
}

async fn nothing_is_stored(app: &App) -> Result<bool> {
    Ok(app.objects().await?.is_empty() && app.rows("NotesTable", "FILE#").await?.is_empty())
}

#[tokio::test]
async fn exactly_one_file_that_is_not_empty_is_asked_for() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let unchosen = "Content-Disposition: form-data; name=\"file\"; filename=\"\"\r\nContent-Type: application/octet-stream";
    for (body, code) in [
        (parts(&[]), "invalid_type"),
        (parts(&[(TEXT, PNG)]), "invalid_type"),
        (parts(&[(OTHER, PNG)]), "invalid_type"),
        (parts(&[(FILE, b"")]), "too_small"),
        (parts(&[(unchosen, b"")]), "invalid_type"),
        (parts(&[(FILE, PNG), (FILE, PNG)]), "too_big"),
    ] {
        let answer = post(&app, &note).body(FORM, body.clone()).send().await?;
        let shown = String::from_utf8_lossy(&body);
        assert_eq!(answer.verdict(), "400 VALIDATION_ERROR", "{shown}");
        assert_eq!(answer.issues(), [("file".to_owned(), code.to_owned())], "{shown}");
    }
    assert!(nothing_is_stored(&app).await?);
    Ok(())
}

#[tokio::test]
async fn what_is_not_well_formed_is_invalid_multipart() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let whole = form("a.png", "image/png", PNG);
    let cut = |bytes: usize| whole[..whole.len() - bytes].to_vec();
    let cases = [
        ("no boundary", "multipart/form-data", whole.clone()),
        ("an empty boundary", "multipart/form-data; boundary=", whole.clone()),
        ("another boundary", "multipart/form-data; boundary=other", whole.clone()),
        ("no body", FORM, Vec::new()),
        ("no parts at all", FORM, b"hello".to_vec()),
        ("no final boundary", FORM, cut("--boundary--\r\n".len())),
        ("half a final boundary", FORM, cut("ary--\r\n".len())),
        ("an end in the file", FORM, cut(40)),
        (
            "a part without a name",
            FORM,
            parts(&[("Content-Disposition: form-data; filename=\"a.png\"", PNG)]),
        ),
        ("a part without a disposition", FORM, parts(&[("Content-Type: image/png", PNG)])),
        (
            "a part that is an attachment",
            FORM,
            parts(&[("Content-Disposition: attachment; name=\"file\"", PNG)]),
        ),
        ("a broken header", FORM, parts(&[("Content-Disposition form-data", PNG)])),
        ("an open quote", FORM, parts(&[("Content-Disposition: form-data; name=\"file", PNG)])),
        (
            "a doubled name",
            FORM,
            parts(&[("Content-Disposition: form-data; name=\"file\"; name=\"x\"; filename=\"a\"", PNG)]),
        ),
        ("a broken second part", FORM, parts(&[(FILE, PNG), ("nonsense", b"")])),
    ];
    for (what, content_type, body) in cases {
        let answer = post(&app, &note).body(content_type, body).send().await?;
        assert_eq!(answer.verdict(), "400 INVALID_MULTIPART", "{what}");
    }
    assert!(nothing_is_stored(&app).await?);
    Ok(())
}

#[tokio::test]
async fn only_a_form_is_taken() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    for content_type in [
        "image/png",
        "application/json",
        "multipart/mixed; boundary=boundary",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let answer = post(&app, &note).body(content_type, form("a.png", "image/png", PNG)).send().await?;
        assert_eq!(answer.verdict(), "415 UNSUPPORTED_MEDIA_TYPE", "{content_type}");
    }
    let answer = post(&app, &note).untyped(form("a.png", "image/png", PNG)).send().await?;
    assert_eq!(answer.verdict(), "415 UNSUPPORTED_MEDIA_TYPE");
    let quoted = "Multipart/Form-Data; charset=utf-8; boundary=\"boundary\"";
    assert_eq!(
        post(&app, &note).body(quoted, form("a.png", "image/png", PNG)).send().await?.verdict(),
        "201"
    );
    Ok(())
}

#[tokio::test]
async fn a_file_must_be_of_an_allowed_type_and_really_be_of_it() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let cases: [(&str, &[u8], &str); 11] = [
        ("application/octet-stream", b"\0", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("text/html", b"<p>hello</p>", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("nonsense", PNG, "415 UNSUPPORTED_MEDIA_TYPE"),
        ("", b"<p>hello</p>", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("image/png", b"GIF89a\x01\0\x01\0", "422 UNPROCESSABLE_ENTITY"),
        ("image/png", b"just text", "422 UNPROCESSABLE_ENTITY"),
        ("image/jpeg", PNG, "422 UNPROCESSABLE_ENTITY"),
        ("application/pdf", b"<html>%PDF-1.7", "422 UNPROCESSABLE_ENTITY"),
        ("text/plain", PNG, "422 UNPROCESSABLE_ENTITY"),
        ("text/plain", b"text with a \0 in it", "422 UNPROCESSABLE_ENTITY"),
    ];
    for (content_type, bytes, expected) in cases {
        let answer = app.upload(&note, "a", content_type, bytes).await?;
        assert_eq!(answer.verdict(), expected, "{content_type} {bytes:?}");
    }
    assert!(nothing_is_stored(&app).await?);
    Ok(())
}

#[tokio::test]
async fn settings_say_which_types_may_be_stored() -> Result<()> {
    let app = App::specimens(&[("UPLOAD_ALLOWED_TYPES", "image/gif, image/png")]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    assert_eq!(app.upload(&note, "a", "image/png", PNG).await?.verdict(), "201");
    assert_eq!(app.upload(&note, "a", "text/plain", b"hello").await?.verdict(), "415 UNSUPPORTED_MEDIA_TYPE");
    Ok(())
}

#[tokio::test]
async fn settings_say_how_large_a_file_may_be_to_the_byte() -> Result<()> {
    let app = App::specimens(&[("UPLOAD_MAX_BYTES", "1000")]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    for (bytes, expected) in
        [(1000, "201"), (1001, "413 PAYLOAD_TOO_LARGE"), (1_000_000, "413 PAYLOAD_TOO_LARGE")]
    {
        let answer = app.upload(&note, "a.txt", "text/plain", &vec![b'a'; bytes]).await?;
        assert_eq!(answer.verdict(), expected, "{bytes}");
    }
    // So much is refused unread, whatever it may be.
    let answer = post(&app, &note).body(FORM, vec![b'x'; 1_000_000]).send().await?;
    assert_eq!(answer.verdict(), "413 PAYLOAD_TOO_LARGE");
    Ok(())
}

#[tokio::test]
async fn by_default_a_file_may_have_4_mib() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let mut file = PNG.to_vec();
    for (bytes, expected) in [(4 * 1024 * 1024, "201"), (4 * 1024 * 1024 + 1, "413 PAYLOAD_TOO_LARGE")] {
        file.resize(bytes, 0);
        assert_eq!(app.upload(&note, "a.png", "image/png", &file).await?.verdict(), expected);
    }
    let object = app.objects().await?.remove(0);
    assert_eq!(app.object(&object).await?.bytes.len(), 4 * 1024 * 1024);
    Ok(())
}

#[tokio::test]
async fn a_note_that_is_not_in_the_organization_is_not_found_however_it_is_named() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let own = app.new_item("acme", "Apollo").await?;
    let foreign = app.new_item("umbrella", "Apollo").await?;
    let mut bodies = Vec::new();
    for note in [
        foreign.as_str(),
        "01900000-0000-7000-8000-000000000000",
        "1",
        "%20",
        &own.to_uppercase(),
        &own.replace('-', ""),
    ] {
        let answer = app.upload(note, "a.png", "image/png", PNG).await?;
        assert_eq!(answer.verdict(), "404 NOT_FOUND", "{note}");
        bodies.push(answer.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert!(nothing_is_stored(&app).await?);
    Ok(())
}
