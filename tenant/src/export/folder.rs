//! Folder of an export. Only its owner may read it. A file appears under its name when it is complete and synced.

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use percent_encoding::utf8_percent_encode;
use sha2::{Digest, Sha256};
use shared::domain::{UNRESERVED, hex};

/// Maximum length of a file's name. File systems take 255 bytes.
const LONGEST: usize = 200;

/// Folder that exists.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// File that is being written, under another name.
#[derive(Debug)]
pub(super) struct Draft {
    writer: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
}

/// Size and hash of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digested {
    pub(super) bytes: u64,
    pub(super) sha256: Vec<u8>,
}

impl Folder {
    /// Creates the folder, if it doesn't exist.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let folder = Self(path.to_owned());
        folder.create("")?;
        Ok(folder)
    }

    /// Returns the path of a file, whose name has the folders before it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Begins a file.
    pub(super) fn draft(&self, name: &str) -> Result<Draft> {
        let path = self.path(name);
        self.create(name.rsplit_once('/').map_or("", |(folder, _)| folder))?;
        let temporary = self.path(&format!("{name}.unfinished"));
        let file =
            File::create(&temporary).with_context(|| format!("can't write {}", temporary.display()))?;
        Ok(Draft { writer: BufWriter::new(file), temporary, path })
    }

    /// Writes a whole file.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut draft = self.draft(name)?;
        draft.append(bytes)?;
        draft.complete()
    }

    /// Reads a file; `None` if it doesn't exist.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(name);
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some).with_context(|| format!("can't read {}", path.display())),
        }
    }

    /// Reads size and hash of a file.
    pub(super) fn digest(&self, name: &str) -> Result<Digested> {
        let path = self.path(name);
        digest(&path).with_context(|| format!("can't read {}", path.display()))
    }

    /// Counts the lines of a file.
    pub(super) fn count_lines(&self, name: &str) -> Result<u64> {
        let path = self.path(name);
        let counted = File::open(&path).and_then(|file| {
            BufReader::new(file).split(b'\n').try_fold(0, |count, line| line.map(|_| count + 1))
        });
        counted.with_context(|| format!("can't read {}", path.display()))
    }

    /// Removes the parts, which a complete export doesn't need.
    pub(super) fn remove_parts(&self) -> Result<()> {
        match fs::remove_dir_all(self.path("parts")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.context("can't remove the folder parts"),
        }
    }

    /// Creates a folder in it, which only its owner may read.
    fn create(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&path).with_context(|| format!("can't create {}", path.display()))
    }
}

impl Draft {
    /// Appends bytes.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes).with_context(|| format!("can't write {}", self.temporary.display()))
    }

    /// Appends another file.
    pub(super) fn append_file(&mut self, path: &Path) -> Result<()> {
        let copied = File::open(path).and_then(|mut file| io::copy(&mut file, &mut self.writer));
        copied.map(drop).with_context(|| format!("can't copy {}", path.display()))
    }

    /// Gives the file its name.
    pub(super) fn complete(self) -> Result<()> {
        let Self { writer, temporary, path } = self;
        let synced =
            writer.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        synced
            .and_then(|()| fs::rename(&temporary, &path))
            .with_context(|| format!("can't write {}", path.display()))
    }
}

fn digest(path: &Path) -> io::Result<Digested> {
    let (mut file, mut hash, mut bytes) = (BufReader::new(File::open(path)?), Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Digested { bytes, sha256: hash.finalize().to_vec() }),
            read => {
                hash.update(&buffer[..read]);
                bytes += crate::report::number(read);
            }
        }
    }
}

/// Returns a name that every file system takes, and that leads nowhere else.
pub(super) fn file_name(text: &str) -> String {
    let encoded = utf8_percent_encode(text, UNRESERVED).to_string();
    if encoded.trim_matches('.').is_empty() || encoded.len() > LONGEST {
        format!("~{}", hex(&Sha256::digest(text)))
    } else {
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        let long = "x".repeat(1_000);
        let texts = [
            "a",
            "",
            ".",
            "..",
            "../a",
            "a/b",
            "a%2Fb",
            "/etc/passwd",
            "a\\b",
            "a\0b",
            "~",
            &long,
            &long[1..],
        ];
        let names: Vec<_> = texts.iter().map(|text| file_name(text)).collect();
        for (name, text) in names.iter().zip(texts) {
            assert!(!name.is_empty() && name.len() <= LONGEST && !name.contains(['/', '\\', '\0']), "{text}");
            assert!(!name.trim_matches('.').is_empty(), "{text}");
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{text}");
        }
    }

    #[test]
    fn unfinished_file_has_another_name() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = Folder::open(&scratch.path().join("new/folder")).unwrap();
        let mut draft = folder.draft("rows/t.jsonl").unwrap();
        draft.append(b"{}\n").unwrap();
        assert_eq!(folder.read("rows/t.jsonl").unwrap(), None);
        draft.complete().unwrap();
        assert_eq!(folder.read("rows/t.jsonl").unwrap().as_deref(), Some(&b"{}\n"[..]));
        assert_eq!(folder.digest("rows/t.jsonl").unwrap().bytes, 3);
    }
}
