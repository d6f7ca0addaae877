//! Imports between the modules of a crate have no cycles, so each module can be read with only those below it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;
use testing::workspace;

/// Imports of each module, by path: `["gateway", "router"]`.
type Imports = BTreeMap<Vec<String>, BTreeSet<Vec<String>>>;

/// Reads the modules in and below `folder`, the folder of the module at `path`.
fn read(folder: &Path, path: &[String], imports: &mut Imports) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?.path();
        let name = entry.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let root = ["lib", "main", "mod"].contains(&name.as_str());
        let module = if root { path.to_owned() } else { [path, &[name]].concat() };
        if entry.is_dir() {
            read(&entry, &module, imports)?;
        } else {
            let found = imported(&fs::read_to_string(&entry)?, &module);
            imports.entry(module).or_default().extend(found);
        }
    }
    Ok(())
}

/// Returns the paths of `use` declarations at the beginning of lines, up to a brace within a brace.
fn imported(text: &str, module: &[String]) -> BTreeSet<Vec<String>> {
    let declarations = text.split("\nuse ").skip(1).filter_map(|rest| rest.split_once(';'));
    let paths = declarations.flat_map(|(declaration, _)| {
        let (start, names) = declaration.split_once('{').unwrap_or((declaration, ""));
        names.split(',').map(move |name| format!("{start}{}", name.trim())).collect::<Vec<_>>()
    });
    paths.filter_map(|path| absolute(&path, module)).collect()
}

fn absolute(path: &str, module: &[String]) -> Option<Vec<String>> {
    let names: Vec<_> = path.split("::").map(str::to_owned).collect();
    let ups = names.iter().take_while(|name| *name == "super").count();
    match names.first()?.as_str() {
        "crate" => Some(names[1..].to_vec()),
        "super" => Some([&module[..module.len().checked_sub(ups)?], &names[ups..]].concat()),
        _ => None,
    }
}

/// Returns the modules on cycles and those that import them, by repeated removal of modules without imports.
fn cycles(imports: Imports) -> Vec<Vec<String>> {
    let modules: BTreeSet<_> = imports.keys().cloned().collect();
    // The module that defines a path. Imports from a parent module don't count.
    let target = |path: &Vec<String>| {
        (0..=path.len()).rev().map(|length| path[..length].to_vec()).find(|path| modules.contains(path))
    };
    let mut left: Imports = imports
        .into_iter()
        .map(|(module, paths)| {
            let targets = paths.iter().filter_map(target).filter(|target| !module.starts_with(target));
            let targets = targets.collect();
            (module, targets)
        })
        .collect();
    loop {
        let (before, names) = (left.len(), left.keys().cloned().collect::<BTreeSet<_>>());
        left.retain(|_, targets| targets.iter().any(|target| names.contains(target)));
        if left.len() == before {
            return left.into_keys().collect();
        }
    }
}

#[test]
fn imports_have_no_cycles() -> Result<()> {
    let manifest = fs::read_to_string(workspace().join("Cargo.toml"))?;
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = [")).unwrap_or_default();
    let packages = members.split('"').skip(1).step_by(2).filter(|package| !package.contains('*'));
    let mut read_files = 0;
    for package in packages.chain(["bench/baselines/defaults"]) {
        let mut imports = Imports::new();
        read(&workspace().join(package).join("src"), &[], &mut imports)?;
        read_files += imports.len();
        let cycles = cycles(imports);
        assert!(cycles.is_empty(), "{package} has one or more cycles among {cycles:?}");
    }
    assert!(read_files > 200, "only {read_files} files were read");
    Ok(())
}

#[test]
fn cycles_are_found() {
    let module = |name: &str, text: &str| (vec![name.to_owned()], imported(text, &[name.to_owned()]));
    let one = module("one", "//!\nuse super::{two::Two, zero::Zero};\n");
    let two = module("two", "//!\nuse crate::three::Three;\n");
    let (three, open) = (module("three", "//!\nuse crate::one::One;\n"), module("three", "//!\n"));
    assert_eq!(cycles([one.clone(), two.clone(), three].into()).len(), 3);
    assert_eq!(cycles([one, two, open].into()), Vec::<Vec<String>>::new());
}
