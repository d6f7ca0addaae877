//! Files that go up and come down by presigned URLs, without the service in between.

use anyhow::Result;
use local::client::Response;
use local::requests::{description, put, uploads};
use serde_json::Value;

use super::app::App;

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
