//! Common dependencies of the local stack, the functions and the tests have the same features in every build.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Lists the external crates that are compiled for this selection of packages, each with its features.
fn compiled(selection: &[&str]) -> Result<BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--prefix", "none", "--format", "{p} {f}"]).args(selection);
    // Cargo runs a test in the folder of its package, hence `..`.
    let output = cargo.current_dir("..").output()?;
    ensure!(output.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout)?;
    // Repeated crates are marked, and those of the workspace have paths.
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)"));
    Ok(lines.filter(|line| !line.is_empty() && !line.contains(" (/")).map(str::to_owned).collect())
}

/// Returns the arguments that `cargo fn` passes to `cargo build` before the function.
fn alias() -> Result<Vec<String>> {
    let config = std::fs::read_to_string("../.cargo/config.toml")?;
    let alias = config.lines().find_map(|line| line.strip_prefix("fn = \"build ")?.strip_suffix('"'));
    let alias = alias.context(".cargo/config.toml has no alias fn")?;
    Ok(alias.split(' ').map(str::to_owned).collect())
}

fn functions() -> Result<Vec<String>> {
    let folders = std::fs::read_dir("../functions")?;
    folders.map(|folder| Ok(folder?.file_name().to_string_lossy().into_owned())).collect()
}

#[test]
fn no_build_recompiles_a_dependency() -> Result<()> {
    let tested = compiled(&["--edges", "normal,build,dev"])?;
    let (alias, functions) = (alias()?, functions()?);
    let all = functions.iter().flat_map(|function| ["--package", function]);
    let mut selections =
        vec![vec!["--package", "local"], ["--package", "local"].into_iter().chain(all).collect()];
    selections.push(vec!["--package", "local", "--package", "local-s3"]);
    for package in functions.iter().map(String::as_str).chain(["tenant"]) {
        selections.push(alias.iter().map(String::as_str).chain([package]).collect());
    }
    for mut selection in selections {
        selection.extend(["--edges", "normal,build"]);
        let compiled = compiled(&selection)?;
        let recompiled: Vec<_> = compiled.difference(&tested).collect();
        assert!(
            !compiled.is_empty() && recompiled.is_empty(),
            "{selection:?} has other features than `cargo test`: {recompiled:?}; list them in local/workspace-hack/Cargo.toml"
        );
    }
    Ok(())
}
