//! Short run: every seed, then mutations of the seeds, the same ones each time. `PROPTEST_CASES` sets their number (256).

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use testing::workspace;

use super::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Returns all files below a folder, sorted.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

/// Returns the seeds of a target.
fn seeds(target: &str) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let paths = files(&workspace().join("shared/fuzz/seeds").join(target))?;
    paths.into_iter().map(|path| fs::read(&path).map(|bytes| (path, bytes))).collect()
}

/// Mutation of a seed: at a place, bytes are removed and others inserted.
type Mutation = (prop::sample::Index, usize, Vec<u8>);

fn mutation() -> impl Strategy<Value = Mutation> {
    let text = prop::sample::select(vec![
        "\"", "\\", "\r\n", "\n\n", "--", ";", "=", ",", "/", "%", "\0", "null", "[]", "{}", "1e999", "é",
        "🚀", "\u{202e}",
    ]);
    let inserted = prop_oneof![
        text.prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
        (any::<u8>(), 1..300_usize).prop_map(|(byte, times)| vec![byte; times]),
    ];
    (any::<prop::sample::Index>(), 0..6_usize, inserted)
}

fn mutate(seed: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (place, removed, inserted) in mutations {
        let from = place.index(bytes.len() + 1);
        let to = bytes.len().min(from + removed);
        bytes.splice(from..to, inserted.iter().copied());
    }
    bytes
}

/// Input with a readable `Debug`.
#[derive(Clone)]
struct Input(Vec<u8>);

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[test]
fn seeds_violate_no_guarantee() -> Outcome {
    for (name, target) in TARGETS {
        let seeds = seeds(name)?;
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for (path, seed) in seeds {
            let ran = std::panic::catch_unwind(|| target(&seed));
            assert!(ran.is_ok(), "{} violates a guarantee, see above", path.display());
        }
    }
    Ok(())
}

#[test]
fn mutated_seeds_violate_no_guarantee() -> Outcome {
    let config = Config { failure_persistence: None, ..Config::default() };
    for (name, target) in TARGETS {
        let seeds: Vec<_> = seeds(name)?.into_iter().map(|(_, seed)| seed).collect();
        let mutations = prop::collection::vec(mutation(), 1..5);
        let inputs = (prop::sample::select(seeds), mutations);
        let inputs = inputs.prop_map(|(seed, mutations)| Input(mutate(&seed, &mutations)));
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let run = |input: Input| {
            target(&input.0);
            Ok(())
        };
        let ran = TestRunner::new_with_rng(config.clone(), rng).run(&inputs, run);
        ran.map_err(|broken| format!("{name}: {broken}"))?;
    }
    Ok(())
}

#[test]
fn cargo_fuzz_has_every_target() -> Outcome {
    let folder = workspace().join("shared/fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "shared/fuzz/Cargo.toml has no {name}");
        let target = fs::read_to_string(folder.join("fuzz_targets").join(name).with_extension("rs"))?;
        assert!(target.contains(&format!("fuzzing::{name}(")), "the target {name} runs something else");
    }
    assert_eq!(files(&folder.join("fuzz_targets"))?.len(), TARGETS.len());
    Ok(())
}
