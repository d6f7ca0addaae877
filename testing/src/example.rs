//! Examples of the functions, sent to a running service.

use anyhow::{Context, Result};
use local::client::{RequestBuilder, Response};
use local::example::{Example, ORGANIZATION, Request, Values};
use uuid::Uuid;

use super::app::App;
use super::fit::check_response;

/// Example that is ready to be sent by Alice: the items that it needs exist.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Request over HTTP.
    pub request: RequestBuilder,
    /// Alice's token, with the roles that the example names.
    pub token: String,
    example: Request,
}

impl Prepared {
    /// Checks a response.
    ///
    /// # Errors
    /// It differs from the example's.
    pub fn check(&self, response: &Response) -> Result<()> {
        check_response(&self.example.response, response)
            .with_context(|| format!("{response:?} to {}", self.example.path))
    }

    /// Sends the request and checks the response.
    ///
    /// # Errors
    /// The response differs from the example's.
    pub async fn send(&self) -> Result<Response> {
        let response = self.request.clone().send().await?;
        self.check(&response).map(|()| response)
    }
}

impl App {
    /// Prepares the example of a function: creates the items that it needs. Each prepared example is unique.
    ///
    /// # Errors
    /// There is no example, or one that it needs fails.
    pub async fn prepare(&self, function: &str) -> Result<Prepared> {
        let example = self.example(function).await?;
        let token = self.stack.token_with_roles("alice", &[ORGANIZATION], &example.roles)?;
        let request = self.client.request(&example.method, &example.target()).bearer(&token);
        let request = match example.body.clone() {
            Some((content_type, body)) => request.body(content_type, body),
            None => request,
        };
        Ok(Prepared { request, token, example })
    }

    /// Prepares and sends the example of a function.
    ///
    /// # Errors
    /// As [`App::prepare`] and [`Prepared::send`].
    pub async fn run(&self, function: &str) -> Result<Response> {
        self.prepare(function).await?.send().await
    }

    /// Prepares the example of a function and returns its event.
    ///
    /// # Errors
    /// As [`App::prepare`].
    pub async fn event(&self, function: &str) -> Result<serde_json::Value> {
        let request = self.example(function).await?;
        let event =
            request.event(&self.stack.token_with_roles("alice", &[ORGANIZATION], &request.roles)?)?;
        Ok(serde_json::from_str(&event)?)
    }

    async fn example(&self, function: &str) -> Result<Request> {
        let example = Example::load(self.stack.template(), function)?;
        let mut values = Values::from([("orgId".to_owned(), ORGANIZATION.to_owned())]);
        for (name, other) in &example.given {
            if self.stack.template().function(other).is_none() {
                values.insert(name.clone(), other.clone());
                continue;
            }
            let response =
                Box::pin(self.run(other)).await.with_context(|| format!("{function} needs {other}"))?;
            let id = response.json()["data"]["id"].as_str().map(str::to_owned);
            values.insert(name.clone(), id.with_context(|| format!("{other} creates nothing with an id"))?);
        }
        example.request(&values, &format!(" {}", Uuid::new_v4().simple()))
    }
}
