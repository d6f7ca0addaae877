//! Corpus of uploads, replayed on a real function. README.md says how to add a case.

mod multipart;
mod notation;
mod types;

use std::fs;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use testing::workspace;

/// Reads the cases of a folder, each with the name of its file.
fn cases<T: DeserializeOwned>(corpus: &str) -> Result<Vec<(String, T)>> {
    let folder = workspace().join("shared/tests/specimens/uploads/corpus").join(corpus);
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let cases: Vec<T> = yaml_serde::from_str(&fs::read_to_string(&path)?)
            .with_context(|| format!("{file} is not a list of cases"))?;
        all.extend(cases.into_iter().map(|case| (file.clone(), case)));
    }
    ensure!(!all.is_empty(), "the corpus {corpus} has no cases");
    Ok(all)
}
