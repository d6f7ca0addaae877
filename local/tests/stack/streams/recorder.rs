//! Recorder of the events that the function gets. The test decides what the function returns.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use local::tasks::{Task, loopback_listener};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Events in their order.
type Events = Arc<Mutex<Vec<Value>>>;

/// Server that the function sends its events to.
pub(super) struct Recorder {
    address: String,
    events: Events,
    count: watch::Receiver<usize>,
    _server: Task,
}

impl Recorder {
    /// Starts a recorder of a function that succeeds.
    pub(super) async fn start() -> Result<Self> {
        Self::replying(|_, _| json!({"batchItemFailures": []})).await
    }

    /// Starts a recorder with the function's response to an event, by the number of earlier ones and the event's keys. A text
    /// is an error of the function.
    pub(super) async fn replying(
        reply: impl Fn(usize, &str) -> Value + Send + Sync + 'static,
    ) -> Result<Self> {
        let (listener, address) = loopback_listener().await?;
        let events = Events::default();
        let (counter, count) = watch::channel(0);
        let server = Task::spawn(serve(listener, Arc::clone(&events), counter, reply));
        Ok(Self { address: address.to_string(), events, count, _server: server })
    }

    pub(super) fn address(&self) -> String {
        self.address.clone()
    }

    pub(super) fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the keys of each event's records, such as `abc`.
    pub(super) fn keys(&self) -> Vec<String> {
        self.events().iter().map(keys).collect()
    }

    /// Waits for the first event, for at most ten seconds.
    pub(super) async fn first(&self) -> Result<Value> {
        let mut count = self.count.clone();
        let first = tokio::time::timeout(Duration::from_secs(10), count.wait_for(|count| *count > 0)).await;
        first.context("there is no event")??;
        self.events().first().cloned().context("there is no event")
    }
}

async fn serve(
    listener: TcpListener,
    events: Events,
    counter: watch::Sender<usize>,
    reply: impl Fn(usize, &str) -> Value,
) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let Ok(event) = read(&mut stream).await else { continue };
        let index = {
            let mut events = events.lock().unwrap_or_else(PoisonError::into_inner);
            events.push(event.clone());
            events.len() - 1
        };
        counter.send_replace(index + 1);
        drop(stream.write_all(reply(index, &keys(&event)).to_string().as_bytes()).await);
    }
}

async fn read(stream: &mut TcpStream) -> Result<Value> {
    let mut event = Vec::new();
    stream.read_to_end(&mut event).await?;
    Ok(serde_json::from_slice(&event)?)
}

fn keys(event: &Value) -> String {
    let records = event["Records"].as_array().into_iter().flatten();
    records.filter_map(|record| record["dynamodb"]["Keys"]["pk"]["S"].as_str()).collect()
}
