//! Bodies of objects: one file each, in one folder. A file is an object's body once a row names it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Take};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use s3s::dto::StreamingBlob;
use tempfile::{Builder, NamedTempFile, TempDir};

/// Bytes of a file in memory at a time.
const CHUNK: u64 = 256 * 1024;

/// Beginning of the names of temporary folders.
const TEMPORARY: &str = "local-s3-";

/// File in a temporary folder, and ending of the file beside another one, that is locked while the program runs.
const LOCK: &str = "lock";

/// Folder of the files.
#[derive(Debug)]
pub(super) struct Bodies {
    path: PathBuf,
    /// Deletes the folder with the store, if it is for data in memory.
    temporary: Option<TempDir>,
    _lock: File,
}

impl Bodies {
    /// Opens the folder at `path`, or a temporary one. Waits for the end of an earlier program that still has it open.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            let (folder, lock) = temporary().context("can't create a folder for the objects' bodies")?;
            return Ok(Self { path: folder.path().to_owned(), temporary: Some(folder), _lock: lock });
        };
        // Beside the folder, in which all files are bodies.
        let lock = std::fs::create_dir_all(path).and_then(|()| lock(&path.with_extension(LOCK)));
        let lock = lock.with_context(|| format!("can't open {}", path.display()))?;
        Ok(Self { path: path.to_owned(), temporary: None, _lock: lock })
    }

    /// Creates an empty file with a unique name. It is deleted when it is dropped, unless its cleanup is disabled.
    pub(super) fn create(&self) -> io::Result<NamedTempFile> {
        Builder::new().prefix("").rand_bytes(32).tempfile_in(&self.path)
    }

    /// Makes a written file survive a crash of the machine, as a row will that names it.
    pub(super) fn sync(&self, file: &NamedTempFile) -> io::Result<()> {
        if self.temporary.is_some() {
            return Ok(());
        }
        file.as_file().sync_all()?;
        // Windows opens no folders, and needs no sync of them.
        File::open(&self.path).map_or(Ok(()), |folder| folder.sync_all())
    }

    pub(super) fn file(&self, name: &str) -> io::Result<File> {
        File::open(self.path.join(name))
    }

    /// Removes the file of a replaced or deleted object. Files that stay are removed at the next start.
    pub(super) fn remove(&self, name: &str) {
        drop(std::fs::remove_file(self.path.join(name)));
    }

    /// Removes all other files, which a crash left.
    pub(super) fn retain(&self, names: &HashSet<String>) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            if !name.to_str().is_some_and(|name| name == LOCK || names.contains(name)) {
                std::fs::remove_file(self.path.join(name))?;
            }
        }
        Ok(())
    }
}

/// Streams a part of a file.
pub(super) fn read(mut file: File, part: Range<u64>) -> io::Result<StreamingBlob> {
    file.seek(SeekFrom::Start(part.start))?;
    let rest = file.take(part.end - part.start);
    Ok(StreamingBlob::wrap(try_unfold(rest, |rest| async {
        tokio::task::spawn_blocking(|| next_chunk(rest)).await.map_err(io::Error::other)?
    })))
}

fn next_chunk(mut rest: Take<File>) -> io::Result<Option<(Bytes, Take<File>)>> {
    let mut chunk = Vec::new();
    rest.by_ref().take(CHUNK).read_to_end(&mut chunk)?;
    Ok((!chunk.is_empty()).then(|| (chunk.into(), rest)))
}

/// Creates a temporary folder and locks it. Removes those of stacks that were killed.
fn temporary() -> io::Result<(TempDir, File)> {
    for entry in std::fs::read_dir(std::env::temp_dir())?.flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY));
        if is_ours {
            remove_abandoned(&entry.path());
        }
    }
    loop {
        let folder = Builder::new().prefix(TEMPORARY).tempdir()?;
        let file = folder.path().join(LOCK);
        let lock = lock(&file)?;
        // Another stack that is starting may have taken the folder for an abandoned one before it was locked.
        if file.is_file() {
            return Ok((folder, lock));
        }
    }
}

fn lock(file: &Path) -> io::Result<File> {
    let lock = File::create(file)?;
    lock.lock()?;
    Ok(lock)
}

/// Removes a folder that no stack has locked. The lock is held until the folder is gone, so that a stack that has just
/// created it notices.
fn remove_abandoned(folder: &Path) {
    if let Ok(lock) = File::open(folder.join(LOCK))
        && lock.try_lock().is_ok()
    {
        drop(std::fs::remove_dir_all(folder));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use anyhow::{Result, anyhow};
    use tempfile::Builder;

    use super::{Bodies, LOCK, TEMPORARY, temporary};

    #[test]
    fn only_folders_of_ended_programs_are_removed() -> Result<()> {
        let running = Bodies::open(None)?;
        running.retain(&HashSet::new())?;
        let ended = Builder::new().prefix(TEMPORARY).tempdir()?.keep();
        std::fs::write(ended.join(LOCK), "")?;
        let _next = Bodies::open(None)?;
        assert!(!ended.exists());
        assert!(running.path.is_dir());
        Ok(())
    }

    #[test]
    fn concurrent_stacks_keep_their_folders() -> Result<()> {
        for _ in 0..50 {
            let stacks = [(); 8].map(|()| thread::spawn(temporary));
            let folders = stacks.map(|stack| stack.join().map_err(|_| anyhow!("a stack panicked")));
            for folder in folders {
                let (folder, _lock) = folder??;
                assert!(folder.path().is_dir());
            }
        }
        Ok(())
    }
}
