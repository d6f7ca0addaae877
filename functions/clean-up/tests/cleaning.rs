//! What deleted projects and files leave behind is deleted, for whatever reason its deletion was interrupted.

use anyhow::{Context, Result, bail, ensure};
use local::lambda::Outcome;
use serde_json::{Value, json};
use testing::{App, CallMatcher, FORM, Fault, Moment, PNG, files, form, object_key, put, uploads};

/// Creates a project of an organization with files and returns its path.
async fn project_with_files(app: &App, organization: &str, count: usize) -> Result<String> {
    let project = app.new_item(organization, "Apollo").await?;
    for _ in 0..count {
        let request = app.request_of("maker", &[organization], "POST", &files(organization, &project));
        let response = request.body(FORM, form("a.png", "image/png", PNG)).send().await?;
        ensure!(response.status == 201, "{response:?}");
    }
    Ok(files(organization, &project).trim_end_matches("/files").to_owned())
}

async fn delete(app: &App, organization: &str, path: &str) -> Result<()> {
    let response = app.request_of("maker", &[organization], "DELETE", path).send().await?;
    ensure!(response.status == 204, "{response:?}");
    Ok(())
}

/// Counts the rows of files and the objects of an organization.
async fn left(app: &App, organization: &str) -> Result<(usize, usize)> {
    let rows = app.rows_of(organization, "ProjectsTable", "FILE").await?;
    Ok((rows.len(), app.tagged_objects(organization).await?.len()))
}

#[tokio::test]
async fn files_of_a_deleted_project_go() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = project_with_files(&app, "acme", 3).await?;
    // Neither another project nor another organization loses anything.
    app.create("Gemini").await?;
    project_with_files(&app, "acme-kept", 1).await?;
    let kept = app.create("Mercury").await?.json()["data"]["id"].as_str().unwrap_or_default().to_owned();
    let file = app.upload(&kept, "a.png", "image/png", PNG).await?.json()["data"].clone();
    app.stack.settle_streams().await?;
    delete(&app, "acme", &path).await?;
    assert_eq!(left(&app, "acme").await?, (4, 4));
    app.stack.settle_streams().await?;
    assert_eq!((left(&app, "acme").await?, left(&app, "acme-kept").await?), ((1, 1), (1, 1)));
    assert_eq!(app.object(&object_key("acme", &file)).await?.bytes, PNG);
    Ok(())
}

#[tokio::test]
async fn object_of_a_deleted_file_goes() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = project_with_files(&app, "acme", 2).await?;
    let first = app.rows("ProjectsTable", "FILE").await?.remove(0);
    delete(&app, "acme", &format!("{path}/files/{}", first["id"].as_str().unwrap_or_default())).await?;
    app.stack.settle_streams().await?;
    let second = app.rows("ProjectsTable", "FILE").await?.remove(0);
    assert_eq!(app.objects().await?, [object_key("acme", &second)]);
    Ok(())
}

#[tokio::test]
async fn hundreds_of_files_go() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = project_with_files(&app, "acme", 1).await?;
    let row = app.rows("ProjectsTable", "FILE").await?.remove(0);
    for number in 0..250 {
        let mut row = row.clone();
        row["sk"] = json!(format!("01900000-0000-7000-8000-{number:012}"));
        app.put_row("ProjectsTable", &row).await?;
    }
    delete(&app, "acme", &path).await?;
    app.stack.settle_streams().await?;
    assert_eq!(left(&app, "acme").await?, (0, 0));
    Ok(())
}

#[tokio::test]
async fn upload_racing_with_the_deletion_leaves_nothing() -> Result<()> {
    let app = App::start(&[]).await?;
    for (organization, call) in
        [("before-put", "PUT"), ("before-row", "TransactWriteItems"), ("before-tag", "DELETE?tagging")]
    {
        let project = app.new_item(organization, "Apollo").await?;
        let mut breakpoint =
            app.proxy.hold(CallMatcher::of(call).with(organization).number(1), Moment::Before);
        let request = app.request_of("maker", &[organization], "POST", &files(organization, &project));
        let upload = tokio::spawn(request.body(FORM, form("a.png", "image/png", PNG)).send());
        breakpoint.reached().await?;
        let path = files(organization, &project);
        delete(&app, organization, path.trim_end_matches("/files")).await?;
        app.stack.settle_streams().await?;
        breakpoint.release();
        let response = upload.await.context("the request was interrupted")??;
        assert_eq!(response.status, 201, "{organization}: {response:?}");
        app.stack.settle_streams().await?;
        assert_eq!(left(&app, organization).await?, (0, 0), "{organization}");
    }
    Ok(())
}

#[tokio::test]
async fn halfway_upload_is_completed() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let outage = app.proxy.fail(CallMatcher::of("DELETE?tagging"), Fault::Broken);
    assert_eq!(app.upload(&project, "a.png", "image/png", PNG).await?.status, 503);
    drop(outage);
    let file = app.rows("ProjectsTable", "FILE").await?.remove(0);
    assert_eq!(app.tags(&object_key("acme", &file)).await?, ["state=unrecorded"]);
    app.stack.settle_streams().await?;
    assert_eq!(app.tags(&object_key("acme", &file)).await?, Vec::<String>::new(), "the bucket keeps it");
    Ok(())
}

#[tokio::test]
async fn file_without_object_holds_up_no_other() -> Result<()> {
    let app = App::start(&[]).await?;
    project_with_files(&app, "acme", 1).await?;
    let file = app.rows("ProjectsTable", "FILE").await?.remove(0);
    let delete = app.s3().delete_object().bucket(app.stack.bucket("UploadsBucket"));
    delete.key(object_key("acme", &file)).send().await?;
    assert_eq!(invoke(&app, &[record(1, &file, "NewImage")]).await?, Vec::<Value>::new());
    assert_eq!(app.rows("ProjectsTable", "FILE").await?, [file], "its row stays");
    Ok(())
}

#[tokio::test]
async fn racing_direct_upload_leaves_nothing() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let upload = app.begin(&project, "a.png", "image/png", PNG).await?.json()["data"].clone();
    put(&upload, PNG).send().await?;
    let mut breakpoint = app.proxy.hold(CallMatcher::of("TransactWriteItems").number(1), Moment::Before);
    let path = format!("{}/{}", uploads("acme", &project), upload["id"].as_str().unwrap_or_default());
    let finish = tokio::spawn(app.as_alice("POST", &path).send());
    breakpoint.reached().await?;
    // The deletion's transaction is the second one, which passes.
    delete(&app, "acme", &format!("/v1/orgs/acme/projects/{project}")).await?;
    app.stack.settle_streams().await?;
    breakpoint.release();
    assert_eq!(finish.await.context("the request was interrupted")??.status, 201, "it was in time");
    app.stack.settle_streams().await?;
    assert_eq!(left(&app, "acme").await?, (0, 0));
    Ok(())
}

#[tokio::test]
async fn kills_between_calls_leave_nothing() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = project_with_files(&app, "uninterrupted", 2).await?;
    app.stack.settle_streams().await?;
    delete(&app, "uninterrupted", &path).await?;
    app.proxy.clear();
    app.stack.settle_streams().await?;
    let calls: Vec<_> = app.proxy.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["Query", "BatchWriteItem", "Query", "DELETE", "DELETE"]);
    for number in 1..=calls.len() {
        for moment in [Moment::Before, Moment::After] {
            let organization = format!("killed-{moment:?}-{number}");
            let path = project_with_files(&app, &organization, 2).await?;
            app.stack.settle_streams().await?;
            delete(&app, &organization, &path).await?;
            let mut breakpoint =
                app.proxy.hold(CallMatcher::any().with(&organization).number(number), moment);
            let kill = async {
                breakpoint.reached().await?;
                app.stack.crash("clean-up");
                breakpoint.break_off();
                anyhow::Ok(())
            };
            let (settled, killed) = tokio::join!(app.stack.settle_streams(), kill);
            settled.and(killed)?;
            assert_eq!(left(&app, &organization).await?, (0, 0), "{organization}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn faults_only_delay_it() -> Result<()> {
    let app = App::start(&[]).await?;
    for operation in ["Query", "BatchWriteItem", "DELETE"] {
        for fault in [Fault::Throttled, Fault::Broken, Fault::ConnectionReset, Fault::ResponseLost] {
            let organization = format!("{operation}-{fault:?}").to_lowercase();
            let path = project_with_files(&app, &organization, 2).await?;
            app.stack.settle_streams().await?;
            delete(&app, &organization, &path).await?;
            let outage = app.proxy.fail(CallMatcher::of(operation).with(&organization).first(4), fault);
            app.stack.settle_streams().await?;
            drop(outage);
            assert_eq!(left(&app, &organization).await?, (0, 0), "{organization}");
        }
    }
    Ok(())
}

/// Returns the record of a row's removal, or of its creation.
fn record(number: usize, row: &Value, image: &str) -> Value {
    let attribute = |value: &Value| match value {
        Value::Number(number) => json!({"N": number.to_string()}),
        text => json!({ "S": text }),
    };
    let attributes = |names: &[&str]| -> Value {
        let all = row.as_object().into_iter().flatten();
        let chosen = all.filter(|(name, _)| names.is_empty() || names.contains(&name.as_str()));
        chosen.map(|(name, value)| (name.clone(), attribute(value))).collect::<serde_json::Map<_, _>>().into()
    };
    let event_name = if image == "NewImage" { "INSERT" } else { "REMOVE" };
    let mut change = json!({"Keys": attributes(&["pk", "sk"]), "SequenceNumber": number.to_string()});
    change[image] = attributes(&[]);
    json!({"eventName": event_name, "eventSource": "aws:dynamodb", "dynamodb": change})
}

/// Invokes the function with records. Returns the sequence numbers of those that failed.
async fn invoke(app: &App, records: &[Value]) -> Result<Vec<Value>> {
    let outcome = app.stack.invoke("clean-up", json!({ "Records": records }).to_string()).await?;
    let Outcome::Response(response) = outcome else { bail!("{outcome:?}") };
    let response: Value = serde_json::from_slice(&response)?;
    let failures = response["batchItemFailures"].as_array().context("there is no list of failures")?;
    Ok(failures.iter().map(|failure| failure["itemIdentifier"].clone()).collect())
}

#[tokio::test]
async fn records_may_come_twice_and_out_of_order() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = project_with_files(&app, "acme", 2).await?;
    let project = app.rows("ProjectsTable", "PROJECT").await?.remove(0);
    let files = app.rows("ProjectsTable", "FILE").await?;
    let created: Vec<_> = files.iter().map(|file| record(1, file, "NewImage")).collect();
    assert_eq!(invoke(&app, &[created.clone(), created.clone()].concat()).await?, Vec::<Value>::new());
    assert_eq!(left(&app, "acme").await?, (2, 2), "their project exists");
    delete(&app, "acme", &path).await?;
    let removed: Vec<_> = files.iter().map(|file| record(2, file, "OldImage")).collect();
    let gone = record(3, &project, "OldImage");
    for records in [removed.clone(), vec![gone.clone(), gone.clone()], created, removed, vec![gone]] {
        assert_eq!(invoke(&app, &records).await?, Vec::<Value>::new());
    }
    assert_eq!(left(&app, "acme").await?, (0, 0));
    Ok(())
}

#[tokio::test]
async fn failed_records_are_named() -> Result<()> {
    let app = App::start(&[]).await?;
    project_with_files(&app, "acme", 3).await?;
    let files = app.rows("ProjectsTable", "FILE").await?;
    let records: Vec<_> = (1..).zip(&files).map(|(number, file)| record(number, file, "OldImage")).collect();
    let failing = object_key("acme", &files[1]);
    let outage = app.proxy.fail(CallMatcher::of("DELETE").with(&failing), Fault::Broken);
    assert_eq!(invoke(&app, &records).await?, ["2"]);
    drop(outage);
    assert_eq!(app.objects().await?, [failing]);
    let line =
        app.stack.log_with("clean-up", "a change could not be handled").await.context("it is not logged")?;
    assert!(line.contains(files[1]["id"].as_str().unwrap_or_default()), "{line}");
    // A record that can't be read holds up no other.
    let foreign =
        json!({"eventName": "REMOVE", "dynamodb": {"Keys": {"pk": {"S": "x"}}, "SequenceNumber": "9"}});
    assert_eq!(invoke(&app, &[foreign, records[1].clone()]).await?, Vec::<Value>::new());
    assert_eq!(app.objects().await?, Vec::<String>::new());
    app.stack.log_with("clean-up", "unreadable row").await.context("it is not logged")?;
    Ok(())
}

#[tokio::test]
async fn event_without_records_is_an_error() -> Result<()> {
    let app = App::start(&[]).await?;
    for event in ["{}", "[]", r#"{"Records": 1}"#, r#"{"requestContext": {"http": {"method": "GET"}}}"#] {
        let outcome = app.stack.invoke("clean-up", event).await?;
        assert!(matches!(outcome, Outcome::Error(_)), "{event}: {outcome:?}");
    }
    Ok(())
}
