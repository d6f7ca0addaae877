//! Examples of the functions, sent to a running service.

use anyhow::{Context, Result, ensure};
use local::client::{Client, RequestBuilder, Response};
use local::example::{Example, ORGANIZATION, Request, Values};
use local::stack::Stack;
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

/// Stack and client that create the items of an example, and the values of its placeholders so far. Examples that need each
/// other share them.
struct Preparation<'s> {
    stack: &'s Stack,
    client: &'s Client,
    values: Values,
}

impl Prepared {
    /// Prepares the example of a function of this stack: creates the items that it needs with this client. Each prepared example
    /// is unique and has items of its own.
    ///
    /// # Errors
    /// There is no example, or one that it needs fails.
    pub async fn of(stack: &Stack, client: &Client, function: &str) -> Result<Self> {
        Preparation { stack, client, values: Values::new() }.prepare(function).await
    }

    /// Returns the event of the request, as JSON.
    ///
    /// # Errors
    /// The request is not valid in HTTP.
    pub fn event(&self) -> Result<String> {
        self.example.event(&self.token)
    }

    /// Returns the status of the expected response.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.example.response.status
    }

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
    /// Prepares the example of a function, as [`Prepared::of`] does.
    ///
    /// # Errors
    /// As [`Prepared::of`].
    pub async fn prepare(&self, function: &str) -> Result<Prepared> {
        Prepared::of(&self.stack, &self.client, function).await
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
        Ok(serde_json::from_str(&self.prepare(function).await?.event()?)?)
    }
}

impl Preparation<'_> {
    async fn prepare(&mut self, function: &str) -> Result<Prepared> {
        let example = self.example(function).await?;
        let token = self.stack.token_with_roles("alice", &[ORGANIZATION], &example.roles)?;
        let request = self.client.request(&example.method, &example.target()).bearer(&token);
        let request = match example.body.clone() {
            Some((content_type, body)) => request.body(content_type, body),
            None => request,
        };
        Ok(Prepared { request, token, example })
    }

    /// Creates the items that an example needs and that do not exist yet.
    async fn example(&mut self, function: &str) -> Result<Request> {
        let example = Example::load(self.stack.template(), function)?;
        self.values.insert("orgId".to_owned(), ORGANIZATION.to_owned());
        for (name, source) in &example.given {
            if !self.values.contains_key(name) {
                let value = Box::pin(self.value(source)).await;
                let value = value.with_context(|| format!("{function} needs {source}"))?;
                self.values.insert(name.clone(), value);
            }
        }
        example.request(&self.values, &format!(" {}", Uuid::new_v4().simple()))
    }

    /// Returns the id of the item that a function's example creates. Any other text is an id itself.
    async fn value(&mut self, source: &str) -> Result<String> {
        if self.stack.template().function(source).is_none() {
            return Ok(source.to_owned());
        }
        let created = self.prepare(source).await?.send().await?.json();
        let id = created["data"]["id"].as_str().map(str::to_owned);
        id.with_context(|| format!("{source} creates nothing with an id"))
    }
}
