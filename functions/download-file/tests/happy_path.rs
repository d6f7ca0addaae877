//! Redirects to the bytes of files.

use anyhow::Result;
use testing::{App, Client, PNG};

#[tokio::test]
async fn redirect_leads_to_the_bytes() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let file = app.upload(&project, "a.png", "image/png", PNG).await?.header("location").to_owned();
    // Nothing of the request is signed.
    let path = format!("{file}/content?response-content-type=text/html");
    let redirect = app.as_alice("GET", &path).send().await?;
    assert_eq!((redirect.status, redirect.header("cache-control")), (302, "no-store"));
    let data = redirect.json()["data"].clone();
    assert_eq!(data["url"], redirect.header("location"));
    assert!(data["expiresAt"].is_string());
    let bytes = Client::new("").get(redirect.header("location")).send().await?;
    assert_eq!((bytes.status, bytes.header("content-type"), &bytes.body[..]), (200, "image/png", PNG));
    Ok(())
}
