//! Examples of the functions, sent to a running service.

use anyhow::{Context, Result, ensure};
use local::client::{Client, RequestBuilder, Response};
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

    /// Sends the request and checks the response. Then sends the request that follows it, if there is one.
    ///
    /// # Errors
    /// A response differs from the example's.
    pub async fn send(&self) -> Result<Response> {
        let response = self.request.clone().send().await?;
        self.check(&response)?;
        self.follow(&response).await.with_context(|| format!("after {}", self.example.path))?;
        Ok(response)
    }

    async fn follow(&self, response: &Response) -> Result<()> {
        let Some(then) = &self.example.then else { return Ok(()) };
        let body = response.json();
        let described = body.pointer(&then.at).with_context(|| format!("{body} lacks {}", then.at))?;
        let (method, url) = (described["method"].as_str().unwrap_or("GET"), described["url"].as_str());
        let request = Client::new("").request(method, url.context("there is no URL")?);
        let headers = described["headers"].as_object().into_iter().flatten();
        let request = headers
            .fold(request, |request, (name, value)| request.header(name, value.as_str().unwrap_or_default()));
        let sends = method == "PUT";
        let request = if sends { request.untyped(then.bytes.clone()) } else { request };
        let response = request.send().await?;
        ensure!(response.status == 200, "{method} to the URL returned {response:?}");
        ensure!(sends || response.body == then.bytes, "the URL returned other bytes");
        Ok(())
    }
}

impl App {
    /// Prepares the example of a function: creates the items that it needs. Each prepared example is unique and has items of
    /// its own.
    ///
    /// # Errors
    /// There is no example, or one that it needs fails.
    pub async fn prepare(&self, function: &str) -> Result<Prepared> {
        self.prepare_with(function, &mut Values::new()).await
    }

    async fn prepare_with(&self, function: &str, values: &mut Values) -> Result<Prepared> {
        let example = self.example(function, values).await?;
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
        let request = self.example(function, &mut Values::new()).await?;
        let event =
            request.event(&self.stack.token_with_roles("alice", &[ORGANIZATION], &request.roles)?)?;
        Ok(serde_json::from_str(&event)?)
    }

    /// Creates the items that an example needs, unless `values` has them: examples that need each other share them.
    async fn example(&self, function: &str, values: &mut Values) -> Result<Request> {
        let example = Example::load(self.stack.template(), function)?;
        values.insert("orgId".to_owned(), ORGANIZATION.to_owned());
        for (name, source) in &example.given {
            if !values.contains_key(name) {
                let value = Box::pin(self.value(source, values)).await;
                values.insert(name.clone(), value.with_context(|| format!("{function} needs {source}"))?);
            }
        }
        example.request(values, &format!(" {}", Uuid::new_v4().simple()))
    }

    /// Returns the id of the item that a function's example creates. Any other text is an id itself.
    async fn value(&self, source: &str, values: &mut Values) -> Result<String> {
        if self.stack.template().function(source).is_none() {
            return Ok(source.to_owned());
        }
        let created = self.prepare_with(source, values).await?.send().await?.json();
        let id = created["data"]["id"].as_str().map(str::to_owned);
        id.with_context(|| format!("{source} creates nothing with an id"))
    }
}
