//! Pipeline of checks that every route runs, in this order: origin, route, CSRF, token, rate limit, access, body, storage.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::SetOnce;

use super::access::{Access, Proof};
use super::caller::sealed::Sealed;
use super::context::RequestContext;
use super::error::{Error, Result};
use super::event;
use super::input::FromRequest;
use super::made_up;
use super::middleware::auth::{Auth, Credential};
use super::middleware::log::RequestLog;
use super::middleware::rate_limit::{LimitStatus, Limiter};
use super::middleware::{csrf, headers, log, origin, rate_limit_key};
use super::refusal::Refusal;
use super::request::Request;
use super::response::{IntoResponse, Response, error_response};
use super::route::Route;
use crate::clock;
use crate::config::{OriginSecrets, TrustedOrigins};
use crate::domain;
use crate::domain::OrgId;
use crate::domain::rate_limit::{Limit, RateLimitStatus};
use crate::storage::{Store, WriteGate, timeout_error, without_writes, write_permitted};
use crate::telemetry::{Invocation, Record};
use crate::warm_up;

/// Milliseconds before Lambda's deadline at which a request times out, so that the 503 still reaches the caller.
const RESPONSE_MARGIN_MS: u64 = 500;

/// A function, ready for requests.
pub(super) struct Service<A, I: FromRequest, K, S, H> {
    pub(super) route: Route<A, I, K>,
    pub(super) name: Arc<str>,
    pub(super) auth: Auth,
    pub(super) limiter: Limiter,
    pub(super) origin_secrets: OriginSecrets,
    pub(super) trusted_origins: TrustedOrigins,
    pub(super) store: Arc<S>,
    pub(super) input: I::Settings,
    pub(super) handler: H,
}

/// Findings of the checks for the log line and the headers, kept even if the request is refused.
#[derive(Default)]
struct Progress {
    log_fields: RequestLog,
    rate_limit: Option<LimitStatus>,
}

impl<A, I, K, S, H, R> Service<A, I, K, S, H>
where
    A: Access<S>,
    I: FromRequest,
    S: Store,
    R: IntoResponse,
    H: AsyncFn(RequestContext<A::Granted, S>, I::Value) -> Result<R>,
{
    /// Returns the response to an event. An error gets the envelope, a panic a 500, and a timeout a 503.
    pub(super) async fn respond(&self, event: Value, invocation: Invocation) -> Response {
        let (now, deadline) = (clock::now(), invocation.deadline);
        let Some(request) = event::read(event, &invocation.id) else { return pong(&invocation.id) };
        let id = request.as_ref().map_or(&invocation.id, |request| &request.id).to_owned();
        let record = Record::new(invocation, Some(id.clone()));
        let mut progress = Progress::default();
        // Boxed, because the state of the future is large and would be moved.
        let response = Box::pin(async { self.process(request?, now, &mut progress).await });
        let outcome = record.scope(catch_panic(with_timeout(deadline, now, response))).await;
        let (written, error) = match outcome {
            Ok(response) => (Ok(response), None),
            Err(error) => (write_error(&error, &mut progress), Some(error)),
        };
        let mut response = written.unwrap_or_else(|_| fallback_response());
        headers::set_common(&mut response, &id);
        if let Some(rate_limit) = progress.rate_limit {
            let LimitStatus { limit, status } = rate_limit;
            headers::set_rate_limit(&mut response, limit, self.limiter.policy(limit), status);
        }
        log::request(&record, &self.name, &progress.log_fields, error.as_ref(), &response);
        response
    }

    async fn process(
        &self,
        mut request: Request,
        now: Timestamp,
        progress: &mut Progress,
    ) -> Result<Response> {
        let matched = request.match_route(&self.route.method, self.route.path);
        progress.log_fields.read(&request);
        progress.log_fields.is_public = !A::Identity::HAS_TOKEN;
        let came_through = origin::check(&self.origin_secrets, &mut request);
        progress.log_fields.cloudfront_id =
            came_through.inspect_err(|_| progress.log_fields.refused = Some(origin::REFUSED))?;
        matched?;
        let has_token = A::Identity::HAS_TOKEN;
        let credential = if has_token { self.auth.credential(&request) } else { Credential::None };
        match credential.is_ambient() {
            true if self.route.is_safe() => csrf::check_read(&request)?,
            true => csrf::check_write(&request, &self.trusted_origins)?,
            false => {}
        }
        let millis = domain::time::epoch_millis(now);
        match self.identify(&credential, now).await {
            Ok(caller) => self.handle_limited(&caller, request, now, millis, progress).await,
            Err(Error::Unauthorized { refused }) => {
                progress.log_fields.refused = refused.map(Refusal::name);
                let address = rate_limit_key::for_ip(&request.source_ip);
                self.limiter.check(&address, async { None }, millis).await?;
                Err(Error::Unauthorized { refused })
            }
            // Rate limiting is skipped, because callers can't be identified without keys.
            Err(unavailable) => Err(unavailable),
        }
    }

    /// Verifies the caller, if the route needs a token.
    async fn identify(&self, credential: &Credential, now: Timestamp) -> Result<A::Identity> {
        if !A::Identity::HAS_TOKEN {
            return A::Identity::of(None);
        }
        let verified = self.auth.verify(credential, now).await;
        A::Identity::of(if warm_up::is_active() { made_up::caller() } else { Some(verified?) })
    }

    async fn handle_limited(
        &self,
        caller: &A::Identity,
        request: Request,
        now: Timestamp,
        millis: u64,
        progress: &mut Progress,
    ) -> Result<Response> {
        let key = caller.rate_limit_key(&request);
        progress.log_fields.user = caller.user().map(|user| user.as_str().to_owned());
        let rate_limit = &mut progress.rate_limit;
        // No `RateLimit` header for public routes: the counter is shared by everyone behind this address.
        let is_shown = caller.user().is_some();
        self.limiter.check_cached(Limit::Caller, &key, millis)?;
        self.limiter.check_breaker(millis)?;
        let (gate, organization) = (WriteGate::default(), SetOnce::<Option<String>>::new());
        let counting = async {
            let member = async { organization.wait().await.clone() };
            let counted = self.limiter.check(&key, member, millis).await;
            gate.set(counted.is_ok());
            // Set here already, because a timeout of the handler would cancel this function.
            *rate_limit = counted?.filter(|_| is_shown);
            Ok(())
        };
        let handling = async {
            // Caught here already, because a panic of the handler would cancel the counting.
            let handled = self.handle(caller, request, now, &organization);
            let response = catch_panic(handled).await;
            // A request without access names no organization.
            drop(organization.set(None));
            response
        };
        let mut handling = pin!(gate.scope(handling));
        // Runs the check of access, up to its first call. An organization that is known to be over its limit costs none.
        let early = match handling.as_mut().now_or_never() {
            Some(Err(rejected @ Error::RateLimited(..))) => return Err(rejected),
            early => early,
        };
        let handled = async {
            match early {
                Some(response) => response,
                None => handling.await,
            }
        };
        let (counted, response) = tokio::join!(counting, handled);
        counted.and(response)
    }

    async fn handle(
        &self,
        caller: &A::Identity,
        mut request: Request,
        now: Timestamp,
        organization: &SetOnce<Option<String>>,
    ) -> Result<Response> {
        if warm_up::is_active() && self.route.made_up.is_none() {
            return Ok(made_up::response());
        }
        let access = without_writes(self.route.access.authorize(caller, &request, &self.store)).await?;
        self.begin_counting(access.organization(), now, organization)?;
        // Lets the calls of the counters begin before the body is parsed.
        tokio::task::yield_now().await;
        // Reads run concurrently with the counters, because they change nothing. Over a limit their result is dropped.
        if !self.route.is_concurrent() {
            write_permitted().await?;
        }
        let (store, route) = (Arc::clone(&self.store), Arc::clone(&self.name));
        let context = RequestContext::new(access, store, now, route, &mut request);
        if I::TAKES_BODY {
            request.refuse_content_coding()?;
        }
        let input = I::from_request(&self.input, &mut request).await?;
        let mut response = (self.handler)(context, input).await?.into_response()?;
        response.prefix_location(|| request.prefix(self.route.path));
        Ok(response)
    }

    /// Passes the organization of a member to the counting, unless it is known to be over its limit.
    fn begin_counting(
        &self,
        member_of: Option<&OrgId>,
        now: Timestamp,
        organization: &SetOnce<Option<String>>,
    ) -> Result<()> {
        let key = self.limiter.organization_key(member_of);
        if let Some(key) = &key {
            self.limiter.check_cached(Limit::Organization, key, domain::time::epoch_millis(now))?;
        }
        drop(organization.set(key));
        Ok(())
    }
}

#[cfg(not(panic = "unwind"))]
compile_error!(
    "a panic in a handler becomes a 500 only if panics unwind: see [profile.release] in Cargo.toml"
);

/// Converts a panic into [`Internal`](domain::Error::Internal).
async fn catch_panic(response: impl Future<Output = Result<Response>>) -> Result<Response> {
    let outcome = AssertUnwindSafe(response).catch_unwind().await;
    outcome.unwrap_or_else(|_| Err(domain::Error::internal("the handler panicked").into()))
}

/// Converts a timeout into [`Unavailable`](domain::Error::Unavailable), before Lambda ends the invocation.
async fn with_timeout(
    deadline: u64,
    now: Timestamp,
    response: impl Future<Output = Result<Response>>,
) -> Result<Response> {
    let Some(left) = time_left(deadline, now) else { return response.await };
    let outcome = tokio::time::timeout(left, response).await;
    outcome.unwrap_or_else(|elapsed| Err(timeout_error(elapsed).into()))
}

/// Returns the time until the function must respond; `None` without a deadline. Emulators may send none, or one that has
/// passed.
pub(super) fn time_left(deadline: u64, now: Timestamp) -> Option<Duration> {
    let left = deadline.checked_sub(domain::time::epoch_millis(now)).filter(|left| *left > 0)?;
    Some(Duration::from_millis(left.saturating_sub(RESPONSE_MARGIN_MS)))
}

/// Writes an error. A [`RateLimited`](Error::RateLimited) also has the status for the `RateLimit` header.
fn write_error(error: &Error, progress: &mut Progress) -> Result<Response> {
    if let Error::RateLimited(limit, rejection) = error {
        let status = RateLimitStatus { remaining: 0, reset_after: rejection.retry_after };
        progress.rate_limit = Some(LimitStatus { limit: *limit, status });
    }
    error_response(error)
}

/// Returns the response to a ping. It is neither checked, counted nor logged.
fn pong(invocation: &str) -> Response {
    let mut response = event::pong();
    headers::set_common(&mut response, invocation);
    response
}

/// Returns a 500 that needs no serialization.
fn fallback_response() -> Response {
    let body =
        r#"{"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side"}}"#.to_owned();
    Response {
        status: http::StatusCode::INTERNAL_SERVER_ERROR,
        headers: http::HeaderMap::new(),
        body: Some(body),
    }
}
