//! Buckets and objects in SQLite. An object is one row that names the file of its body, so writes are atomic.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use local::clock;
use local::emulators::check_database;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tempfile::NamedTempFile;

use super::bodies::Bodies;

/// Version of the tables, in SQLite's `user_version`.
const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS objects (
        bucket TEXT NOT NULL REFERENCES buckets (name),
        key TEXT NOT NULL,
        file TEXT NOT NULL,
        modified_ms INTEGER NOT NULL,
        attributes TEXT NOT NULL,
        PRIMARY KEY (bucket, key)
    ) STRICT;";
const PUT: &str = "
    INSERT INTO objects (bucket, key, file, modified_ms, attributes) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET (file, modified_ms, attributes) = (?3, ?4, ?5)";

/// Database of buckets and objects.
#[derive(Debug, Clone)]
pub(super) struct Store {
    database: Arc<Mutex<Connection>>,
    pub(super) bodies: Arc<Bodies>,
}

/// Attributes of an object, named after S3's headers.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Attributes {
    pub(super) etag: String,
    pub(super) size: u64,
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
    /// Opens the store in `folder`, or one in memory with its bodies in a temporary folder.
    pub(super) fn open(folder: Option<&Path>) -> Result<Self> {
        let database = match folder.map(|folder| folder.join("s3.sqlite")) {
            Some(path) => connect(&path).with_context(|| format!("can't open {}", path.display()))?,
            None => Connection::open_in_memory().context("can't create the objects' database")?,
        };
        let schema = format!("BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;");
        database.execute_batch(&schema).context("can't create the objects' tables")?;
        let bodies = Bodies::open(folder.map(|folder| folder.join("s3")).as_deref())?;
        let named: HashSet<_> = database
            .prepare("SELECT file FROM objects")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        bodies.retain(&named).context("can't remove files of unfinished uploads")?;
        Ok(Self { database: Arc::new(Mutex::new(database)), bodies: Arc::new(bodies) })
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
        self.run(move |db| Ok(db.prepare(sql)?.query_map([], read)?.collect::<Result<_, _>>()?)).await
    }

    /// Returns `true` if the bucket exists.
    pub(super) async fn has_bucket(&self, name: String) -> Result<bool> {
        self.run(move |db| Ok(db.prepare_cached("SELECT 1 FROM buckets WHERE name = ?1")?.exists([name])?))
            .await
    }

    /// Stores an object with a synced body. It replaces an existing one unless `create` is set.
    pub(super) async fn put(
        &self,
        bucket: String,
        key: String,
        mut body: NamedTempFile,
        attributes: Attributes,
        create: bool,
    ) -> Result<Put> {
        let name = body.path().file_name().and_then(|name| name.to_str()).context("no file name")?.to_owned();
        let now = clock::now().as_millisecond();
        let bodies = Arc::clone(&self.bodies);
        self.run(move |db| {
            let transaction = db.unchecked_transaction()?;
            let replaced = file(&transaction, &bucket, &key)?;
            if create && replaced.is_some() {
                return Ok(Put::Exists);
            }
            transaction.execute(PUT, params![bucket, key, name, now, serde_json::to_string(&attributes)?])?;
            transaction.commit()?;
            body.disable_cleanup(true);
            if let Some(replaced) = replaced {
                bodies.remove(&replaced);
            }
            Ok(Put::Stored)
        })
        .await
    }

    /// Reads an object, and opens its body.
    pub(super) async fn get(&self, bucket: String, key: String) -> Result<Option<(Summary, File)>> {
        let sql = "SELECT key, modified_ms, attributes, file FROM objects WHERE bucket = ?1 AND key = ?2";
        let bodies = Arc::clone(&self.bodies);
        self.run(move |db| {
            let read = |row: &Row<'_>| Ok((summary(row)?, row.get::<_, String>(3)?));
            let found = db.prepare_cached(sql)?.query_row([bucket, key], read).optional()?;
            // The lock is held until the file is open, so no put or delete removes it in between.
            found.map(|(summary, file)| Ok((summary, bodies.file(&file)?))).transpose()
        })
        .await
    }

    /// Reads an object without its body.
    pub(super) async fn head(&self, bucket: String, key: String) -> Result<Option<Summary>> {
        let sql = "SELECT key, modified_ms, attributes FROM objects WHERE bucket = ?1 AND key = ?2";
        self.run(move |db| Ok(db.prepare_cached(sql)?.query_row([bucket, key], summary).optional()?)).await
    }

    /// Removes all tags of an object. Returns `false` if there is no such object.
    pub(super) async fn remove_tags(&self, bucket: String, key: String) -> Result<bool> {
        let sql = "UPDATE objects SET attributes = json_set(attributes, '$.tagging', NULL)
                   WHERE bucket = ?1 AND key = ?2";
        self.run(move |db| Ok(db.execute(sql, [bucket, key])? > 0)).await
    }

    /// Deletes an object, if it exists.
    pub(super) async fn delete(&self, bucket: String, key: String) -> Result<()> {
        let sql = "DELETE FROM objects WHERE bucket = ?1 AND key = ?2 RETURNING file";
        let bodies = Arc::clone(&self.bodies);
        self.run(move |db| {
            let deleted = db.query_row(sql, [bucket, key], |row| row.get::<_, String>(0)).optional()?;
            if let Some(file) = deleted {
                bodies.remove(&file);
            }
            Ok(())
        })
        .await
    }

    /// Returns the objects whose keys begin with `prefix` and follow `after`, in the order of their keys.
    pub(super) async fn list(&self, bucket: String, prefix: String, after: String) -> Result<Vec<Summary>> {
        let sql = "SELECT key, modified_ms, attributes FROM objects
                   WHERE bucket = ?1 AND substr(key, 1, length(?2)) = ?2 AND key > ?3 ORDER BY key";
        self.run(move |db| {
            let mut statement = db.prepare_cached(sql)?;
            let found = statement.query_map([bucket, prefix, after], summary)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Runs `work` on a thread for blocking calls, because SQLite blocks.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let database = Arc::clone(&self.database);
        let task = tokio::task::spawn_blocking(move || {
            // A panic elsewhere leaves no partial statement, so the connection stays usable.
            work(&database.lock().unwrap_or_else(PoisonError::into_inner))
        });
        task.await?
    }
}

/// Opens the database at `path`, unless a version of the stack wrote it that stored bodies otherwise.
fn connect(path: &Path) -> Result<Connection> {
    check_database(path)?;
    let database = Connection::open(path)?;
    let version: i64 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let has_tables = database.table_exists(None, "objects")?;
    ensure!(
        version == VERSION || !has_tables,
        "another version of the local stack wrote it; delete the data folder {}, or use --data-dir or --ephemeral",
        path.parent().unwrap_or(path).display()
    );
    // An acknowledged put survives a crash of the process or the machine.
    database.pragma_update(None, "journal_mode", "WAL").context("can't use a write-ahead log")?;
    database.pragma_update(None, "synchronous", "FULL").context("can't make writes durable")?;
    Ok(database)
}

/// Returns the file of an object's body.
fn file(db: &Connection, bucket: &str, key: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT file FROM objects WHERE bucket = ?1 AND key = ?2";
    db.prepare_cached(sql)?.query_row([bucket, key], |row| row.get(0)).optional()
}

fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let text: String = row.get(2)?;
    let attributes = serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(Summary { key: row.get(0)?, modified_ms: row.get(1)?, attributes })
}
