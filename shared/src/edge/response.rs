//! Responses of handlers, and the envelope around them.

mod errors;

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::utf8_percent_encode;
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use self::errors::error_response;
use super::error::Error;
use super::operation::Operation;
use crate::domain::{self, Outcome, UNRESERVED};

/// Header of a replayed response.
const REPLAYED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));

/// Response that an [`IntoResponse`] of your own makes.
///
/// ```
/// use shared::edge::{Response, StatusCode};
///
/// let reset = Response::empty(StatusCode::RESET_CONTENT);
/// let queued = Response::json(StatusCode::ACCEPTED, &"queued")?;
/// # Ok::<(), shared::edge::Error>(())
/// ```
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `None` for a status without a body.
    pub(crate) body: Option<String>,
}

/// Without headers and body, because they are the caller's data.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Response {
    /// Returns a response with data in the envelope.
    ///
    /// # Errors
    ///
    /// [`Internal`](domain::Error::Internal) if the data can't be written as JSON.
    pub fn json(status: StatusCode, data: &impl Serialize) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Envelope<'a, T> {
            data: &'a T,
        }
        json(status, &Envelope { data })
    }

    /// Returns a response without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: None }
    }

    /// Sets a header. An invalid value is left out.
    ///
    /// ```
    /// use shared::edge::{HeaderName, Response, StatusCode};
    ///
    /// let response = Response::empty(StatusCode::ACCEPTED).with_header(HeaderName::from_static("retry-after"), "5");
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        self.set(name, value);
        self
    }
}

/// Value that a handler returns.
///
/// ```
/// use shared::edge::{IntoResponse, Operation, Response, Result, StatusCode};
///
/// struct Queued(String);
///
/// impl IntoResponse for Queued {
///     fn into_response(self) -> Result<Response> {
///         Response::json(StatusCode::ACCEPTED, &self.0)
///     }
///
///     fn describe(operation: &mut Operation) {
///         operation.response::<String>(StatusCode::ACCEPTED, []);
///     }
/// }
/// ```
pub trait IntoResponse {
    /// Converts the value into a response.
    ///
    /// # Errors
    ///
    /// [`Internal`](domain::Error::Internal) if the value can't be written as JSON.
    fn into_response(self) -> Result<Response, Error>;

    /// Adds the response to the API's description.
    fn describe(operation: &mut Operation);
}

/// 200 with this data.
///
/// ```
/// use shared::edge::{OkJson, OrgMember, RequestContext, Result};
///
/// async fn count_notes(_: RequestContext<OrgMember, ()>, (): ()) -> Result<OkJson<u64>> {
///     Ok(OkJson(7))
/// }
/// ```
#[derive(Debug)]
pub struct OkJson<T>(pub T);

/// 200 with this resource and its `ETag`.
///
/// ```
/// # use shared::domain::OrgScope;
/// use shared::edge::{OkResource, OrgMember, RequestContext, Result};
/// # #[derive(serde::Serialize, schemars::JsonSchema)]
/// # struct Invoice;
/// # impl shared::edge::Resource for Invoice { fn location(&self) -> String { String::new() } }
/// # struct Invoices;
/// # impl Invoices { async fn latest(&self, _: &OrgScope) -> Result<Invoice> { Ok(Invoice) } }
///
/// async fn latest_invoice(ctx: RequestContext<OrgMember, Invoices>, (): ()) -> Result<OkResource<Invoice>> {
///     Ok(OkResource(ctx.store().latest(ctx.scope()).await?))
/// }
/// ```
#[derive(Debug)]
pub struct OkResource<T>(pub T);

/// 201 with the created resource, its `Location` and its `ETag`. A replayed one has `Idempotency-Replayed` as well.
///
/// ```
/// use shared::domain::Outcome;
/// use shared::edge::Created;
/// # struct Invoice;
///
/// let created: Created<Invoice> = Outcome::Created(Invoice).into();
/// let replayed: Created<Invoice> = Outcome::Replayed(Invoice).into();
/// ```
#[derive(Debug)]
pub struct Created<T>(Outcome<T>);

/// 201 with this data, for something created that has no address.
///
/// ```
/// use shared::domain::Outcome;
/// use shared::edge::CreatedJson;
///
/// let outcome: Outcome<CreatedJson<&str>> = Outcome::Created("ticket-7").map(CreatedJson);
/// ```
#[derive(Debug)]
pub struct CreatedJson<T>(pub T);

/// 204 without a body.
///
/// ```
/// use shared::edge::{NoContent, OrgMember, RequestContext, Result};
///
/// async fn delete_note(_: RequestContext<OrgMember, ()>, (): ()) -> Result<NoContent> {
///     Ok(NoContent)
/// }
/// ```
#[derive(Debug)]
pub struct NoContent;

/// 302 to this URL, with data for clients that don't follow it.
///
/// ```
/// use shared::edge::Redirect;
///
/// let invoice = Redirect { url: "https://bucket.example/invoice.pdf".to_owned(), data: "invoice.pdf" };
/// ```
pub struct Redirect<T> {
    /// Absolute URL, `http` or `https`. Never take it from a request, because callers could redirect anywhere.
    pub url: String,
    /// Data of the envelope.
    pub data: T,
}

/// Without the URL, because a signed one is a credential.
impl<T> fmt::Debug for Redirect<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redirect").finish_non_exhaustive()
    }
}

/// Resource with an address of its own.
///
/// ```
/// use shared::edge::{Resource, path};
/// # #[derive(serde::Serialize, schemars::JsonSchema)]
/// # struct Invoice { org: String, id: String, version: u64 }
///
/// impl Resource for Invoice {
///     const VERSION: Option<fn(&Self) -> u64> = Some(|invoice| invoice.version);
///
///     fn location(&self) -> String {
///         path(&["v1", "orgs", &self.org, "invoices", &self.id])
///     }
/// }
/// ```
pub trait Resource: Serialize + JsonSchema {
    /// Version of the resource, which becomes the `ETag`. `None` for a resource without versions.
    const VERSION: Option<fn(&Self) -> u64> = None;

    /// Returns the absolute path of the resource, without a stage or other prefix.
    fn location(&self) -> String;
}

/// Returns `true` for a replayed response.
pub(crate) fn is_replayed(response: &Response) -> bool {
    response.headers.contains_key(REPLAYED.0)
}

/// Returns the name of the header, for a resource with versions.
fn etag<T: Resource>() -> Option<&'static str> {
    T::VERSION.map(|_| "ETag")
}

/// Returns the absolute path of these segments, each percent-encoded.
///
/// ```
/// assert_eq!(shared::edge::path(&["v1", "orgs", "a/b"]), "/v1/orgs/a%2Fb");
/// ```
#[must_use]
pub fn path(segments: &[&str]) -> String {
    let encoded = segments.iter().map(|segment| utf8_percent_encode(segment, UNRESERVED));
    encoded.flat_map(|segment| ["/"].into_iter().chain(segment)).collect()
}

impl<T> From<Outcome<T>> for Created<T> {
    fn from(outcome: Outcome<T>) -> Self {
        Self(outcome)
    }
}

impl<T: Serialize + JsonSchema> IntoResponse for OkJson<T> {
    fn into_response(self) -> Result<Response, Error> {
        Response::json(StatusCode::OK, &self.0)
    }

    fn describe(operation: &mut Operation) {
        operation.response::<T>(StatusCode::OK, None);
    }
}

impl<T: Serialize + JsonSchema> IntoResponse for CreatedJson<T> {
    fn into_response(self) -> Result<Response, Error> {
        Response::json(StatusCode::CREATED, &self.0)
    }

    fn describe(operation: &mut Operation) {
        operation.response::<T>(StatusCode::CREATED, None);
    }
}

impl<T: Resource> IntoResponse for OkResource<T> {
    fn into_response(self) -> Result<Response, Error> {
        let mut response = Response::json(StatusCode::OK, &self.0)?;
        response.set_etag(&self.0);
        Ok(response)
    }

    fn describe(operation: &mut Operation) {
        operation.response::<T>(StatusCode::OK, etag::<T>());
    }
}

impl<T: Resource> IntoResponse for Created<T> {
    fn into_response(self) -> Result<Response, Error> {
        let (resource, replayed) = match self.0 {
            Outcome::Created(resource) => (resource, None),
            Outcome::Replayed(resource) => (resource, Some(REPLAYED)),
        };
        let mut response = Response::json(StatusCode::CREATED, &resource)?;
        response.set(header::LOCATION, &resource.location());
        response.set_etag(&resource);
        response.headers.extend(replayed);
        Ok(response)
    }

    fn describe(operation: &mut Operation) {
        operation.response::<T>(StatusCode::CREATED, ["Location"].into_iter().chain(etag::<T>()));
        operation.replayable();
    }
}

/// Adds `Idempotency-Replayed` to a replayed response.
impl<R: IntoResponse> IntoResponse for Outcome<R> {
    fn into_response(self) -> Result<Response, Error> {
        let (response, replayed) = match self {
            Self::Created(response) => (response, None),
            Self::Replayed(response) => (response, Some(REPLAYED)),
        };
        let mut response = response.into_response()?;
        response.headers.extend(replayed);
        Ok(response)
    }

    fn describe(operation: &mut Operation) {
        R::describe(operation);
        operation.replayable();
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::empty(StatusCode::NO_CONTENT))
    }

    fn describe(operation: &mut Operation) {
        operation.empty_response(StatusCode::NO_CONTENT);
    }
}

impl<T: Serialize + JsonSchema> IntoResponse for Redirect<T> {
    fn into_response(self) -> Result<Response, Error> {
        let is_absolute = ["https://", "http://"].iter().any(|scheme| self.url.starts_with(scheme));
        if !is_absolute || HeaderValue::from_str(&self.url).is_err() {
            return Err(domain::Error::internal("a redirect leads to no absolute URL").into());
        }
        Ok(Response::json(StatusCode::FOUND, &self.data)?.with_header(header::LOCATION, &self.url))
    }

    fn describe(operation: &mut Operation) {
        operation.response::<T>(StatusCode::FOUND, ["Location"]);
    }
}

fn json(status: StatusCode, envelope: &impl Serialize) -> Result<Response, Error> {
    let body = serde_json::to_string(envelope).map_err(domain::Error::internal)?;
    Ok(Response { status, headers: HeaderMap::new(), body: Some(body) })
}

impl Response {
    /// Sets a header. An invalid value is left out, because the response matters more.
    pub(super) fn set(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    fn set_etag<T: Resource>(&mut self, resource: &T) {
        if let Some(version) = T::VERSION {
            self.set(header::ETAG, &format!("\"{}\"", version(resource)));
        }
    }

    /// Prepends the prefix of the request's path to a `Location` of this service.
    pub(super) fn prefix_location(&mut self, prefix: impl FnOnce() -> String) {
        let location = self.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
        if let Some(path) = location.filter(|location| location.starts_with('/')) {
            let location = prefix() + path;
            self.set(header::LOCATION, &location);
        }
    }
}
