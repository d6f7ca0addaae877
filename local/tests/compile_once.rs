//! What the local stack and the functions have in common is compiled once: `local/workspace-hack` keeps up with `shared`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use local::testing::workspace;

/// The crates in the `[dependencies]` of a manifest.
fn dependencies(manifest: &Path) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(workspace().join(manifest))?;
    let section = text
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    let names = section.filter_map(|line| line.split(['.', ' ']).next()).filter(|name| !name.is_empty());
    Ok(names.map(str::to_owned).collect())
}

#[test]
fn the_workspace_hack_lists_what_shared_depends_on() -> Result<()> {
    let (shared, hack) = (
        dependencies("shared/Cargo.toml".as_ref())?,
        dependencies("local/workspace-hack/Cargo.toml".as_ref())?,
    );
    // What describes the API is in no function.
    let missing: Vec<_> = shared.difference(&hack).filter(|name| *name != "schemars").collect();
    assert!(!shared.is_empty() && missing.is_empty(), "local/workspace-hack/Cargo.toml lacks {missing:?}");
    Ok(())
}
