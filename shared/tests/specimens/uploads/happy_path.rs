//! Object of an uploaded file: type, name and key.

use anyhow::Result;
use testing::{App, FORM, PNG, form};

use super::files;

/// File of each type that is allowed by default.
const SAMPLES: [(&str, &[u8]); 7] = [
    ("image/png", PNG),
    ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"),
    ("image/gif", b"GIF89a\x01\0\x01\0"),
    ("image/webp", b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0"),
    ("application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("text/plain", b"Gr\xc3\xbc\xc3\x9fe,\n\taus dem All\r\n"),
    ("text/csv", b"name,color\r\nApollo,#112233\r\n"),
];

/// SHA-256 of the PNG in base64, the form of S3.
const PNG_CHECKSUM: &str = "cf3jhWopigUsbttRVWONhCIRTlW/Dig3TZDeqL6Z72w=";

#[tokio::test]
async fn object_has_confirmed_type_and_is_attachment() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    for (content_type, bytes) in SAMPLES {
        let declared = format!("{}; charset=utf-8", content_type.to_uppercase());
        assert_eq!(app.upload(&note, "bericht ü.html", &declared, bytes).await?.status, 201);
    }
    let keys = app.objects().await?;
    assert_eq!(keys.len(), SAMPLES.len());
    let mut stored = Vec::new();
    for key in &keys {
        assert!(key.starts_with("orgs/acme/") && !key.contains("bericht"), "{key}");
        let object = app.object(key).await?;
        assert_eq!(object.content_disposition, "attachment; filename*=UTF-8''bericht%20%C3%BC.html");
        if object.bytes == PNG {
            assert_eq!(object.sha256, PNG_CHECKSUM);
        }
        stored.push((object.content_type, object.bytes));
    }
    let mut expected: Vec<_> =
        SAMPLES.iter().map(|(kind, bytes)| ((*kind).to_owned(), bytes.to_vec())).collect();
    stored.sort();
    expected.sort();
    assert_eq!(stored, expected);
    Ok(())
}

#[tokio::test]
async fn organization_ids_cannot_escape_their_prefix() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for (id, path, folder) in [
        ("...", "%2E%2E%2E", "orgs/.../"),
        ("acme%2Fx", "acme%252Fx", "orgs/acme%252Fx/"),
        ("..\\acme", "..%5Cacme", "orgs/..%5Cacme/"),
        ("ü b", "%C3%BC%20b", "orgs/%C3%BC%20b/"),
    ] {
        let note = app.new_item_at(id, path, "Apollo").await?;
        let request = app.request_of("alice", &[id], "POST", &files(path, &note));
        assert_eq!(
            request.body(FORM, form("a.png", "image/png", PNG)).send().await?.status_and_code(),
            "201",
            "{id}"
        );
        let inside = app.objects().await?.iter().filter(|key| key.starts_with(folder)).count();
        assert_eq!(inside, 1, "{id}");
    }
    Ok(())
}
