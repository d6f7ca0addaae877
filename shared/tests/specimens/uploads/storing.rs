//! What becomes of an uploaded file: the answer, the row and the object.

use anyhow::Result;
use serde_json::Value;
use testing::{App, FORM, PNG, form};

use super::files;

/// A file of each type that may be stored by default.
const SAMPLES: [(&str, &[u8]); 7] = [
    ("image/png", PNG),
    ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"),
    ("image/gif", b"GIF89a\x01\0\x01\0"),
    ("image/webp", b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0"),
    ("application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("text/plain", b"Gr\xc3\xbc\xc3\x9fe,\n\taus dem All\r\n"),
    ("text/csv", b"name,color\r\nApollo,#112233\r\n"),
];

/// The SHA-256 of the PNG, in the base64 that S3 speaks.
const PNG_CHECKSUM: &str = "cf3jhWopigUsbttRVWONhCIRTlW/Dig3TZDeqL6Z72w=";

#[tokio::test]
async fn the_object_is_the_file_under_its_confirmed_type_and_always_a_download() -> Result<()> {
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
async fn no_organization_can_name_its_way_into_the_objects_of_another() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for (id, path, folder) in [
        ("...", "%2E%2E%2E", "orgs/.../"),
        ("acme%2Fx", "acme%252Fx", "orgs/acme%252Fx/"),
        ("..\\acme", "..%5Cacme", "orgs/..%5Cacme/"),
        ("ü b", "%C3%BC%20b", "orgs/%C3%BC%20b/"),
    ] {
        let note = app.new_item_at(id, path, "Apollo").await?;
        let draft = app.request_of("alice", &[id], "POST", &files(path, &note));
        assert_eq!(draft.body(FORM, form("a.png", "image/png", PNG)).send().await?.verdict(), "201", "{id}");
        let inside = app.objects().await?.iter().filter(|key| key.starts_with(folder)).count();
        assert_eq!(inside, 1, "{id}");
    }
    Ok(())
}

#[tokio::test]
async fn file_names_are_kept_as_data_without_what_could_do_harm() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let (long, longest) =
        (format!("filename=\"{}.png\"", "ä".repeat(300)), format!("{}.png", "ä".repeat(251)));
    let cases = [
        ("filename=\"photo.png\"", "photo.png"),
        ("filename=photo.png", "photo.png"),
        ("filename=\"../../etc/passwd\"", "passwd"),
        ("filename=\"C:\\fakepath\\photo.png\"", "photo.png"),
        ("filename=\"a \\\"b\\\" ; c=d.png\"", "a \"b\" ; c=d.png"),
        ("filename=\"日本.png\"", "日本.png"),
        ("filename=\"x.png\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.png", "naïve €.png"),
        ("filename*=utf-8'de'a%00b%0D%0Ac%1B.png", "abc.png"),
        ("filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("filename*=UTF-8''exe.%E2%80%AEgpj", "exe.gpj"),
        ("filename=\"\"", "file"),
        ("filename=\"..\"", "file"),
        ("size=29", "file"),
        (long.as_str(), longest.as_str()),
    ];
    for (parameter, expected) in cases {
        let head = format!(
            "--boundary\r\nContent-Disposition: form-data; name=\"file\"; {parameter}\r\nContent-Type: image/png\r\n\r\n"
        );
        let body = [head.as_bytes(), PNG, b"\r\n--boundary--\r\n"].concat();
        let answer = app.as_alice("POST", &files("acme", &note)).body(FORM, body).send().await?;
        assert_eq!(answer.json()["data"]["name"], expected, "{parameter}");
    }
    Ok(())
}

#[tokio::test]
async fn text_fields_beside_the_file_are_ignored() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let field = |name: &str, headers: &str| {
        let head = format!("--boundary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n{headers}");
        format!("{head}\r\numbrella\r\n").into_bytes()
    };
    // Some clients declare a type for every part.
    let typed = field("note", "Content-Type: text/plain; charset=utf-8\r\n");
    let body = [field("orgId", ""), field("file", ""), typed, form("a.png", "image/png", PNG)].concat();
    let answer = app.as_alice("POST", &files("acme", &note)).body(FORM, body).send().await?;
    assert_eq!((answer.verdict().as_str(), &answer.json()["data"]["orgId"]), ("201", &Value::from("acme")));
    Ok(())
}
