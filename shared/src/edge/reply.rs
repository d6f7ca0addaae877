//! What handlers answer with, and how an answer becomes a response in the envelope.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::utf8_percent_encode;
use serde::Serialize;

use super::error::Error;
use crate::domain::validation::Issues;
use crate::domain::{self, OrgId, PLAIN, Project, Written};

/// How long in seconds a caller should wait while a service that this one depends on is down.
const UNAVAILABLE_RETRY_AFTER: u64 = 1;

/// An answer on its way out.
#[derive(Debug)]
pub struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// What can be answered.
pub trait Reply {
    /// Writes the response.
    ///
    /// # Errors
    ///
    /// If it can't be written as JSON.
    fn into_response(self) -> Result<Response, Error>;
}

/// 200 with this data.
pub struct Data<T>(pub T);

/// 201 with the resource that was created, its `Location` and its `ETag`.
pub struct Created<T>(Written<T>);

/// What has an address of its own.
pub trait Resource: Serialize {
    /// The absolute path of the resource, without the prefix of a request's path.
    fn location(&self) -> String;

    /// Its version, for those that have one.
    fn version(&self) -> Option<u64> {
        None
    }
}

impl Resource for Project {
    fn location(&self) -> String {
        format!("{}/projects/{}", organization(&self.org_id), self.id)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }
}

#[cfg(feature = "uploads")]
impl Resource for domain::File {
    fn location(&self) -> String {
        format!("{}/projects/{}/files/{}", organization(&self.org_id), self.project_id, self.id)
    }
}

fn organization(id: &OrgId) -> String {
    format!("/v1/orgs/{}", utf8_percent_encode(id.as_str(), PLAIN))
}

impl<T> From<Written<T>> for Created<T> {
    fn from(written: Written<T>) -> Self {
        Self(written)
    }
}

impl<T: Serialize> Reply for Data<T> {
    fn into_response(self) -> Result<Response, Error> {
        data(StatusCode::OK, &self.0)
    }
}

impl<T: Resource> Reply for Created<T> {
    fn into_response(self) -> Result<Response, Error> {
        let (resource, before) = match self.0 {
            Written::Now(resource) => (resource, false),
            Written::Before(resource) => (resource, true),
        };
        let mut response = data(StatusCode::CREATED, &resource)?;
        response.set(header::LOCATION, &resource.location());
        if let Some(version) = resource.version() {
            response.set(header::ETAG, &format!("\"{version}\""));
        }
        if before {
            response.set(HeaderName::from_static("idempotency-replayed"), "true");
        }
        Ok(response)
    }
}

fn data(status: StatusCode, data: &impl Serialize) -> Result<Response, Error> {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        data: &'a T,
    }
    json(status, &Envelope { data })
}

fn json(status: StatusCode, envelope: &impl Serialize) -> Result<Response, Error> {
    let body = serde_json::to_string(envelope).map_err(domain::Error::internal)?;
    Ok(Response { status, headers: HeaderMap::new(), body })
}

impl Response {
    /// Sets a header. All values are made by this service of parts that can stand in a header, so one that can't is left
    /// out instead of failing the answer.
    pub(super) fn set(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// Puts the prefix of the request's path before a `Location` of this service.
    pub(super) fn prefix_location(&mut self, prefix: impl FnOnce() -> String) {
        let location = self.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
        if let Some(path) = location.filter(|location| location.starts_with('/')) {
            let location = prefix() + path;
            self.set(header::LOCATION, &location);
        }
    }
}

#[derive(Serialize)]
struct ErrorEnvelope<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issues: Option<&'a Issues>,
}

/// Writes an error in the envelope, with the headers that its status asks for.
pub(super) fn refuse(error: &Error) -> Result<Response, Error> {
    let (status, code) = error.status();
    let (field, issues) = match error {
        Error::Domain(domain::Error::Invalid(issues)) => (issues.field(), Some(issues)),
        Error::Domain(domain::Error::Conflict { field, .. }) => (field.map(str::to_owned), None),
        _ => (None, None),
    };
    let mut response = json(
        status,
        &ErrorEnvelope { error: ErrorBody { code, message: error.to_string(), field, issues } },
    )?;
    let (name, value) = match error {
        Error::Unauthorized { refused: Some(_) } => {
            (header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"".to_owned())
        }
        Error::Unauthorized { refused: None } => (header::WWW_AUTHENTICATE, "Bearer".to_owned()),
        // RFC 9110, section 15.5.16: what would have been taken.
        Error::ContentCoding => (header::ACCEPT_ENCODING, "identity".to_owned()),
        Error::RateLimited(rejection) => (header::RETRY_AFTER, rejection.retry_after.to_string()),
        Error::Domain(domain::Error::Unavailable(_)) => {
            (header::RETRY_AFTER, UNAVAILABLE_RETRY_AFTER.to_string())
        }
        _ => return Ok(response),
    };
    response.set(name, &value);
    Ok(response)
}
