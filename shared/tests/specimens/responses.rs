//! Responses: no content, redirects, and the version of a resource.

use anyhow::Result;
use testing::{App, notes};

use crate::event;

#[tokio::test]
async fn no_content_has_no_body_or_type() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let path = format!("{}/{}", notes("acme"), app.new_item("acme", "Apollo").await?);
    let response = app.as_alice("DELETE", &path).send().await?;
    assert_eq!((response.status_and_code().as_str(), response.body.len()), ("204", 0));
    for header in ["content-type", "content-length"] {
        assert!(!response.headers.contains_key(header), "{header}");
    }
    assert!(response.rate_limit().is_some());
    assert_eq!(app.as_alice("DELETE", &path).send().await?.status_and_code(), "404 NOT_FOUND");
    assert_eq!(app.create("Apollo").await?.status_and_code(), "201", "its name is free again");
    Ok(())
}

#[tokio::test]
async fn redirect_has_its_location() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let response = app.as_alice("GET", "/v1/orgs/acme/elsewhere").send().await?;
    assert_eq!(
        (response.status_and_code().as_str(), response.header("location")),
        ("302", "https://elsewhere.example/a?b=c")
    );
    assert_eq!(response.json()["data"], "it is elsewhere");
    Ok(())
}

#[tokio::test]
async fn absolute_location_gets_no_stage_prefix() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let mut event = event(&app, "GET", "elsewhere");
    event["rawPath"] = "/prod/v1/orgs/acme/elsewhere".into();
    let response = app.response("Redirect", &event).await?;
    assert_eq!(response.header("location"), "https://elsewhere.example/a?b=c");
    Ok(())
}

#[tokio::test]
async fn resource_has_its_version_as_etag() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let created = app.create("Apollo").await?;
    let path = created.header("location").to_owned();
    let read = app.as_alice("GET", &path).send().await?;
    assert_eq!((read.status_and_code().as_str(), read.header("etag")), ("200", "\"1\""));
    assert_eq!(read.json(), created.json());
    for path in [path.replace("acme", "umbrella"), path[..path.len() - 1].to_owned(), path.to_uppercase()] {
        let response = app.request_of(
            "alice",
            &["acme", "umbrella"],
            "GET",
            &path.replace("/V1/ORGS/ACME/NOTES", "/v1/orgs/acme/notes"),
        );
        assert_eq!(response.send().await?.status_and_code(), "404 NOT_FOUND", "{path}");
    }
    Ok(())
}
