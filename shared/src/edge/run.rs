//! Starts a function: reads its settings, opens its store and serves events from Lambda's Runtime API.

use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyResponse;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde::Serialize;

use super::access::Access;
use super::caller::sealed::Sealed;
use super::context::RequestContext;
use super::describe::describe;
use super::error::Result;
use super::input::FromRequest;
use super::made_up;
use super::middleware::auth::Auth;
use super::middleware::rate_limit::Limiter;
use super::pipeline::Service;
use super::response::{IntoResponse, Response};
use super::route::{Route, Stated};
use crate::clock;
use crate::config::{self, AwsSettings, Env, LogSettings, Settings};
use crate::domain::BoxError;
use crate::domain::json::Literal;
use crate::storage::{Aws, Store};
use crate::telemetry::{self, Invocation};
use crate::warm_up;

/// Runs a function until Lambda ends it. Exits with a failure and the reason if a setting is missing or invalid, or if the
/// Runtime API fails.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use shared::edge::{OkJson, Public, RequestContext, Result, Route, run};
///
/// fn main() -> ExitCode {
///     run(Route::get("/v1/health").public(), health)
/// }
///
/// async fn health(_: RequestContext<Public, ()>, (): ()) -> Result<OkJson<&'static str>> {
///     Ok(OkJson("ok"))
/// }
/// ```
pub fn run<A, I, K, S, R, H>(route: Route<A, I, K>, handler: H) -> ExitCode
where
    A: Access<S>,
    I: FromRequest,
    K: Stated,
    S: Store,
    R: IntoResponse,
    H: AsyncFn(RequestContext<A::Granted, S>, I::Value) -> Result<R>,
{
    if cfg!(debug_assertions) && config::is_process_argument("--describe") {
        let written = writeln!(std::io::stdout(), "{:#}", describe::<_, _, _, S, R>(&route));
        return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    exit_with(serve(route, handler))
}

/// Returns the exit code, and prints the problem of a function that can't start.
pub(super) fn exit_with(served: std::result::Result<ExitCode, BoxError>) -> ExitCode {
    served.unwrap_or_else(|problem| {
        // Standard error, which Lambda keeps too, because the problem may be the log level.
        eprintln!("The function can't start: {problem}");
        ExitCode::FAILURE
    })
}

/// Starts the function and serves events.
///
/// # Errors
///
/// Missing path parameters, invalid settings or certificates.
fn serve<A, I, K, S, R, H>(route: Route<A, I, K>, handler: H) -> std::result::Result<ExitCode, BoxError>
where
    A: Access<S>,
    I: FromRequest,
    S: Store,
    R: IntoResponse,
    H: AsyncFn(RequestContext<A::Granted, S>, I::Value) -> Result<R>,
{
    for name in A::PARAMETERS {
        if !route.path.contains(&format!("{{{name}}}")) {
            return Err(format!("the route's path {} has no {{{name}}}", route.path).into());
        }
    }
    let start = Env::read(&config::process_variable, |env| {
        let (log, settings, aws) =
            (LogSettings::from_env(env), Settings::from_env(env), AwsSettings::from_env(env));
        let (own, input) = (S::settings(env), I::settings(env));
        Some((log?, aws?, (settings?, own?, input?)))
    });
    let (log, aws, settings) = start?;
    telemetry::init(log);
    current_thread()?.block_on(async {
        let aws = Aws::open(aws)?;
        let service = Service::open(route, handler, &aws, settings)?;
        if A::Identity::HAS_TOKEN {
            service.auth.prefetch(clock::now());
        }
        service.warm_up(&aws, made_up::TIME).await;
        Ok(service.poll().await)
    })
}

/// Builds a runtime of one thread, because an environment has one request at a time. A function of its own lets the
/// compiler leave out the multi-threaded runtime.
pub(super) fn current_thread() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

impl<A, I, K, S, H, R> Service<A, I, K, S, H>
where
    A: Access<S>,
    I: FromRequest,
    S: Store,
    R: IntoResponse,
    H: AsyncFn(RequestContext<A::Granted, S>, I::Value) -> Result<R>,
{
    /// Opens a service. No connection is made yet.
    ///
    /// # Errors
    ///
    /// Invalid certificates.
    fn open(
        route: Route<A, I, K>,
        handler: H,
        aws: &Aws,
        (settings, own, input): (Settings, S::Settings, I::Settings),
    ) -> std::result::Result<Self, BoxError> {
        let name = route.name();
        Ok(Self {
            limiter: Limiter::new(&name, aws, &settings),
            store: Arc::new(S::open(aws, own)),
            name: name.into(),
            auth: Auth::open(settings.auth, aws.ca_bundle())?,
            origin_secrets: settings.origin_secrets,
            trusted_origins: settings.trusted_origins,
            route,
            input,
            handler,
        })
    }

    /// Runs the code of a request before the first one, from the text of an event to that of the response, while the
    /// connections of the first request are opened. Ends after `time`. Failures don't matter to that request.
    async fn warm_up(&self, aws: &Aws, time: Duration) {
        let event = made_up::event(&self.route, &self.auth.made_up_token(clock::now())).to_string();
        let connections = self.limiter.counters() + usize::from(self.route.is_concurrent());
        let request = async {
            let event = serde_json::from_str(&event).ok()?;
            let responding = self.respond_to(event, made_up::invocation(clock::now()));
            let (response, ()) = tokio::join!(responding, self.store.warm_up());
            drop(serde_json::to_vec(&response));
            Some(response.response.status_code)
        };
        let request = AssertUnwindSafe(warm_up::scope(connections, request)).catch_unwind();
        let outcome = tokio::time::timeout(time, async {
            let status = request.await;
            aws.connected().await;
            status
        });
        let status = outcome.await.ok().and_then(|status| status.ok()?);
        // Not in release builds, which have no lines of this level.
        tracing::debug!(status, "warm-up");
    }

    /// Serves events until the Runtime API ends. Lambda's outlives the process, but an emulator's often doesn't.
    async fn poll(&self) -> ExitCode {
        let respond = async |event: LambdaEvent<Literal<false>>| {
            let LambdaEvent { payload, context } = event;
            Ok::<_, std::convert::Infallible>(self.respond_to(payload, invocation(context)).await)
        };
        polled(lambda_runtime::run(service_fn(respond)).await)
    }

    async fn respond_to(&self, Literal(event): Literal<false>, invocation: Invocation) -> ResponseEvent {
        let cookies = event["requestContext"]["http"].is_object().then_some([]);
        ResponseEvent { response: to_event(self.respond(event, invocation).await), cookies }
    }
}

/// Returns the parts of Lambda's context that the function uses.
pub(super) fn invocation(context: Context) -> Invocation {
    let Context { request_id, deadline, xray_trace_id, .. } = context;
    Invocation { id: request_id, deadline, trace: xray_trace_id }
}

/// Returns the exit code of a function whose polling ended.
pub(super) fn polled(outcome: std::result::Result<(), lambda_runtime::Error>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::info!(error = super::middleware::log::error_chain(&*error), "the Runtime API failed");
            ExitCode::FAILURE
        }
    }
}

/// Response in the payload format of its request. A REST API refuses the `cookies` of format 2.0, and `cargo lambda watch`
/// needs them.
#[derive(Serialize)]
struct ResponseEvent {
    #[serde(flatten)]
    response: ApiGatewayProxyResponse,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<[(); 0]>,
}

fn to_event(response: Response) -> ApiGatewayProxyResponse {
    let Response { status, headers, body } = response;
    let mut event = ApiGatewayProxyResponse::default();
    event.status_code = status.as_u16().into();
    event.headers = headers;
    event.body = body.map(Into::into);
    event
}

#[cfg(test)]
mod tests;
