//! Events of requests, as API Gateway sends them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use testing::{FORM, PNG, files, form, projects};

use crate::target::Workload;

/// Default organization.
pub(crate) const ORGANIZATION: &str = "acme";

/// Builder of an event.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: &'static str,
    route: &'static str,
    organization: String,
    project: Option<String>,
    query: String,
    headers: Map<String, Value>,
    /// Body in the event's encoding, and its original number of bytes.
    body: Option<(String, usize)>,
}

impl Request {
    /// Creates a request for a page of an organization's projects.
    pub(crate) fn list(organization: &str, query: &str) -> Self {
        Self {
            method: "GET",
            route: "/v1/orgs/{orgId}/projects",
            organization: organization.to_owned(),
            project: None,
            query: query.to_owned(),
            headers: Map::new(),
            body: None,
        }
    }

    /// Creates a request for a new project.
    pub(crate) fn create(name: &str) -> Self {
        let body =
            json!({"name": name, "description": "What it is about, in a few words", "color": "#12ab9f"});
        let request = Self {
            method: "POST",
            body: Some((body.to_string(), body.to_string().len())),
            ..Self::list(ORGANIZATION, "")
        };
        request.header("content-type", "application/json")
    }

    /// Creates an upload of a file of `size` bytes. Each `number` makes another content.
    pub(crate) fn upload(project: &str, size: usize, number: usize) -> Self {
        let mut bytes = PNG.to_vec();
        bytes.extend(number.to_le_bytes());
        bytes.resize(size, b'.');
        let body = form("image.png", "image/png", &bytes);
        let request = Self {
            method: "POST",
            route: "/v1/orgs/{orgId}/projects/{projectId}/files",
            project: Some(project.to_owned()),
            body: Some((BASE64_STANDARD.encode(&body), body.len())),
            ..Self::list(ORGANIZATION, "")
        };
        request.header("content-type", FORM)
    }

    /// Adds a header. The name must be in lower case, as in every event.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a token.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    fn path(&self) -> String {
        self.project
            .as_deref()
            .map_or_else(|| projects(&self.organization), |id| files(&self.organization, id))
    }

    fn parameters(&self) -> Value {
        let mut parameters = json!({ "orgId": self.organization });
        if let Some(project) = &self.project {
            parameters["projectId"] = project.as_str().into();
        }
        parameters
    }

    /// Returns the event in payload format 2.0.
    ///
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
    pub(crate) fn event(&self) -> Bytes {
        let (path, key) = (self.path(), format!("{} {}", self.method, self.route));
        let mut event = json!({
            "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": self.query,
            "headers": self.all_headers(), "pathParameters": self.parameters(),
            "requestContext": {
                "accountId": "123456789012", "apiId": "abcdef1234", "domainName": "api.example.com",
                "domainPrefix": "api", "requestId": "JKJaXmPLvHcESHA=", "routeKey": key, "stage": "$default",
                "time": "22/Nov/2026:04:23:11 +0000", "timeEpoch": 1_795_321_391_123_u64,
                "http": {
                    "method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                    "userAgent": "bench",
                },
            },
            "isBase64Encoded": self.project.is_some(),
        });
        if let Some((body, _)) = &self.body {
            event["body"] = body.as_str().into();
        }
        if !self.query.is_empty() {
            let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
            event["queryStringParameters"] =
                pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        }
        event.to_string().into()
    }

    fn all_headers(&self) -> Map<String, Value> {
        let length = self.body.as_ref().map_or(0, |(_, length)| *length).to_string();
        let usual = [
            ("accept", "application/json"),
            ("accept-encoding", "gzip, deflate, br"),
            ("content-length", &*length),
            ("host", "api.example.com"),
            ("user-agent", "bench"),
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-proto", "https"),
            ("x-amzn-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
        ];
        let usual = usual.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        usual.chain(self.headers.clone()).collect()
    }
}

/// Returns a request of a workload, unique by its number, and the status of its success. `None` for the example of a
/// function, which only a running stack can prepare.
pub(crate) fn of(workload: Workload, project: &str, number: usize) -> Option<(Request, u64)> {
    match workload {
        Workload::List => Some((Request::list(ORGANIZATION, ""), 200)),
        Workload::Create => Some((Request::create(&format!("Project {number}")), 201)),
        Workload::Upload(size) => Some((Request::upload(project, size, number), 201)),
        Workload::Example => None,
    }
}
