//! Files of the page: those in `local/page`, and Swagger UI's. They are part of the program, so the page needs no network.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

use super::archive;

const CSS: &str = "text/css";
const HTML: &str = "text/html; charset=utf-8";
const ICON: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript";

const PAGE: &str = include_str!("../../page/index.html");

/// Own files: path, media type, content. The page has a second path, because a template may declare a route at `/`.
const OWN: [(&str, &str, &str); 10] = [
    ("/", HTML, PAGE),
    ("/_local/", HTML, PAGE),
    ("/favicon.ico", ICON, include_str!("../../page/icon.svg")),
    ("/_local/page.css", CSS, include_str!("../../page/page.css")),
    ("/_local/page.js", SCRIPT, include_str!("../../page/page.js")),
    ("/_local/data.js", SCRIPT, include_str!("../../page/data.js")),
    ("/_local/dom.js", SCRIPT, include_str!("../../page/dom.js")),
    ("/_local/overview.js", SCRIPT, include_str!("../../page/overview.js")),
    ("/_local/reference.js", SCRIPT, include_str!("../../page/reference.js")),
    ("/_local/session.js", SCRIPT, include_str!("../../page/session.js")),
];

/// Swagger UI's files: path, media type, path in its archive.
const SWAGGER_UI: [(&str, &str, &str); 2] = [
    ("/_local/swagger-ui.css", CSS, "/dist/swagger-ui.css"),
    ("/_local/swagger-ui.js", SCRIPT, "/dist/swagger-ui-bundle.js"),
];

/// File of the page.
#[derive(Debug)]
pub(super) enum Asset {
    Plain(&'static str, &'static str),
    Gzip(&'static str, Vec<u8>),
}

/// Finds the file at `path`.
pub(super) fn find(path: &str) -> Option<Asset> {
    if let Some((_, media_type, text)) = OWN.iter().find(|(own, ..)| *own == path) {
        return Some(Asset::Plain(media_type, text));
    }
    let (_, media_type, file) = SWAGGER_UI.iter().find(|(own, ..)| *own == path)?;
    Some(Asset::Gzip(media_type, archive::gzip(SWAGGER_UI_VENDORED, file)?))
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        match self {
            Self::Plain(media_type, text) => ([(CONTENT_TYPE, media_type)], text).into_response(),
            Self::Gzip(media_type, bytes) => {
                ([(CONTENT_TYPE, media_type), (CONTENT_ENCODING, "gzip")], bytes).into_response()
            }
        }
    }
}
