//! The connections that a function opens: all during init, so that no first request waits for more than what is left of
//! that.

use anyhow::Result;
use local::stack::Options;
use local::testing::{App, Front, PNG};

/// Two for a list, whose counter is asked beside its query; one for a project, and one for an upload.
const TO_TABLES: usize = 4;

/// One for an upload.
const TO_OBJECTS: usize = 1;

/// One environment of each function is there before the first request.
fn prewarmed(options: Options) -> Options {
    Options { prewarm: true, ..options }
}

#[tokio::test]
async fn a_function_opens_its_connections_before_the_first_request_and_no_more_for_it() -> Result<()> {
    let app = App::with(&[], prewarmed).await?;
    let tables = Front::start(app.stack.dynamodb_endpoint(), None).await?;
    let objects = Front::start(app.stack.s3_endpoint(), None).await?;
    let ways = [("AWS_ENDPOINT_URL_DYNAMODB", &*tables.url()), ("AWS_ENDPOINT_URL_S3", &*objects.url())];
    let other = app.beside_with(&ways, prewarmed).await?;
    tables.wait_for(TO_TABLES).await?;
    objects.wait_for(TO_OBJECTS).await?;

    let project = other.new_project("acme", "Apollo").await?;
    assert_eq!(other.list("").await?.verdict(), "200");
    assert_eq!(other.upload(&project, "a.png", "image/png", PNG).await?.verdict(), "201");
    assert_eq!((tables.opened(), objects.opened()), (TO_TABLES, TO_OBJECTS));
    // The functions of the first stack have opened theirs too, and nobody has asked them anything.
    assert_eq!(app.tap.calls(), [], "nothing is sent on a connection before a request comes");
    Ok(())
}
