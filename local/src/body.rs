//! Reads request bodies up to a limit.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream, HttpBody};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::runtime::Handle;

/// Maximum bytes of a refused body that are still read, so that its sender gets the response.
const MAX_DISCARDED: usize = 32 * 1024 * 1024;

/// Error of reading a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadBodyError {
    /// The body is longer than the limit.
    TooLarge,
    /// The sender closed the connection early.
    Broken,
}

/// Reads the whole body, of at most `limit` bytes.
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

/// Reads and drops the rest of a body. Closing the connection early would reset it and lose the response.
pub(crate) fn discard(mut stream: BodyDataStream) {
    let Ok(runtime) = Handle::try_current() else { return };
    runtime.spawn(async move {
        let mut remaining = MAX_DISCARDED;
        while let Some(Ok(chunk)) = stream.next().await
            && remaining > chunk.len()
        {
            remaining -= chunk.len();
        }
    });
}

/// Returns a body whose rest is discarded when it is dropped, for a service that refuses requests unread.
pub fn discarded_on_drop(body: Body) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::from_stream(DiscardedOnDrop(Some(body.into_data_stream())))
}

struct DiscardedOnDrop(Option<BodyDataStream>);

impl Stream for DiscardedOnDrop {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().map_or(Poll::Ready(None), |stream| stream.poll_next_unpin(context))
    }
}

impl Drop for DiscardedOnDrop {
    fn drop(&mut self) {
        if let Some(rest) = self.0.take() {
            discard(rest);
        }
    }
}
