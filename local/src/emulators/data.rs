//! Data folder of the emulators, locked by one stack at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rusqlite::Connection;

/// Wait for a lock that is being released. A process that this one starts has a copy of it for a moment.
const RELEASE_POLL: Duration = Duration::from_millis(20);
const RELEASE_POLLS: usize = 10;

/// Storage of the emulators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Memory, discarded with the stack.
    Memory,
    /// Folder, which survives restarts.
    Dir(PathBuf),
}

/// Opened data folder. Its lock is released when this is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Data {
    /// Opens and locks the folder, if there is one.
    pub(super) async fn open(&self) -> Result<Option<Folder>> {
        match self {
            Self::Memory => Ok(None),
            Self::Dir(path) => Folder::open(path).await.map(Some),
        }
    }
}

/// Checks that the file of a database is one, if it exists.
///
/// # Errors
/// When it can't be read as a database. The text says how to start anew.
pub fn check_database(path: &Path) -> Result<()> {
    let version = |database: Connection| {
        database.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0))
    };
    match path.exists().then(|| Connection::open(path).and_then(version)) {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(error)) => bail!(
            "{} is damaged or no database ({}); delete the data folder {} to start anew, or use --data-dir or --ephemeral",
            path.display(),
            error.sqlite_error_code().map_or_else(|| error.to_string(), |code| format!("{code:?}")),
            path.parent().unwrap_or(path).display()
        ),
    }
}

impl Folder {
    async fn open(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path)
            .with_context(|| format!("can't create the data folder {}", path.display()))?;
        let file = path.join("lock");
        let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&file);
        let mut lock = lock.with_context(|| format!("can't open {}", file.display()))?;
        take(&mut lock, path).await?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Returns the folder's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the file `name` in this folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Takes the lock and writes the process id into it, for the error message of the next stack.
async fn take(lock: &mut File, path: &Path) -> Result<()> {
    match released(lock).await {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!(
            "another local stack{} uses the data folder {}; stop it, or use --data-dir or --ephemeral",
            holder(lock),
            path.display()
        ),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("can't lock the data folder {}", path.display()));
        }
    }
    lock.set_len(0).and_then(|()| lock.rewind()).context("can't write the lock file")?;
    write!(lock, "{}", std::process::id()).context("can't write the lock file")
}

/// Takes the lock, and waits a moment for one that is being released.
async fn released(lock: &File) -> Result<(), TryLockError> {
    for _ in 0..RELEASE_POLLS {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => tokio::time::sleep(RELEASE_POLL).await,
            other => return other,
        }
    }
    lock.try_lock()
}

fn holder(lock: &mut File) -> String {
    let mut process = String::new();
    match lock.read_to_string(&mut process) {
        Ok(1..) => format!(" (process {process})"),
        _ => String::new(),
    }
}
