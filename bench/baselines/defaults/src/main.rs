//! `GET /v1/orgs/{orgId}/projects` as one writes it in an afternoon: the SDK, the runtime and the build at their defaults.

mod auth;
mod limit;
mod page;
mod projects;
mod refusal;
mod reply;

use std::env;
use std::sync::Arc;
use std::time::Instant;

use aws_config::BehaviorVersion;
use lambda_http::request::RequestContext;
use lambda_http::{Error, Request, RequestExt, Response, run, service_fn, tracing};

use self::auth::Auth;
use self::limit::Limiter;
use self::page::PageRequest;
use self::projects::Projects;
use self::refusal::{RateLimitStatus, Refusal};
use self::reply::{refuse, response};

struct App {
    auth: Auth,
    limiter: Limiter,
    projects: Projects,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let client = aws_sdk_dynamodb::Client::new(&config);
    let app = Arc::new(App {
        auth: Auth::new(
            &env::var("AUTH_JWT_SECRET")?,
            &env::var("AUTH_ISSUER")?,
            &env::var("AUTH_AUDIENCE")?,
            env::var("AUTH_LEEWAY_SECONDS").ok().filter(|text| !text.is_empty()),
        )?,
        limiter: Limiter::new(client.clone(), env::var("RATE_LIMIT_TABLE")?, env::var("RATE_LIMIT").ok())?,
        projects: Projects::new(client, env::var("PROJECTS_TABLE")?),
    });
    run(service_fn(move |request: Request| {
        let app = Arc::clone(&app);
        async move { app.serve(&request).await }
    }))
    .await
}

impl App {
    async fn serve(&self, request: &Request) -> Result<Response<String>, Error> {
        let began = Instant::now();
        let id = request_id(request);
        let (rate_limit, outcome) = self.list(request).await;
        let response = match outcome {
            Ok(page) => response(&page, &id, rate_limit),
            Err(refusal) => refuse(&refusal, &id, rate_limit),
        }?;
        let (status, duration_ms) = (response.status().as_u16(), began.elapsed().as_secs_f64() * 1000.0);
        tracing::info!(request_id = id, status, duration_ms, "request");
        Ok(response)
    }

    async fn list(&self, request: &Request) -> (Option<RateLimitStatus>, Result<projects::Page, Refusal>) {
        let claims = match self.auth.verify(request) {
            Ok(claims) => claims,
            Err(refusal) => return (None, Err(refusal)),
        };
        // The counter runs beside the query, so that it costs no time; its decision comes first.
        let (rate_limit, page) = tokio::join!(self.limiter.count(&claims.sub), async {
            let parameters = request.path_parameters();
            let organization = parameters.first("orgId").unwrap_or_default();
            if !claims.organizations.iter().any(|own| own == organization) {
                return Err(Refusal::Forbidden);
            }
            let page = PageRequest::parse(&request.query_string_parameters(), organization)?;
            self.projects.list(organization, &page).await
        });
        match rate_limit {
            Ok(rate_limit) => (Some(rate_limit), page),
            Err(refusal) => (None, Err(refusal)),
        }
    }
}

fn request_id(request: &Request) -> String {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    }
}
