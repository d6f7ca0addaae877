//! Buckets and objects in SQLite. An object is one row, so writes are atomic.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::clock;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS objects (
        bucket TEXT NOT NULL REFERENCES buckets (name),
        key TEXT NOT NULL,
        body BLOB NOT NULL,
        modified_ms INTEGER NOT NULL,
        attributes TEXT NOT NULL,
        PRIMARY KEY (bucket, key)
    ) STRICT;";

/// Database of buckets and objects.
#[derive(Debug, Clone)]
pub(super) struct Store(Arc<Mutex<Connection>>);

/// Attributes of an object, named after S3's headers.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Attributes {
    pub(super) etag: String,
    pub(super) size: i64,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    /// Tags as sent: `key=value&…`.
    pub(super) tagging: Option<String>,
    /// Verified base64 checksums by algorithm.
    pub(super) checksums: BTreeMap<String, String>,
}

/// Stored object.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) body: Vec<u8>,
    pub(super) summary: Summary,
}

/// Stored object without its body.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) key: String,
    pub(super) modified_ms: i64,
    pub(super) attributes: Attributes,
}

/// Outcome of a put.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    Stored,
    /// The put was conditional, and the object exists already.
    Exists,
}

impl Store {
    /// Opens the file at `path`, or a store in memory.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        use anyhow::Context;
        let connection = match path {
            Some(path) => Connection::open(path).with_context(|| format!("can't open {}", path.display()))?,
            None => Connection::open_in_memory().context("can't create the objects' database")?,
        };
        // An acknowledged put survives a crash of the process or the machine.
        connection.pragma_update(None, "journal_mode", "WAL").context("can't use a write-ahead log")?;
        connection.pragma_update(None, "synchronous", "FULL").context("can't make writes durable")?;
        connection.execute_batch(SCHEMA).context("can't create the objects' tables")?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Creates a bucket. Returns `false` if it exists.
    pub(super) async fn create_bucket(&self, name: String) -> Result<bool> {
        let sql = "INSERT INTO buckets (name, created_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        let now = clock::now().as_millisecond();
        self.run(move |db| Ok(db.execute(sql, params![name, now])? > 0)).await
    }

    /// Returns the buckets in order of their names, with the times of their creation in milliseconds.
    pub(super) async fn buckets(&self) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT name, created_ms FROM buckets ORDER BY name";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        self.run(move |db| db.prepare(sql)?.query_map([], read)?.collect()).await
    }

    /// Returns `true` if the bucket exists.
    pub(super) async fn has_bucket(&self, name: String) -> Result<bool> {
        self.run(move |db| db.prepare_cached("SELECT 1 FROM buckets WHERE name = ?1")?.exists([name])).await
    }

    /// Stores an object. It replaces an existing one unless `create` is set.
    pub(super) async fn put(
        &self,
        bucket: String,
        key: String,
        body: Vec<u8>,
        attributes: Attributes,
        create: bool,
    ) -> Result<Put> {
        let insert =
            "INSERT INTO objects (bucket, key, body, modified_ms, attributes) VALUES (?1, ?2, ?3, ?4, ?5)";
        let sql = if create {
            format!("{insert} ON CONFLICT DO NOTHING")
        } else {
            format!("{insert} ON CONFLICT DO UPDATE SET (body, modified_ms, attributes) = (?3, ?4, ?5)")
        };
        let now = clock::now().as_millisecond();
        let stored =
            self.run(move |db| db.execute(&sql, params![bucket, key, body, now, json(&attributes)?])).await?;
        Ok(if stored > 0 { Put::Stored } else { Put::Exists })
    }

    /// Reads an object with its body.
    pub(super) async fn get(&self, bucket: String, key: String) -> Result<Option<Object>> {
        let sql = "SELECT key, modified_ms, attributes, body FROM objects WHERE bucket = ?1 AND key = ?2";
        let read = |row: &Row<'_>| Ok(Object { summary: summary(row)?, body: row.get(3)? });
        self.run(move |db| db.prepare_cached(sql)?.query_row([bucket, key], read).optional()).await
    }

    /// Reads an object without its body.
    pub(super) async fn head(&self, bucket: String, key: String) -> Result<Option<Summary>> {
        let sql = "SELECT key, modified_ms, attributes FROM objects WHERE bucket = ?1 AND key = ?2";
        self.run(move |db| db.prepare_cached(sql)?.query_row([bucket, key], summary).optional()).await
    }

    /// Removes all tags of an object. Returns `false` if there is no such object.
    pub(super) async fn remove_tags(&self, bucket: String, key: String) -> Result<bool> {
        let sql = "UPDATE objects SET attributes = json_set(attributes, '$.tagging', NULL)
                   WHERE bucket = ?1 AND key = ?2";
        self.run(move |db| Ok(db.execute(sql, [bucket, key])? > 0)).await
    }

    /// Deletes an object, if it exists.
    pub(super) async fn delete(&self, bucket: String, key: String) -> Result<()> {
        let sql = "DELETE FROM objects WHERE bucket = ?1 AND key = ?2";
        self.run(move |db| db.execute(sql, [bucket, key]).map(drop)).await
    }

    /// Returns the objects whose keys begin with `prefix` and follow `after`, in the order of their keys.
    pub(super) async fn list(&self, bucket: String, prefix: String, after: String) -> Result<Vec<Summary>> {
        let sql = "SELECT key, modified_ms, attributes FROM objects
                   WHERE bucket = ?1 AND substr(key, 1, length(?2)) = ?2 AND key > ?3 ORDER BY key";
        self.run(move |db| db.prepare_cached(sql)?.query_map([bucket, prefix, after], summary)?.collect())
            .await
    }

    /// Runs `work` on a thread for blocking calls, because SQLite blocks.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            // A panic elsewhere leaves no partial statement, so the connection stays usable.
            work(&store.lock().unwrap_or_else(PoisonError::into_inner))
        });
        task.await.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?
    }
}

fn summary(row: &Row<'_>) -> Result<Summary> {
    let text: String = row.get(2)?;
    let attributes = serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(Summary { key: row.get(0)?, modified_ms: row.get(1)?, attributes })
}

fn json(attributes: &Attributes) -> Result<String> {
    serde_json::to_string(attributes)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
