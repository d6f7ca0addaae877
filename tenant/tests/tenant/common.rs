//! A service with several organizations, the command, and all that is stored.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::process::{Output, Stdio};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};
use local::stack::Options;
use local::streams::Mode;
use serde_json::{Value, json};
use testing::{App, FORM, PNG, form, notes};
use tokio::process::Command;

/// Organizations whose ids begin with, or look like parts of, the keys of `acme`; and as paths spell them.
pub(crate) const OTHERS: [(&str, &str); 7] = [
    ("acme2", "acme2"),
    ("acm", "acm"),
    ("ACME", "ACME"),
    ("acme#NOTE", "acme%23NOTE"),
    ("acme%23", "acme%2523"),
    ("acme x", "acme%20x"),
    ("*", "%2A"),
];

/// Everything that is stored: rows and counters in DynamoDB's form, and the bytes of objects.
#[derive(Debug)]
pub(crate) struct Stored(pub(crate) BTreeMap<String, String>);

impl Stored {
    /// Reads all tables and the bucket.
    pub(crate) async fn read(app: &App) -> Result<Self> {
        let mut all = BTreeMap::new();
        for table in ["NotesTable", "RateLimitTable"] {
            let scan = app.stack.dynamodb().scan().table_name(app.stack.table(table)).consistent_read(true);
            let mut pages = scan.into_paginator().items().send();
            while let Some(item) = pages.try_next().await? {
                let name = |attribute| item.get(attribute).and_then(|value| value.as_s().ok()).cloned();
                let key = format!("{} {}", name("pk").unwrap_or_default(), name("sk").unwrap_or_default());
                all.insert(key, canonical(&AttributeValue::M(item)));
            }
        }
        for key in app.objects().await? {
            let object = app.object(&key).await?;
            all.insert(key, format!("{object:?}"));
        }
        Ok(Self(all))
    }

    /// Returns the keys that are of `acme` alone.
    pub(crate) fn of_acme(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).filter(|key| is_of_acme(key)).collect()
    }

    /// Checks that nothing differs. Otherwise the keys of what differs are the error.
    pub(crate) fn check(&self, expected: &Self) -> Result<()> {
        let keys = self.0.keys().chain(expected.0.keys());
        let differing: BTreeSet<_> = keys.filter(|key| self.0.get(*key) != expected.0.get(*key)).collect();
        ensure!(differing.is_empty(), "different, missing or new: {differing:#?}");
        Ok(())
    }

    /// Returns the rest.
    pub(crate) fn of_others(mut self) -> Self {
        self.0.retain(|key, _| !is_of_acme(key));
        self
    }
}

/// Returns a text that is the same for the same value.
fn canonical(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let map: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, canonical(value))).collect();
            format!("{map:?}")
        }
        value => format!("{value:?}"),
    }
}

/// Returns `true` for keys of `acme`, stated apart from the command's own rules.
fn is_of_acme(key: &str) -> bool {
    key.starts_with("ORG#acme#") || key.starts_with("orgs/acme/") || key == "list#10s#org#acme "
}

/// Starts a service in which `acme` and one more organization have notes with files, unique names, records of idempotent
/// requests, and counters.
pub(crate) async fn service() -> Result<App> {
    service_of(&OTHERS[..1], Mode::Manual).await
}

/// Starts the service with all other organizations, and with functions that follow the table's stream in this mode.
pub(crate) async fn neighborhood(streams: Mode) -> Result<App> {
    service_of(&OTHERS, streams).await
}

async fn service_of(others: &[(&str, &str)], streams: Mode) -> Result<App> {
    let app = App::specimens_with(&[], |options| Options { streams, ..options }).await?;
    for (organization, segment) in [("acme", "acme")].iter().chain(others) {
        fill(&app, organization, segment).await?;
    }
    let mine = app.request_of("org#acme", &[], "POST", "/v1/drafts").json(&json!({"name": "ORG#acme#"}));
    let status = mine.send().await?.status;
    ensure!(status == 201, "a draft of a user returned {status}");
    for counter in ["list#10s#org#acme", "list#10s#org#acme2", "list#10s#user#x#org#acme"] {
        app.put_row("RateLimitTable", &json!({"pk": counter, "current": 1})).await?;
    }
    app.stack.settle_streams().await?;
    app.proxy.clear();
    Ok(app)
}

async fn fill(app: &App, organization: &str, segment: &str) -> Result<()> {
    for name in ["Apollo", "Gemini"] {
        let create = app.request_of("maker", &[organization], "POST", &notes(segment)).key(name);
        let note = create.json(&json!({ "name": name })).send().await?.json();
        let id = note["data"]["id"].as_str().with_context(|| format!("{organization}: {note}"))?;
        let path = format!("{}/{id}/files", notes(segment));
        let upload = app.request_of("maker", &[organization], "POST", &path).key(name);
        let upload = upload.body(FORM, form("\u{e9} 1.png", "image/png", PNG)).send().await?;
        ensure!(upload.status == 201, "{organization}: {upload:?}");
    }
    Ok(())
}

/// Adds rows to `acme`, of a kind that nothing follows.
pub(crate) async fn add_rows(app: &App, count: usize) -> Result<()> {
    let puts = (0..count).map(|number| async move {
        let (table, text) = (app.stack.table("NotesTable"), |text: String| AttributeValue::S(text));
        let partition = text(format!("ORG#acme#LINE#INV-{}", number % 97));
        let item = HashMap::from([
            ("pk".to_owned(), partition),
            ("sk".to_owned(), text(format!("{number:06}"))),
            ("note".to_owned(), text("x".repeat(200))),
        ]);
        app.stack.dynamodb().put_item().table_name(table).set_item(Some(item)).send().await.map(drop)
    });
    for put in futures_util::future::join_all(puts).await {
        put.context("a row can't be written")?;
    }
    Ok(())
}

/// Adds objects to `acme`, which have no rows.
pub(crate) async fn add_objects(app: &App, count: usize) -> Result<()> {
    let (s3, bucket) = (app.s3(), app.stack.bucket("UploadsBucket"));
    let puts = (0..count).map(|number| {
        let put = s3.put_object().bucket(bucket).key(format!("orgs/acme/{number:06}"));
        put.body(number.to_string().into_bytes().into()).send()
    });
    let puts = stream::iter(puts).buffer_unordered(16);
    puts.try_for_each(async |_| Ok(())).await.context("an object can't be written")
}

/// Returns the command for `acme`, with the stack's table and bucket, by way of its proxy.
pub(crate) fn tenant(app: &App, command: &str, options: &[&str]) -> Result<Command> {
    tenant_of(app, "acme", command, options)
}

/// Returns the command for an organization.
pub(crate) fn tenant_of(app: &App, organization: &str, command: &str, options: &[&str]) -> Result<Command> {
    let mut tenant = tenant_of_rows(app, organization, command, options)?;
    tenant.args(["--bucket", app.stack.bucket("UploadsBucket")]);
    tenant.args(["--counters", app.stack.table("RateLimitTable")]);
    Ok(tenant)
}

/// Returns the command for an organization's rows alone.
pub(crate) fn tenant_of_rows(
    app: &App,
    organization: &str,
    command: &str,
    options: &[&str],
) -> Result<Command> {
    let endpoints = app.stack.variables("CreateNote")?;
    let mut tenant = Command::new(env!("CARGO_BIN_EXE_tenant"));
    tenant.env_clear().env("AWS_REGION", "us-east-1");
    for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"] {
        tenant.env(name, endpoints.get(name).with_context(|| format!("no {name}"))?);
    }
    tenant.env("AWS_ACCESS_KEY_ID", app.stack.credentials().access_key_id());
    tenant.env("AWS_SECRET_ACCESS_KEY", app.stack.credentials().secret_access_key());
    tenant.args([command, organization, "--table", app.stack.table("NotesTable")]).args(options);
    tenant.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(tenant)
}

/// Options that erase `acme` without a wait between passes.
pub(crate) const ERASE: [&str; 4] = ["--confirm", "acme", "--settle", "0"];

/// Runs the command and returns its lines. It must succeed.
pub(crate) async fn succeed(mut tenant: Command) -> Result<String> {
    let output = tenant.output().await.context("the command can't be run")?;
    ensure!(output.status.success(), "{}", lines(&output));
    Ok(lines(&output))
}

/// Runs the command and returns its lines. It must fail.
pub(crate) async fn fail(mut tenant: Command) -> Result<String> {
    let output = tenant.output().await.context("the command can't be run")?;
    ensure!(!output.status.success(), "it succeeded: {}", lines(&output));
    Ok(lines(&output))
}

fn lines(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Parses a file of JSON lines.
pub(crate) fn json_lines(text: &str) -> Result<Vec<Value>> {
    text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}
