//! A function is killed between any two of its storage calls, and the request is repeated.

use anyhow::{Context, Result};
use serde_json::json;
use testing::{App, CallMatcher, Client, Moment, RequestBuilder, notes};

use crate::stored;

fn post(app: &App, client: &Client, organization: &str, key: bool) -> RequestBuilder {
    let request = client.post(&notes(organization)).bearer(&app.token(organization, &[organization]));
    let request = request.json(&json!({"name": "Apollo"}));
    if key { request.key("key") } else { request }
}

/// Kills the function at the call with this number.
async fn kill_at(app: &App, organization: &str, number: usize, moment: Moment, key: bool) -> Result<()> {
    let mut breakpoint = app.proxy.hold(CallMatcher::any().with(organization).number(number), moment);
    // The response of the gateway for a dead function has no envelope.
    let lenient = Client::new(app.stack.url());
    let request = tokio::spawn(post(app, &lenient, organization, key).send());
    breakpoint.reached().await?;
    app.stack.crash("CreateNote");
    let response = request.await.context("the request was interrupted")??;
    breakpoint.break_off();
    assert_eq!(
        (response.status, response.code().as_str()),
        (500, ""),
        "the gateway responds for a dead function"
    );
    Ok(())
}

/// Operations of the storage calls of a request.
async fn calls(app: &App) -> Result<Vec<String>> {
    app.proxy.clear();
    post(app, &app.client, "uninterrupted", true).send().await?;
    Ok(app.proxy.calls().into_iter().map(|call| call.operation).collect())
}

#[tokio::test]
async fn keyed_request_takes_effect_exactly_once() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let calls = calls(&app).await?;
    assert_eq!(calls, ["UpdateItem", "TransactWriteItems"]);
    for number in 1..=calls.len() {
        for moment in [Moment::Before, Moment::After] {
            let organization = format!("killed-{moment:?}-{number}");
            kill_at(&app, &organization, number, moment, true).await?;
            let again = post(&app, &app.client, &organization, true).send().await?;
            let committed = (number, moment) == (2, Moment::After);
            let expected = ("201", if committed { "true" } else { "" });
            let found = (again.status_and_code(), again.header("idempotency-replayed"));
            assert_eq!((found.0.as_str(), found.1), expected, "{organization}");
            assert_eq!(stored(&app, &organization).await?, [1, 1, 1], "{organization}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn unkeyed_request_never_creates_duplicates() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for number in 1..=calls(&app).await?.len() {
        for moment in [Moment::Before, Moment::After] {
            let organization = format!("killed-{moment:?}-{number}");
            kill_at(&app, &organization, number, moment, false).await?;
            let again = post(&app, &app.client, &organization, false).send().await?;
            let committed = (number, moment) == (2, Moment::After);
            assert_eq!(
                again.status_and_code(),
                if committed { "409 CONFLICT" } else { "201" },
                "{organization}"
            );
            assert_eq!(stored(&app, &organization).await?, [1, 1, 0], "{organization}");
        }
    }
    Ok(())
}
