//! Which bodies travel as text inside an event. What must stay out: the rest of the event.

/// Text types besides `text/*` and those that end in `+json` or `+xml`.
const TEXT: [&str; 3] = ["application/json", "application/javascript", "application/xml"];

/// `body` as text, if API Gateway would hand it over as such; otherwise it travels in base64.
pub(super) fn as_text<'b>(content_type: Option<&str>, body: &'b [u8]) -> Option<&'b str> {
    let media_type = content_type?.split(';').next()?.trim().to_ascii_lowercase();
    let is_text = media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || TEXT.contains(&media_type.as_str());
    is_text.then(|| std::str::from_utf8(body).ok()).flatten()
}
