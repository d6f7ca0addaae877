//! Our own S3: the protocol and its signatures come from `s3s`, the objects are rows in SQLite.
//! What must stay out: operations that neither the functions nor their tests use.

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

/// Serves the objects in `folder`, or some in memory, at `address`, to callers that sign with `credentials`.
pub(super) async fn serve(
    folder: Option<&Folder>,
    address: SocketAddr,
    credentials: &Credentials,
) -> Result<Emulator> {
    let store = Store::open(folder.map(|folder| folder.file("s3.sqlite")).as_deref())?;
    let (listener, address) = listener(address).await?;
    let app = Router::new().fallback_service(HandleError::new(service(store, credentials), broken));
    Ok(Emulator::own(address, vec![Task::serve(listener, app)]))
}

fn service(store: Store, credentials: &Credentials) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Objects::new(store));
    builder.set_auth(SimpleAuth::from_single(credentials.access_key_id(), credentials.secret_access_key()));
    builder.build()
}

/// What S3 itself has to say is an answer already; this is left for broken connections.
async fn broken(_: s3s::HttpError) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}
