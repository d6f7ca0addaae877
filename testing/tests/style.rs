//! Style of code and documents, by the rules in docs/STYLE.md. `-- --nocapture` prints the counts.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Write, stderr};
use std::path::Path;

use anyhow::{Context, Result};
use testing::workspace;

/// Openers of a comment that circumscribe a thing in place of naming it.
const QUESTION_WORDS: [&str; 9] =
    ["what", "whatever", "who", "whoever", "whose", "where", "how", "whether", "something"];

/// Words of documents that stand in for a noun.
const CIRCUMSCRIPTIONS: [&str; 3] = ["what", "whoever", "whose"];

/// Extensions of the files that people write.
const EXTENSIONS: [&str; 18] = [
    "rs", "md", "py", "sh", "toml", "yaml", "yml", "mjs", "cjs", "ts", "html", "java", "go", "rb", "php",
    "txt", "env", "in",
];

/// Folders that hold no words of ours: builds, packages and data of tests.
const OTHERS: [&str; 8] = ["target", ".git", ".aws-sam", ".local", "node_modules", "dist", "corpus", "seeds"];

/// Texts of all written files, by their paths from the root.
fn texts() -> Result<BTreeMap<String, String>> {
    let root = workspace();
    let (mut texts, mut folders) = (BTreeMap::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
            let is_ours = !OTHERS.iter().any(|other| name.ends_with(other));
            if is_ours && path.is_dir() {
                folders.push(path);
            } else if is_ours && is_written(&path) {
                texts.insert(name, fs::read_to_string(&path)?);
            }
        }
    }
    Ok(texts)
}

/// Returns `true` for a file with one of the extensions, or a script without any.
fn is_written(path: &Path) -> bool {
    match path.extension() {
        Some(extension) => EXTENSIONS.iter().any(|written| extension == *written),
        None => path.ends_with("justfile") || fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"#!")),
    }
}

/// Texts of the files with an extension.
fn of_type<'t>(
    texts: &'t BTreeMap<String, String>,
    extension: &str,
) -> impl Iterator<Item = (&'t String, &'t String)> {
    texts.iter().filter(move |(name, _)| Path::new(name).extension().is_some_and(|own| own == extension))
}

/// Prints a count and checks it.
fn hold(measure: &str, count: f64, most: f64) -> Result<()> {
    writeln!(stderr(), "{measure}: {count:.1}, at most {most}")?;
    assert!(count <= most, "{measure}: {count:.1}, at most {most}");
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of lines and words are small")]
fn share(part: usize, whole: usize, of: f64) -> f64 {
    part as f64 * of / whole.max(1) as f64
}

/// First words of the comments in Rust code, in lower case. Lines of one comment count once.
fn openers(text: &str) -> Vec<String> {
    let kind = |line: &str| ["///", "//!", "//"].into_iter().find(|kind| line.starts_with(kind));
    let (mut openers, mut before) = (Vec::new(), None);
    for line in text.lines().map(str::trim_start) {
        let found = kind(line);
        if let Some(kind) = found.filter(|_| found != before) {
            openers.push(words(line.trim_start_matches(kind)).next().unwrap_or_default().to_lowercase());
        }
        before = found;
    }
    openers
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '\'').filter(|word| !word.is_empty())
}

/// Names of the tests in Rust code.
fn tests(text: &str) -> impl Iterator<Item = &str> {
    let attribute = |line: &str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let lines = text.lines().map(str::trim_start);
    let functions = lines.scan(false, move |is_test, line| {
        *is_test |= attribute(line);
        let name = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "));
        let name = name.filter(|_| std::mem::take(is_test));
        Some(name.and_then(|name| name.split_once('(')).map(|(name, _)| name))
    });
    functions.flatten()
}

/// The prose of a document: no blocks of code.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// The glossary's retired words.
fn retired(architecture: &str) -> Vec<&str> {
    let table = architecture.split("\n## Glossary\n").nth(1).unwrap_or_default();
    let table = table.split("\n## ").next().unwrap_or_default();
    let cells = table.lines().filter(|line| line.starts_with('|')).filter_map(|line| line.rsplit('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

/// Returns `true` if the words of `line` have `word` among them, also as a part of a name such as `at_once`.
fn has_word(line: &str, word: &str) -> bool {
    let line = line.to_lowercase().replace('_', " ");
    let is_part = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| {
        !is_part(line[..at].chars().next_back()) && !is_part(line[at + word.len()..].chars().next())
    })
}

#[test]
fn comments_open_with_the_term() -> Result<()> {
    let texts = texts()?;
    let openers: Vec<_> = of_type(&texts, "rs").flat_map(|(_, text)| openers(text)).collect();
    let circumscribed = openers.iter().filter(|word| QUESTION_WORDS.contains(&word.as_str())).count();
    hold("question-word openers in 100 comments", share(circumscribed, openers.len(), 100.0), 3.0)
}

#[test]
fn documents_name_things_by_nouns() -> Result<()> {
    for (name, text) in of_type(&texts()?, "md") {
        let prose = prose(text).to_lowercase();
        let found = words(&prose).filter(|word| CIRCUMSCRIPTIONS.contains(word)).count();
        let measure = format!("{name}: what, whoever, whose in 1,000 words");
        hold(&measure, share(found, words(&prose).count().max(250), 1000.0), 4.0)?;
    }
    Ok(())
}

#[test]
fn test_names_are_short_sentences() -> Result<()> {
    let texts = texts()?;
    let names = of_type(&texts, "rs").flat_map(|(_, text)| tests(text));
    let mut lengths: Vec<_> = names.map(|name| name.split('_').count()).collect();
    lengths.sort_unstable();
    let (median, longest) = (lengths.get(lengths.len() / 2), lengths.last());
    let (median, longest) = median.zip(longest).context("there are no tests")?;
    hold("median words of a test's name", share(*median, 1, 1.0), 6.0)?;
    hold("words of the longest name", share(*longest, 1, 1.0), 8.0)
}

#[test]
fn retired_words_are_gone() -> Result<()> {
    let texts = texts()?;
    let glossary = "docs/ARCHITECTURE.md";
    let retired = retired(texts.get(glossary).context("there is no glossary")?);
    assert!(retired.len() >= 15, "the glossary retires only {retired:?}");
    let mut found = Vec::new();
    // This file is about the words.
    for (name, text) in texts.iter().filter(|(name, _)| *name != "testing/tests/style.rs") {
        for (number, line) in (1..).zip(text.lines()) {
            let is_row = name == glossary && line.starts_with('|');
            let words = retired.iter().filter(|word| !is_row && has_word(line, word));
            // Others' names: a trait and a module of the crate `base64`, and JavaScript's promises.
            let words = words.filter(|word| !(line.contains("base64") && word.starts_with("engine")));
            let is_javascript = line.contains("Promise") || line.contains("fs/promises");
            let words = words.filter(|word| !(is_javascript && word.starts_with("promise")));
            found.extend(words.map(|word| format!("{name}:{number}: {word}")));
        }
    }
    assert!(found.is_empty(), "{} retired words:\n{}", found.len(), found.join("\n"));
    Ok(())
}

/// Place of an import among the blocks of a file: the standard library, crates, this crate.
fn block(import: &str) -> usize {
    let root = import.trim_start_matches("use ").split([':', ';', ' ']).next().unwrap_or_default();
    match root {
        "std" | "core" | "alloc" => 0,
        "crate" | "super" | "self" => 2,
        _ => 1,
    }
}

/// The first import that stands in the wrong block, or in none of its own.
fn misplaced(text: &str) -> Option<&str> {
    let mut last: Option<(usize, bool)> = None;
    for line in text.lines() {
        if line.starts_with("use ") {
            let block = block(line);
            if last.is_some_and(|(before, parted)| block < before || parted != (block > before)) {
                return Some(line);
            }
            last = Some((block, false));
        } else if line.is_empty() {
            last = last.map(|(block, _)| (block, true));
        } else if !line.starts_with([' ', '}']) {
            last = None;
        }
    }
    None
}

#[test]
fn imports_stand_in_three_blocks() -> Result<()> {
    for (name, text) in of_type(&texts()?, "rs") {
        assert_eq!(misplaced(text), None, "{name}: std, then crates, then this crate, an empty line between");
    }
    Ok(())
}

#[test]
fn counts_see_what_they_count() {
    let code =
        "/// What a thing is.\n/// More of it.\nfn a() {}\n#[test]\nfn one_two() {}\n// Fields of it.\n";
    assert_eq!(openers(code), ["what", "fields"]);
    assert_eq!(tests(code).collect::<Vec<_>>(), ["one_two"]);
    let glossary = "# A\n## Glossary\n| term | meaning | not |\n|---|---|---|\n| b | c | `d`, `e f` |\n| g | `h` | |\n## I\n| `j` |";
    assert_eq!(retired(glossary), ["d", "e f"]);
    assert_eq!(misplaced("use std::fs;\n\nuse serde::A;\nuse testing::B;\n\nuse crate::C;\n"), None);
    assert!(misplaced("use crate::C;\n\nuse std::fs;\n").is_some());
    assert!(misplaced("use std::fs;\nuse serde::A;\n").is_some());
    assert!(has_word("send_at_once()", "at once") && !has_word("entries", "tries"));
}
