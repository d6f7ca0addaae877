//! Reading request bodies that others send, within limits. What must stay out: what is in them.

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::StreamExt;

/// How many bytes of a refused body are still read, so that its sender gets to see the answer.
const DISCARDED: usize = 32 * 1024 * 1024;

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadBodyError {
    /// It is longer than allowed.
    TooLarge,
    /// Its sender gave up.
    Broken,
}

/// The whole body, if it has no more than `limit` bytes.
pub(crate) async fn collect(body: Body, limit: usize) -> Result<Bytes, ReadBodyError> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ReadBodyError::Broken)?;
        if bytes.len() + chunk.len() > limit {
            discard(stream);
            return Err(ReadBodyError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

/// Reads and forgets what still arrives: closing the connection instead would reset it, and the answer with it.
pub(crate) fn discard(mut stream: BodyDataStream) {
    tokio::spawn(async move {
        let mut left = DISCARDED;
        while let Some(Ok(chunk)) = stream.next().await
            && left > chunk.len()
        {
            left -= chunk.len();
        }
    });
}
