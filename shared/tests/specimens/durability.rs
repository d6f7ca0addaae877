//! Acknowledged writes after a kill of the whole stack.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use local::emulators::{Data, External};
use local::stack::Options;
use serde_json::{Value, json};
use testing::{
    App, Client, FORM, PNG, RequestBuilder, Response, SPECIMENS, claims, example, form, notes, program,
    signed, strict, workspace,
};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Stack in a separate process.
struct Process {
    child: Child,
    client: Client,
}

impl Process {
    /// Starts the stack on a data folder and reads its address.
    async fn start(data: &Path) -> Result<Self> {
        let specimens = example("shared", "specimens")?;
        let folder = specimens.parent().context("the specimens are in no folder")?;
        let mut command = Command::new(program()?);
        command.args(["--port", "0", "--data-dir"]).arg(data).arg("--binaries").arg(folder);
        command.arg("--template").arg(workspace().join(SPECIMENS));
        for emulator in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"] {
            command.env_remove(emulator);
        }
        command.env("RATE_LIMIT", "1000/10s").stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().context("the stack can't be started")?;
        let mut lines = BufReader::new(child.stdout.take().context("it has no output")?).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(url) = line.strip_prefix("listening on ") {
                return Ok(Self { child, client: strict(Client::new(url.trim())) });
            }
        }
        anyhow::bail!("the stack ended before it listened")
    }

    /// Kills the stack, like `kill -9`.
    async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("the stack can't be killed")
    }
}

/// Starts the service on the data folder of a stack, with its emulators even if the test uses external ones.
async fn reopened(data: &Path) -> Result<App> {
    let (data, external) = (Data::Dir(data.to_owned()), External::default());
    App::specimens_with(&[], |options| Options { data, external, name_suffix: None, ..options }).await
}

fn create(client: &Client, token: &str, name: &str) -> RequestBuilder {
    client.post(&notes("acme")).bearer(token).key(name).json(&json!({ "name": name }))
}

fn upload(client: &Client, token: &str, note: &str) -> RequestBuilder {
    let body = form("a.png", "image/png", PNG);
    client.post(&format!("{}/{note}/files", notes("acme"))).bearer(token).key("upload").body(FORM, body)
}

fn id(response: &Response) -> String {
    response.json()["data"]["id"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn acknowledged_writes_and_replays_survive_a_kill() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let token = signed(&json!({"alg": "HS256"}), &claims("alice", &["acme"]))?;
    let stack = Process::start(folder.path()).await?;
    let mut made = Vec::new();
    for name in ["Apollo", "Gemini", "Mercury"] {
        made.push(create(&stack.client, &token, name).send().await?);
    }
    let file = upload(&stack.client, &token, &id(&made[0])).send().await?;
    stack.kill().await?;
    assert!(made.iter().chain([&file]).all(|response| response.status == 201));

    let stack = Process::start(folder.path()).await?;
    for (name, before) in ["Apollo", "Gemini", "Mercury"].into_iter().zip(&made) {
        let again = create(&stack.client, &token, name).send().await?;
        assert_eq!((again.status, again.json()), (201, before.json()));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    let again = upload(&stack.client, &token, &id(&made[0])).send().await?;
    assert_eq!((again.json(), again.header("idempotency-replayed")), (file.json(), "true"));
    stack.kill().await?;

    let app = reopened(folder.path()).await?;
    let listed: Vec<Value> = made.iter().rev().map(|response| response.json()["data"].clone()).collect();
    assert_eq!(app.list("").await?.json()["data"]["notes"], json!(listed));
    assert_eq!(app.create("gemini").await?.status_and_code(), "409 CONFLICT");
    let keys = app.objects().await?;
    assert_eq!((keys.len(), app.object(&keys[0]).await?.bytes), (1, PNG.to_vec()));
    Ok(())
}

#[tokio::test]
async fn kill_during_writes_loses_nothing_acknowledged() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let token = signed(&json!({"alg": "HS256"}), &claims("alice", &["acme"]))?;
    let stack = Process::start(folder.path()).await?;
    let (sender, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
    let names = (0..40).map(|turn| format!("Note-{turn}"));
    let tasks: Vec<_> = names
        .map(|name| {
            let (sender, request) = (sender.clone(), create(&stack.client, &token, &name));
            tokio::spawn(async move {
                if let Ok(response) = request.send().await
                    && response.status == 201
                {
                    drop(sender.send(id(&response)));
                }
            })
        })
        .collect();
    drop(sender);
    let mut ids = Vec::from_iter(acknowledged.recv().await);
    stack.kill().await?;
    for task in tasks {
        task.await?;
    }
    while let Some(id) = acknowledged.recv().await {
        ids.push(id);
    }
    assert!(!ids.is_empty());

    let app = reopened(folder.path()).await?;
    let listed = app.list("?limit=100").await?.json()["data"]["notes"].clone();
    let listed: Vec<_> =
        listed.as_array().into_iter().flatten().filter_map(|note| note["id"].as_str()).collect();
    assert!(ids.iter().all(|id| listed.contains(&id.as_str())), "{ids:?} are not all of {listed:?}");
    // A note and its name are written in one transaction.
    assert_eq!(app.rows("NotesTable", "NAME").await?.len(), listed.len());
    Ok(())
}
