//! The reference: `GET /v1/orgs/{orgId}/projects` by hand. It has the profile and the features of the service's functions,
//! so the difference is what the platform and the SDK cost.

mod auth;
mod connections;
mod dynamodb;
mod event;
mod limit;
mod log;
mod page;
mod process;
mod projects;
mod refusal;
mod reply;
mod signature;

use std::time::Duration;

use lambda_runtime::{Context, Error, LambdaEvent, run, service_fn};

use crate::auth::{Auth, Claims};
use crate::dynamodb::DynamoDb;
use crate::event::Event;
use crate::limit::Limiter;
use crate::log::{Ids, Log, Record};
use crate::projects::Projects;
use crate::refusal::{RateLimitStatus, Refusal};
use crate::reply::{Reply, refuse, success};

/// Time after init until the connections are opened, as in the functions.
const UNTIL_IDLE: Duration = Duration::from_millis(1);

struct App {
    auth: Auth,
    limiter: Limiter,
    projects: Projects,
    dynamodb: DynamoDb,
    log: Log,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = App {
        auth: Auth::open()?,
        limiter: Limiter::open()?,
        projects: Projects::open()?,
        dynamodb: DynamoDb::open()?,
        log: Log::open()?,
    };
    let idle = async {
        tokio::time::sleep(UNTIL_IDLE).await;
        app.dynamodb.connections.preconnect().await;
    };
    let serve = async |LambdaEvent { payload, context }| app.serve(&payload, &context).await;
    tokio::join!(run(service_fn(serve)), idle).0
}

impl App {
    async fn serve(&self, event: &Event, context: &Context) -> Result<Reply, Error> {
        let record = Record::start();
        let (request, organization) = (&*event.request_context.request_id, &*event.path_parameters.org_id);
        let claims = self.auth.verify(event.headers.authorization.as_deref());
        let user = claims.as_ref().ok().map(|claims| claims.sub.clone());
        let (rate_limit, outcome) = match claims {
            Ok(claims) => self.list(&claims, event, &record).await,
            Err(refusal) => (None, Err(refusal)),
        };
        let (reply, refusal) = match outcome {
            Ok(body) => (success(body, request, rate_limit.as_ref()), None),
            Err(refusal) => (refuse(&refusal, request, rate_limit.as_ref())?, Some(refusal)),
        };
        let ids = Ids { request, organization, user: user.as_deref() };
        self.log.write(&record, context, &ids, &reply, refusal.as_ref())?;
        Ok(reply)
    }

    /// Counts the request and reads the page concurrently. The counter's decision comes first.
    async fn list(
        &self,
        claims: &Claims,
        event: &Event,
        record: &Record,
    ) -> (Option<RateLimitStatus>, Result<String, Refusal>) {
        let organization = &event.path_parameters.org_id;
        let page = async {
            if !claims.organizations.contains(organization) {
                return Err(Refusal::Forbidden);
            }
            let query = &event.query_string_parameters;
            self.projects.list(&self.dynamodb, organization, query, record).await
        };
        match tokio::join!(self.limiter.count(&self.dynamodb, &claims.sub, record), page) {
            (Ok(rate_limit), page) => (Some(rate_limit), page),
            (Err(refusal), _) => (None, Err(refusal)),
        }
    }
}
