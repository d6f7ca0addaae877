//! Page of the local stack for a browser: what runs, who is signed in, the API's reference, rows and objects.
//!
//! It responds only to requests without a route, so every route of the template takes precedence. It holds tokens and
//! data, so `guard` keeps other sites and other host names out.

mod archive;
mod assets;
mod guard;
mod objects;
mod overview;
mod reference;
mod rows;
mod session;

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::cargo::Executables;
use crate::emulators::Emulators;
use crate::environment::Variables;
use crate::template::{Names, Template};
use crate::token::Issuer;

/// Page with the parts of the stack that it shows.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) template: Template,
    pub(crate) names: Names,
    pub(crate) executables: Executables,
    /// Environment variables of a function behind the gateway.
    pub(crate) variables: Variables,
    /// Issuer that the functions trust; `None` if it is an external one.
    pub(crate) issuer: Option<Issuer>,
    /// Place of tables and objects.
    pub(crate) data: String,
    pub(crate) emulators: Arc<Emulators>,
}

/// Failure that the page shows: a status and a text.
type Failure = (StatusCode, String);

/// Resource of the page.
enum Resource {
    Asset(assets::Asset),
    Reference,
    Overview,
    Data,
    SignIn,
    SignOut,
}

impl Resource {
    fn find(method: &Method, path: &str) -> Option<Self> {
        match (method.as_str(), path) {
            ("GET" | "HEAD", "/openapi.json") => Some(Self::Reference),
            ("GET" | "HEAD", "/_local/overview") => Some(Self::Overview),
            ("GET" | "HEAD", "/_local/data") => Some(Self::Data),
            ("POST", "/_local/session") => Some(Self::SignIn),
            ("DELETE", "/_local/session") => Some(Self::SignOut),
            ("GET" | "HEAD", path) => assets::find(path).map(Self::Asset),
            _ => None,
        }
    }

    fn is_write(&self) -> bool {
        matches!(self, Self::SignIn | Self::SignOut)
    }
}

impl Page {
    /// Returns the response to a request of the page; `None` to any other.
    pub(crate) async fn respond(&self, request: &Parts, body: Body) -> Option<Response> {
        let resource = Resource::find(&request.method, request.uri.path())?;
        let responded = match guard::check(&request.headers, resource.is_write()) {
            Ok(()) => self.serve(resource, request, body).await,
            Err(failure) => Err(failure),
        };
        let mut response = responded.unwrap_or_else(|(status, message)| {
            (status, json_response(&json!({ "message": message }))).into_response()
        });
        self.add_headers(&mut response);
        Some(response)
    }

    async fn serve(&self, resource: Resource, request: &Parts, body: Body) -> Result<Response, Failure> {
        match resource {
            Resource::Asset(asset) => Ok(asset.into_response()),
            Resource::Reference => self.reference(&request.headers).await.map(|it| json_response(&it)),
            Resource::Overview => Ok(json_response(&self.overview(&request.headers))),
            Resource::Data => self.rows_and_objects().await.map(|it| json_response(&it)),
            Resource::SignIn => self.sign_in(body).await,
            Resource::SignOut => Ok(self.sign_out()),
        }
    }

    async fn rows_and_objects(&self) -> Result<Value, Failure> {
        let failed = |error: anyhow::Error| (StatusCode::BAD_GATEWAY, format!("{error:#}"));
        let tables = self.tables().await.map_err(failed)?;
        let buckets = self.buckets().await.map_err(failed)?;
        Ok(json!({ "tables": tables, "buckets": buckets }))
    }

    /// Adds the security headers. Swagger UI needs inline styles and images in `data:` URLs, but no inline script.
    /// Downloads are redirected to the bucket, so its endpoint is a source.
    fn add_headers(&self, response: &mut Response) {
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
             connect-src 'self' {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            self.emulators.s3.functions_endpoint
        );
        let fixed = [
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        ];
        let headers = response.headers_mut();
        headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
        if let Ok(policy) = policy.parse() {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

fn json_response(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
