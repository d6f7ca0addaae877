//! Source files of a function: those that the compiler has read, and all others in the same packages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files of the workspace that every function depends on.
const COMMON: [&str; 4] = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "rust-toolchain.toml"];

/// Times of the last modifications of files and folders.
pub(super) type Times = BTreeMap<PathBuf, SystemTime>;

/// Reads the times of a function's sources in the workspace of `folder`.
pub(super) fn times(folder: &Path, executable: &Path) -> Times {
    let mut paths: BTreeSet<_> = COMMON.iter().map(|name| folder.join(name)).collect();
    let read = compiled(executable);
    for package in read.iter().filter_map(|path| package(folder, path)).collect::<BTreeSet<_>>() {
        paths.insert(package.join("Cargo.toml"));
        add_code(&package.join("src"), &mut paths);
    }
    paths.extend(read);
    paths.into_iter().filter_map(|path| modified(&path).map(|time| (path, time))).collect()
}

/// Returns the time of a file's last modification.
pub(super) fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Reads the paths of the sources from the file `<executable>.d`, which cargo writes in the format of make.
fn compiled(executable: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(executable.with_extension("d")).unwrap_or_default();
    let (_, paths) = text.lines().next().and_then(|line| line.split_once(": ")).unwrap_or_default();
    // A backslash stands before a space in a path. No path has a zero byte.
    let paths = paths.replace("\\ ", "\0");
    paths.split_whitespace().map(|path| path.replace('\0', " ").into()).collect()
}

/// Returns the folder of the package that a source belongs to.
fn package(folder: &Path, source: &Path) -> Option<PathBuf> {
    let within = source.ancestors().skip(1).take_while(|parent| *parent != folder);
    within.into_iter().find(|parent| parent.join("Cargo.toml").is_file()).map(Path::to_owned)
}

/// Adds the folder, whose time shows files that are added or removed, and the Rust code in it.
fn add_code(folder: &Path, paths: &mut BTreeSet<PathBuf>) {
    paths.insert(folder.to_owned());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            add_code(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.insert(path);
        }
    }
}
