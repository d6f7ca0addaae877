//! The rules that docs/ARCHITECTURE.md states about who may know whom, read from the source: imports point down
//! (`edge -> storage -> domain`), only the clock tells the time, and every file says what lives in it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// A text that may not stand in the code of some files, and why.
struct Ban {
    files: &'static [&'static str],
    texts: &'static [&'static str],
    reason: &'static str,
}

const BANS: [Ban; 9] = [
    Ban {
        files: &["domain"],
        texts: &["crate::edge", "crate::storage", "crate::config", "crate::clock"],
        reason: "the domain is what everything else stands on: decisions that can be tested with nothing but values",
    },
    Ban {
        files: &["domain"],
        texts: &["http::", "lambda_http", "lambda_runtime", "aws_", "tokio", "reqwest", "tracing"],
        reason: "the domain decides and does nothing: it knows no HTTP, no SDK, no runtime and no log",
    },
    Ban {
        files: &["storage"],
        texts: &["crate::edge", "crate::clock"],
        reason: "storage serves any caller, at any time: the edge asks it, and time is an argument",
    },
    Ban {
        files: &["storage"],
        texts: &["http::", "StatusCode", "lambda_http", "lambda_runtime", "jsonwebtoken"],
        reason: "what a storage error means to HTTP, edge/error.rs alone decides",
    },
    Ban {
        files: &["config", "clock"],
        texts: &["crate::edge", "crate::storage"],
        reason: "settings and time are read for the others, so they can't know them",
    },
    Ban {
        files: &["domain", "storage", "edge", "config"],
        texts: &["Timestamp::now", "Instant::now", "SystemTime", "Zoned::now", "Utc::now"],
        reason: "time is an argument, so that tests need not wait; only clock.rs reads the clock",
    },
    Ban {
        files: &["domain", "storage", "edge", "clock.rs"],
        texts: &["env::var", "std::env"],
        reason: "settings are read once, at start, by config.rs, which tells of all problems together",
    },
    Ban {
        files: &["edge", "domain"],
        texts: &[
            "LambdaEvent<Value>",
            ": Value = serde_json::from_s",
            "from_slice::<Value>",
            "from_str::<Value>",
        ],
        reason: "a Value reads a member of a certain name as JSON; domain/json.rs has a type that doesn't",
    },
    Ban {
        files: &["edge/error.rs", "edge/response.rs", "domain/error.rs", "domain/validation"],
        texts: &[":?}", ":#?}"],
        reason: "what is written here reaches callers, and the Debug form of an error shows what is inside the service",
    },
];

/// All source files of the crate, with their paths below `src`.
fn sources() -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let root = testing::workspace().join("shared/src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path: PathBuf = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
                sources.push((name, fs::read_to_string(&path)?));
            }
        }
    }
    sources.sort();
    Ok(sources)
}

fn is_test(name: &str) -> bool {
    Path::new(name)
        .components()
        .any(|part| ["tests", "tests.rs"].iter().any(|test| part.as_os_str() == *test))
}

/// The lines of a file that are the product's code, with their numbers: no comments, and nothing from the tests on,
/// which stand last in a file and may use what they like.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines()).take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether `text` stands in `line` as a whole: `http::` is not in `aws_smithy_http::`, nor `crate::edge` in `crate::edges`.
fn names(line: &str, text: &str) -> bool {
    let part_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(text).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + text.len()..].chars().next());
        let open_end = text.ends_with(['_', ':', '}']);
        !(text.starts_with(part_of_word) && before.is_some_and(part_of_word))
            && (open_end || !after.is_some_and(part_of_word))
    })
}

/// Whether a path below `src` is one of these files or lies in one of these folders. A file beside a folder of the same
/// name is the module of that folder.
fn is_of(name: &str, files: &[&str]) -> bool {
    files.iter().any(|file| {
        let rest = name.strip_prefix(file);
        rest.is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
    })
}

/// Every breach of a ban, one line each.
fn breaches(name: &str, text: &str) -> Vec<String> {
    let bans = BANS.iter().filter(|ban| !is_test(name) && is_of(name, ban.files));
    bans.flat_map(|ban| {
        code(text).flat_map(move |(number, line)| {
            let named = ban.texts.iter().filter(move |banned| names(line, banned));
            named.map(move |banned| format!("src/{name}:{number} names `{banned}`: {}", ban.reason))
        })
    })
    .collect()
}

#[test]
fn layers_obey_all_bans() -> Result<(), Box<dyn Error>> {
    let sources = sources()?;
    for file in BANS.iter().flat_map(|ban| ban.files) {
        assert!(
            sources.iter().any(|(name, _)| is_of(name, &[file])),
            "src/{file} is banned from something and not there"
        );
    }
    let found: Vec<_> = sources.iter().flat_map(|(name, text)| breaches(name, text)).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    Ok(())
}

#[test]
fn relative_imports_stay_in_their_layer() -> Result<(), Box<dyn Error>> {
    // The bans above look for `crate::`, so the other way up must be closed: no more `super` than there are folders.
    for (name, text) in sources()?.iter().filter(|(name, _)| !is_test(name) && name.contains('/')) {
        let depth = name.matches('/').count();
        for (number, line) in code(text) {
            let leaves = line.contains(&"super::".repeat(depth + 1));
            assert!(
                !leaves,
                "src/{name}:{number} leaves its layer by `super`: name it from `crate`, as its arrow shows then"
            );
        }
    }
    Ok(())
}

#[test]
fn every_file_opens_with_a_doc_comment() -> Result<(), Box<dyn Error>> {
    for (name, text) in sources()? {
        let says = text.starts_with("//! ") || name.ends_with("/tests.rs");
        assert!(
            says,
            "src/{name} must open with `//!`: whoever opens it should learn what belongs here and what does not"
        );
    }
    Ok(())
}

#[test]
fn every_file_is_under_400_lines() -> Result<(), Box<dyn Error>> {
    for (name, text) in sources()? {
        let lines = text.lines().count();
        assert!(lines < 400, "src/{name} has {lines} lines: a file that can't be read at once is two files");
    }
    Ok(())
}

#[test]
fn breaches_are_found() {
    for (name, line) in [
        ("domain/project.rs", "use crate::edge::Error;"),
        ("domain/validation/number.rs", "    let n = crate::storage::item::number(1);"),
        ("domain/page.rs", "use crate::{config::Env};\nuse crate::config::Env;"),
        ("domain/error.rs", "use http::StatusCode;"),
        ("domain/error.rs", "#[error(\"{0:?}\")]"),
        ("domain/ids.rs", "pub(crate) use aws_sdk_dynamodb::Client;"),
        ("storage/item.rs", "use crate::edge::Request;"),
        ("storage/projects.rs", "let now = crate::clock::now();"),
        ("edge/middleware/auth/token.rs", "let now = jiff::Timestamp::now();"),
        ("edge/run.rs", "std::env::var(\"HOME\")"),
        ("config.rs", "use crate::storage::Aws;"),
    ] {
        assert!(!breaches(name, line).is_empty(), "{name}: {line}");
    }
}

#[test]
fn lookalikes_are_no_breaches() {
    for (name, line) in [
        ("domain/project.rs", "//! Knows nothing of crate::edge."),
        ("domain/project.rs", "use crate::edges::Edge;"),
        ("storage/aws.rs", "use aws_smithy_http_client::tls::Provider;"),
        ("storage/projects.rs", "#[cfg(test)]\nuse crate::edge::Error;"),
        ("storage/projects.rs", "use crate::domain::Project;"),
        ("edge/pipeline.rs", "let now = clock::now();"),
        ("domain/validation/tests.rs", "assert!(ok, \"{value:?}\");"),
        ("clock.rs", "Timestamp::now()"),
        ("config.rs", "std::env::var_os(name)"),
    ] {
        assert_eq!(breaches(name, line), Vec::<String>::new(), "{name}: {line}");
    }
}
