//! Built-in DynamoDB: the crate `dynoxide` on SQLite.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use dynoxide::Database;
use tokio::time::{MissedTickBehavior, interval};

use super::{Emulator, data::Folder};
use crate::tasks::{Task, listener};

/// Period of the removal of expired items. DynamoDB itself may take days, so code must not rely on it.
const SWEEP_PERIOD: Duration = Duration::from_mins(1);

/// Serves the database in `folder`, or one in memory, at `address`.
pub(super) async fn serve(folder: Option<&Folder>, address: SocketAddr) -> Result<Emulator> {
    let database = open(folder)?;
    let (listener, address) = listener(address).await?;
    let server = Task::spawn(dynoxide::server::serve_on(listener, database.clone()));
    Ok(Emulator::own(address, vec![server, Task::spawn(sweep(database))]))
}

fn open(folder: Option<&Folder>) -> Result<Database> {
    let Some(folder) = folder else {
        return Database::memory().context("can't create the tables' database");
    };
    let file = folder.file("dynamodb.sqlite");
    let path = file.to_str().with_context(|| format!("{} is not a UTF-8 path", file.display()))?;
    Database::new(path).with_context(|| format!("can't open {path}"))
}

async fn sweep(database: Database) {
    let mut ticks = interval(SWEEP_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let database = database.clone();
        // The next sweep removes items that a failed one leaves.
        drop(tokio::task::spawn_blocking(move || database.sweep_ttl()).await);
    }
}
