//! Built-in DynamoDB: the crate `dynoxide` on SQLite.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use dynoxide::Database;
use rusqlite::Connection;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::Emulator;
use super::data::{Folder, check_database};
use crate::tasks::{Task, listener};

/// Period of the removal of expired items. DynamoDB itself may take days, so code must not rely on it.
const SWEEP_PERIOD: Duration = Duration::from_mins(1);

/// Removal of stream records older than a day, as in DynamoDB, and an index of the others. `dynoxide` itself keeps all of
/// them and reads them all with every write.
const TRIM: &str = "
    DELETE FROM _stream_records WHERE created_at < unixepoch('now', '-1 day');
    CREATE INDEX IF NOT EXISTS _stream_order ON _stream_records (table_name, CAST(sequence_number AS INTEGER));";

/// Serves the database in `folder`, or one in memory, at `address`.
pub(super) async fn serve(folder: Option<&Folder>, address: SocketAddr) -> Result<Emulator> {
    let database = open(folder)?;
    let (listener, address) = listener(address).await?;
    let server = Task::spawn(dynoxide::server::serve_on(listener, database.clone()));
    Ok(Emulator::own(address, vec![server, Task::spawn(sweep(database))]))
}

fn open(folder: Option<&Folder>) -> Result<Database> {
    let path = match folder {
        Some(folder) => {
            let path = folder.file("dynamodb.sqlite");
            check_database(&path)?;
            path
        }
        // A name in SQLite's own file system in memory, which connections of this process share.
        None => format!("file:/{}?vfs=memdb", Uuid::new_v4()).into(),
    };
    let path = path.to_str().with_context(|| format!("{} is not a UTF-8 path", path.display()))?;
    let database = Database::new(path).with_context(|| format!("can't open {path}"))?;
    let trimmed = Connection::open(path).and_then(|connection| connection.execute_batch(TRIM));
    trimmed.with_context(|| format!("can't trim the streams in {path}"))?;
    Ok(database)
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
