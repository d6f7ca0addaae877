//! Files that go up and come down by presigned URLs, without the service in between.

use anyhow::Result;
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use local::client::{Client, RequestBuilder, Response};
use local::requests::uploads;
use serde_json::{Value, json};

use super::app::App;

/// Returns the body that begins the upload of a file.
#[must_use]
pub fn description(name: &str, content_type: &str, bytes: &[u8]) -> Value {
    let digits = digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
    let sha256 = digits.concat();
    json!({"name": name, "contentType": content_type, "size": bytes.len(), "sha256": sha256})
}

/// Returns the request that puts the bytes of an upload, as its response describes it.
pub fn put(upload: &Value, bytes: impl Into<Bytes>) -> RequestBuilder {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let request = Client::new("").request(&text(&upload["method"]), &text(&upload["url"])).untyped(bytes);
    let headers = upload["headers"].as_object().into_iter().flatten();
    headers.fold(request, |request, (name, value)| request.header(name, text(value)))
}

impl App {
    /// Begins the upload of a file to an item of `acme` as Alice.
    ///
    /// # Errors
    /// There is no response.
    pub async fn begin(&self, item: &str, name: &str, content_type: &str, bytes: &[u8]) -> Result<Response> {
        let request = self.as_alice("POST", &uploads("acme", item));
        request.json(&description(name, content_type, bytes)).send().await
    }

    /// Finishes an upload to an item of `acme` as Alice.
    ///
    /// # Errors
    /// There is no response.
    pub async fn finish(&self, item: &str, upload: &Value) -> Result<Response> {
        let id = upload["id"].as_str().unwrap_or_default();
        self.as_alice("POST", &format!("{}/{id}", uploads("acme", item))).send().await
    }

    /// Uploads a file to an item of `acme` as Alice, directly. Returns the response that finishes it.
    ///
    /// # Errors
    /// There is no response.
    pub async fn upload_directly(
        &self,
        item: &str,
        name: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> Result<Response> {
        let upload = self.begin(item, name, content_type, bytes).await?.json()["data"].clone();
        put(&upload, bytes.to_vec()).send().await?;
        self.finish(item, &upload).await
    }
}
