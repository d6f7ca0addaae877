//! `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header) beside another input.

use std::marker::PhantomData;

use serde::Serialize;

use super::FromRequest;
use crate::config::Env;
use crate::domain::{IdempotencyKey, IdempotentRequest};
use crate::edge::access::Scoped;
use crate::edge::context::RequestContext;
use crate::edge::error::{Error, ErrorCode, Result};
use crate::edge::operation::Operation;
use crate::edge::request::Request;

/// Input `I` with an optional `Idempotency-Key`. The handler gets an [`Idempotent`].
#[derive(Debug)]
pub struct WithKey<I>(PhantomData<I>);

/// Content of a request, and its `Idempotency-Key`. [`Idempotent::open`] returns both.
#[derive(Debug)]
pub struct Idempotent<T> {
    content: T,
    key: Option<IdempotencyKey>,
}

impl<T: Serialize> Idempotent<T> {
    /// Returns the content, and the idempotent request if there is a key. Pass the latter to
    /// [`Transaction::idempotent`](crate::storage::Transaction::idempotent), which stores the response with the write.
    ///
    /// ```
    /// # use shared::domain::{IdempotentRequest, OrgScope, Outcome};
    /// use shared::edge::{Created, Idempotent, OrgMember, RequestContext, Result};
    /// # #[derive(serde::Serialize)]
    /// # struct NewNote;
    /// # struct Note;
    /// # struct Notes;
    /// # impl Notes {
    /// #     async fn create(&self, _: &OrgScope, _: NewNote, _: Option<&IdempotentRequest>) -> Result<Outcome<Note>> {
    /// #         Ok(Outcome::Created(Note))
    /// #     }
    /// # }
    ///
    /// async fn create_note(
    ///     ctx: RequestContext<OrgMember, Notes>,
    ///     new: Idempotent<NewNote>,
    /// ) -> Result<Created<Note>> {
    ///     let (new, request) = new.open(&ctx)?;
    ///     Ok(ctx.store().create(ctx.scope(), new, request.as_ref()).await?.into())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Internal`](crate::domain::Error::Internal) if the content can't be written as JSON.
    pub fn open<A: Scoped, S>(self, ctx: &RequestContext<A, S>) -> Result<(T, Option<IdempotentRequest>)> {
        let request = self.key.map(|key| ctx.idempotent(&key, &self.content)).transpose()?;
        Ok((self.content, request))
    }
}

impl<I: FromRequest> FromRequest for WithKey<I> {
    const TAKES_BODY: bool = I::TAKES_BODY;

    type Settings = I::Settings;
    type Value = Idempotent<I::Value>;

    fn settings(env: &Env<'_>) -> Option<I::Settings> {
        I::settings(env)
    }

    async fn from_request(settings: &I::Settings, request: &mut Request) -> Result<Self::Value> {
        let key = request.header("idempotency-key").map(str::parse::<IdempotencyKey>);
        let key = key.transpose().map_err(|_| Error::InvalidIdempotencyKey)?;
        Ok(Idempotent { content: I::from_request(settings, request).await?, key })
    }

    fn describe(operation: &mut Operation) {
        I::describe(operation);
        operation.idempotency_key();
        let codes =
            [ErrorCode::INVALID_IDEMPOTENCY_KEY, ErrorCode::CONFLICT, ErrorCode::UNPROCESSABLE_ENTITY];
        operation.refusals(codes);
    }
}
