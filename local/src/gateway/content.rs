//! Media types whose bodies an event carries as text.

/// Text types besides `text/*`, `*+json` and `*+xml`.
const TEXT: [&str; 3] = ["application/json", "application/javascript", "application/xml"];

/// Returns `body` as text, if API Gateway would; otherwise the event carries it in base64.
pub(super) fn as_text<'b>(content_type: Option<&str>, body: &'b [u8]) -> Option<&'b str> {
    let media_type = content_type?.split(';').next()?.trim().to_ascii_lowercase();
    let is_text = media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || TEXT.contains(&media_type.as_str());
    is_text.then(|| std::str::from_utf8(body).ok()).flatten()
}
