//! The one order of checks that every route inherits: cross-site, token, rate limit, membership, body, storage.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use jiff::Timestamp;

use super::access::Access;
use super::auth::Auth;
use super::context::Context;
use super::error::{Error, Result};
use super::event::{Event, Object};
use super::input::Intake;
use super::limiter::Limiter;
use super::log::Facts;
use super::reply::{Reply, Response, refuse};
use super::request::Request;
use super::route::Route;
use super::{cross_site, headers, identity, log};
use crate::clock;
use crate::domain::rate_limit::Quota;
use crate::domain::{self, Caller, IdempotencyKey};

/// A function, ready for requests.
pub(super) struct Service<A, I: Intake, S, H> {
    pub(super) route: Route<A, I>,
    pub(super) name: Arc<str>,
    pub(super) auth: Auth,
    pub(super) limiter: Limiter,
    pub(super) trusted_origins: Vec<String>,
    pub(super) store: Arc<S>,
    pub(super) input: I::Settings,
    pub(super) handler: H,
}

/// What the limiter and the checks found out on the way, whatever the answer.
#[derive(Default)]
struct Progress {
    facts: Facts,
    quota: Option<Quota>,
}

impl<A, I, S, H, R> Service<A, I, S, H>
where
    A: Access,
    I: Intake,
    R: Reply,
    H: AsyncFn(Context<A, S>, I::Value) -> Result<R>,
{
    /// Answers an event. Always answers: an error is written in the envelope, a panic as a defect of ours.
    pub(super) async fn respond(&self, event: Object<Event>, invocation: &str) -> Response {
        let (began, now) = (clock::monotonic(), clock::now());
        let request = Request::new(event, invocation);
        let id = request.id.clone();
        let mut progress = Progress::default();
        let answered = AssertUnwindSafe(self.answer(request, now, &mut progress)).catch_unwind().await;
        let outcome =
            answered.unwrap_or_else(|_| Err(domain::Error::internal("the handler panicked").into()));
        log::request(&id, &self.name, &progress.facts, &outcome, began.elapsed());
        let written = outcome.or_else(|error| refused(&error, &mut progress));
        let finished = written.and_then(|response| self.finish(response, progress.quota, &id));
        finished.unwrap_or_else(|_| last_resort())
    }

    async fn answer(&self, request: Request, now: Timestamp, progress: &mut Progress) -> Result<Response> {
        let credential = self.auth.credential(&request);
        if !self.route.is_safe() && credential.is_ambient() {
            cross_site::check(&request, &self.trusted_origins)?;
        }
        let millis = domain::time::epoch_millis(now);
        match self.auth.verify(&credential, now) {
            Ok(caller) => self.admitted(&caller, request, now, millis, progress).await,
            Err(unauthorized) => {
                // What is left to an address is nothing that one caller of many behind it could use.
                self.limiter.admit(&identity::source(&request.source_ip), millis).await?;
                Err(unauthorized)
            }
        }
    }

    async fn admitted(
        &self,
        caller: &Caller,
        request: Request,
        now: Timestamp,
        millis: u64,
        progress: &mut Progress,
    ) -> Result<Response> {
        let identity = identity::user(caller.user());
        progress.facts.user = Some(caller.user().as_str().to_owned());
        let Progress { facts, quota } = progress;
        if !self.route.is_safe() {
            *quota = self.limiter.admit(&identity, millis).await?;
            return self.handle(caller, request, now, facts).await;
        }
        // Reading changes nothing, so it needn't wait for the counter; whoever is over the limit just doesn't get it.
        self.limiter.refuse_known(&identity, millis)?;
        let (admission, reply) =
            tokio::join!(self.limiter.admit(&identity, millis), self.handle(caller, request, now, facts));
        *quota = admission?;
        reply
    }

    async fn handle(
        &self,
        caller: &Caller,
        mut request: Request,
        now: Timestamp,
        facts: &mut Facts,
    ) -> Result<Response> {
        let access = A::admit(caller, &request)?;
        facts.organization = access.scope().map(|scope| scope.organization().as_str().to_owned());
        let key = if self.route.is_safe() { None } else { idempotency_key(&request)? };
        let (store, route) = (Arc::clone(&self.store), Arc::clone(&self.name));
        let context = Context::new(access, store, now, route, key, &mut request);
        let input = I::read(&self.input, &mut request).await?;
        (self.handler)(context, input).await?.into_response()
    }

    fn finish(&self, mut response: Response, quota: Option<Quota>, id: &str) -> Result<Response> {
        headers::set_common(&mut response, id)?;
        if let Some(quota) = quota {
            headers::set_quota(&mut response, self.limiter.limit(), quota)?;
        }
        Ok(response)
    }
}

/// The key of a write that may be repeated, for callers that send one.
fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>> {
    let key = request.header("idempotency-key").map(IdempotencyKey::parse);
    key.map(|key| key.ok_or(Error::InvalidIdempotencyKey)).transpose()
}

/// Writes an error. What is left to a caller who is over the limit follows from the error itself.
fn refused(error: &Error, progress: &mut Progress) -> Result<Response> {
    if let Error::RateLimited(rejection) = error {
        progress.quota = Some(Quota { left: 0, reset: rejection.retry_after });
    }
    refuse(error)
}

/// An answer that can't fail to be written.
fn last_resort() -> Response {
    let body =
        r#"{"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side"}}"#.to_owned();
    Response { status: http::StatusCode::INTERNAL_SERVER_ERROR, headers: http::HeaderMap::new(), body }
}
