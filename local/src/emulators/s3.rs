//! Built-in S3: `s3s` implements the protocol and its signatures, SQLite stores the objects.
//!
//! Only operations that the functions or their tests use are implemented.

mod checksums;
mod listing;
mod objects;
mod operations;
mod store;

use std::net::SocketAddr;

use anyhow::Result;
use aws_credential_types::Credentials;
use axum::Router;
use axum::error_handling::HandleError;
use axum::http::StatusCode;
use operations::Objects;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use store::Store;

use super::{Emulator, data::Folder};
use crate::tasks::{Task, listener};

/// Serves the objects in `folder`, or in memory, at `address`, to callers that sign with `credentials`.
pub(super) async fn serve(
    folder: Option<&Folder>,
    address: SocketAddr,
    credentials: &Credentials,
) -> Result<Emulator> {
    let store = Store::open(folder.map(|folder| folder.file("s3.sqlite")).as_deref())?;
    let (listener, address) = listener(address).await?;
    let app = Router::new().fallback_service(HandleError::new(service(store, credentials), internal_error));
    Ok(Emulator::own(address, vec![Task::serve(listener, app)]))
}

fn service(store: Store, credentials: &Credentials) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Objects::new(store));
    builder.set_auth(SimpleAuth::from_single(credentials.access_key_id(), credentials.secret_access_key()));
    builder.build()
}

/// Handles errors of connections. Errors of S3 are responses already.
async fn internal_error(_: s3s::HttpError) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}
