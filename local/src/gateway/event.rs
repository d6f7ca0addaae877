//! Conversion of a request to a function's event: payload format 2.0.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use http::{HeaderMap, HeaderName, header, request::Parts};
use jiff::fmt::strtime;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::content::as_text;
use crate::clock;
use crate::template::ACCOUNT;

/// Id of the API.
const API: &str = "local";
/// Hop-by-hop headers, which the gateway drops.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    header::EXPECT,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Request to convert to an event.
#[derive(Debug)]
pub(crate) struct GatewayRequest<'r> {
    pub(crate) parts: &'r Parts,
    /// Path as the router matched it.
    pub(crate) path: &'r str,
    pub(crate) body: &'r [u8],
    pub(crate) peer: SocketAddr,
    /// Port that the gateway listens on.
    pub(crate) port: u16,
    /// Request id.
    pub(crate) id: &'r str,
}

impl GatewayRequest<'_> {
    /// Converts the request to the event of `route`, as JSON.
    pub(crate) fn event(&self, route: &str, parameters: &BTreeMap<String, String>) -> String {
        let headers = &self.parts.headers;
        let query = self.parts.uri.query().unwrap_or_default();
        let mut event = json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": self.path,
            "rawQueryString": query,
            "headers": self.headers(),
            "requestContext": self.context(route),
        });
        if let Some(event) = event.as_object_mut() {
            insert_unless_empty(event, "cookies", cookies(headers).into());
            insert_unless_empty(event, "queryStringParameters", json!(query_parameters(query)));
            insert_unless_empty(event, "pathParameters", json!(parameters));
            self.insert_body(event);
        }
        event.to_string()
    }

    fn insert_body(&self, event: &mut Map<String, Value>) {
        let content_type = text(&self.parts.headers, &header::CONTENT_TYPE);
        let as_text = as_text(content_type.as_deref(), self.body);
        event.insert("isBase64Encoded".to_owned(), (as_text.is_none() && !self.body.is_empty()).into());
        let body = as_text.map_or_else(|| BASE64_STANDARD.encode(self.body), str::to_owned);
        insert_unless_empty(event, "body", body.into());
    }

    fn headers(&self) -> BTreeMap<String, String> {
        let sent = &self.parts.headers;
        let kept = sent.keys().filter(|name| !HOP_BY_HOP.contains(name) && **name != header::COOKIE);
        let mut headers: BTreeMap<_, _> =
            kept.filter_map(|name| Some((name.to_string(), text(sent, name)?))).collect();
        let peer = self.peer.ip().to_string();
        let via = headers.get("x-forwarded-for").map_or_else(|| peer.clone(), |via| format!("{via}, {peer}"));
        let trace = Uuid::new_v4().simple().to_string();
        let trace =
            format!("Root=1-{:08x}-{}", clock::now().as_second(), trace.get(..24).unwrap_or_default());
        headers.insert("content-length".to_owned(), self.body.len().to_string());
        headers.insert("x-forwarded-for".to_owned(), via);
        headers.insert("x-forwarded-port".to_owned(), self.port.to_string());
        headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
        headers.entry("x-amzn-trace-id".to_owned()).or_insert(trace);
        headers
    }

    fn context(&self, route: &str) -> Value {
        let now = clock::now();
        let host = text(&self.parts.headers, &header::HOST).unwrap_or_else(|| "localhost".to_owned());
        let domain = host.rsplit_once(':').map_or(host.as_str(), |(domain, _)| domain);
        json!({
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "http": {
                "method": self.parts.method.as_str(),
                "path": self.path,
                "protocol": format!("{:?}", self.parts.version),
                "sourceIp": self.peer.ip().to_string(),
                "userAgent": text(&self.parts.headers, &header::USER_AGENT).unwrap_or_default(),
            },
            "requestId": self.id,
            "routeKey": route,
            "stage": "$default",
            "time": strtime::format("%d/%b/%Y:%H:%M:%S +0000", now).unwrap_or_default(),
            "timeEpoch": now.as_millisecond(),
        })
    }
}

/// Creates a request id in the form of API Gateway's.
pub(crate) fn request_id() -> String {
    BASE64_URL_SAFE.encode(&Uuid::new_v4().into_bytes()[..11])
}

/// Decodes percent-encoding. Bytes that are not UTF-8 are replaced.
pub(super) fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Joins all values of a header by commas.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(header::COOKIE).iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect();
    let cookies = lines.iter().flat_map(|line| line.split(';'));
    cookies.map(str::trim).filter(|cookie| !cookie.is_empty()).map(str::to_owned).collect()
}

fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let [name, value] = [name, value].map(|text| decode(&text.replace('+', " ")));
        parameters.entry(name).and_modify(|values| *values = format!("{values},{value}")).or_insert(value);
    }
    parameters
}

/// Inserts a field. Events omit empty ones.
fn insert_unless_empty(event: &mut Map<String, Value>, name: &str, value: Value) {
    let empty = match &value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    };
    if !empty {
        event.insert(name.to_owned(), value);
    }
}
