//! Built-in S3: `s3s` implements the protocol and its signatures, SQLite stores the objects, files their bodies.
//!
//! Only operations that the functions, their tests or tools use are implemented.

mod bodies;
mod checksums;
mod cors;
mod errors;
mod listing;
mod objects;
mod operations;
mod signed_headers;
mod store;
mod upload;
mod versions;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use aws_credential_types::Credentials;
use axum::Router;
use axum::error_handling::HandleError;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::EXPECT;
use axum::middleware::{from_fn_with_state, map_request};
use cors::Cors;
use local::body::discarded_on_drop;
use local::tasks::{Task, loopback_listener};
use operations::Objects;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use signed_headers::SignedHeaders;
use store::Store;

/// Running emulator, until it is dropped.
#[derive(Debug)]
pub struct Emulator {
    /// Address that it listens at.
    pub address: SocketAddr,
    _server: Task,
}

/// Serves the objects in `folder`, or in memory, on a free loopback port, to callers that sign with `credentials`.
///
/// # Errors
/// When the folder has no readable database, or no port is free.
pub async fn serve(folder: Option<&Path>, credentials: &Credentials) -> Result<Emulator> {
    let store = Store::open(folder)?;
    let (listener, address) = loopback_listener().await?;
    let cors = Cors::default();
    let service = service(Objects { store, cors: cors.clone() }, credentials);
    let app = Router::new().fallback_service(HandleError::new(service, internal_error));
    let app = app.layer(from_fn_with_state(cors, cors::handle)).layer(map_request(discard_refused_body));
    Ok(Emulator { address, _server: Task::serve(listener, app) })
}

fn service(objects: Objects, credentials: &Credentials) -> S3Service {
    let mut builder = S3ServiceBuilder::new(objects);
    builder.set_auth(SimpleAuth::from_single(credentials.access_key_id(), credentials.secret_access_key()));
    builder.set_access(SignedHeaders);
    builder.build()
}

/// Lets the sender of a refused body read the response. One that waits for `100 Continue` has not sent its body.
async fn discard_refused_body(request: Request) -> Request {
    if request.headers().contains_key(EXPECT) { request } else { request.map(discarded_on_drop) }
}

/// Handles errors of connections. Errors of S3 are responses already.
async fn internal_error(_: s3s::HttpError) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}
