//! Dependency rules of docs/ARCHITECTURE.md, checked on the source: imports point down (`edge -> storage -> domain`).

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Texts that are banned from the code of some files.
struct Ban {
    files: &'static [&'static str],
    texts: &'static [&'static str],
    reason: &'static str,
}

const BANS: [Ban; 11] = [
    Ban {
        files: &["domain"],
        texts: &["crate::edge", "crate::storage", "crate::telemetry", "crate::config", "crate::clock"],
        reason: "every other layer depends on the domain, whose decisions are tested with values alone",
    },
    Ban {
        files: &["domain"],
        texts: &["http::", "lambda_http", "lambda_runtime", "aws_", "tokio", "reqwest", "tracing"],
        reason: "the domain decides and has no effects: no HTTP, no SDK, no runtime, no log",
    },
    Ban {
        files: &["storage"],
        texts: &["crate::edge", "crate::clock"],
        reason: "storage serves any caller: the edge calls it, and time is an argument",
    },
    Ban {
        files: &["storage"],
        texts: &["http::", "StatusCode", "lambda_http", "lambda_runtime", "jsonwebtoken"],
        reason: "only edge/error.rs maps storage errors to HTTP",
    },
    Ban {
        files: &["telemetry"],
        texts: &["crate::edge", "crate::storage"],
        reason: "edge and storage record in it, and it decides nothing",
    },
    Ban {
        files: &["config", "clock"],
        texts: &["crate::edge", "crate::storage"],
        reason: "the other layers depend on settings and the clock",
    },
    Ban {
        files: &["domain", "storage", "edge", "telemetry", "config", "fuzzing"],
        texts: &["Timestamp::now", "Instant::now", "SystemTime", "Zoned::now", "Utc::now"],
        reason: "time is an argument, so that tests need not wait; only clock.rs reads the clock",
    },
    Ban {
        files: &["domain", "storage", "edge", "telemetry", "fuzzing", "clock.rs"],
        texts: &["env::var", "std::env"],
        reason: "config.rs alone reads settings, once during init, and reports all problems together",
    },
    Ban {
        files: &["edge", "domain"],
        texts: &[
            "LambdaEvent<Value>",
            ": Value = serde_json::from_s",
            "from_slice::<Value>",
            "from_str::<Value>",
        ],
        reason: "`Value` reads the text of a reserved key as JSON; use the type in domain/json.rs",
    },
    Ban {
        files: &["domain", "storage", "edge", "config"],
        texts: &[":?}", ":#?}"],
        reason: "texts reach callers or the log, and a Debug form shows internals of the service and callers' data",
    },
    Ban {
        files: &["domain", "storage", "edge", "config", "clock.rs"],
        texts: &["crate::fuzzing"],
        reason: "fuzz targets call the product, and no function contains them",
    },
];

/// Source files of the crate, each as its path below `src` and its text.
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

/// Numbered lines of code, without comments and without the tests at the end of the file.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines()).take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Returns `true` if `line` has `text` as whole words: `aws_smithy_http::` has no `http::`.
fn names(line: &str, text: &str) -> bool {
    let part_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(text).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + text.len()..].chars().next());
        let open_end = text.ends_with(['_', ':', '}']);
        !(text.starts_with(part_of_word) && before.is_some_and(part_of_word))
            && (open_end || !after.is_some_and(part_of_word))
    })
}

/// Returns `true` if a path below `src` is one of these files, is in one of these folders, or is the module of one.
fn is_of(name: &str, files: &[&str]) -> bool {
    files.iter().any(|file| {
        let rest = name.strip_prefix(file);
        rest.is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
    })
}

/// Breaches of bans, one line each.
fn breaches(name: &str, text: &str) -> Vec<String> {
    let bans = BANS.iter().filter(|ban| !is_test(name) && is_of(name, ban.files));
    bans.flat_map(|ban| {
        code(text).flat_map(move |(number, line)| {
            let found = ban.texts.iter().filter(move |banned| names(line, banned));
            found.map(move |banned| format!("src/{name}:{number} names `{banned}`: {}", ban.reason))
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
            "src/{file} has a ban and does not exist"
        );
    }
    let found: Vec<_> = sources.iter().flat_map(|(name, text)| breaches(name, text)).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    Ok(())
}

#[test]
fn relative_imports_stay_in_their_layer() -> Result<(), Box<dyn Error>> {
    // The bans search for `crate::`. Paths with `super` must therefore stay within the layer.
    for (name, text) in sources()?.iter().filter(|(name, _)| !is_test(name) && name != "lib.rs") {
        let depth = name.matches('/').count();
        for (number, line) in code(text) {
            let leaves = line.contains(&"super::".repeat(depth + 1));
            assert!(
                !leaves,
                "src/{name}:{number} leaves its layer by `super`: write the path from `crate`, which the bans check"
            );
        }
    }
    Ok(())
}

#[test]
fn every_file_opens_with_a_doc_comment() -> Result<(), Box<dyn Error>> {
    for (name, text) in sources()? {
        let has_comment = text.starts_with("//! ") || name.ends_with("/tests.rs");
        assert!(has_comment, "src/{name} must open with a `//!` comment that states its content");
    }
    Ok(())
}

#[test]
fn every_file_is_under_400_lines() -> Result<(), Box<dyn Error>> {
    for (name, text) in sources()? {
        let lines = text.lines().count();
        assert!(lines < 400, "src/{name} has {lines} lines: split it");
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
        ("telemetry/trace.rs", "use crate::storage::Aws;"),
        ("edge/request.rs", "use crate::fuzzing::request;"),
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
