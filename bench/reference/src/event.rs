//! Event of a request (payload format 2.0): the members that the route reads.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    #[serde(default)]
    pub(crate) headers: Headers,
    pub(crate) path_parameters: Path,
    #[serde(default)]
    pub(crate) query_string_parameters: Query,
    pub(crate) request_context: Context,
}

#[derive(Default, Deserialize)]
pub(crate) struct Headers {
    pub(crate) authorization: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Path {
    pub(crate) org_id: String,
}

#[derive(Default, Deserialize)]
pub(crate) struct Query {
    pub(crate) limit: Option<String>,
    pub(crate) cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Context {
    pub(crate) request_id: String,
}
