//! `local describe`: updates the files that are generated from the functions' descriptions.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use local::cargo::Build;
use local::description::{self, Description};
use local::template::Template;
use local::terminal;
use serde_json::Value;

use crate::arguments::Describe;

/// Builds the functions and updates docs/openapi.json, the table of routes in docs/API.md, the routes in Cargo.toml and the
/// template's methods of CORS.
pub(crate) async fn describe(arguments: &Describe) -> Result<ExitCode> {
    let path = super::template(arguments.template.as_deref())?;
    let template = Template::load(&path)?;
    let binaries: Vec<_> = template.routed().map(|function| function.binary.as_str()).collect();
    let executables = Build::of_this_program()?.0.run(&template.folder, &binaries).await?;
    let described =
        binaries.iter().filter_map(|binary| Some(Description::of(binary, executables.get(*binary)?)));
    let described = described.collect::<Result<Vec<_>>>()?;
    description::check_routes(&described, &template.functions)?;
    let folder = &template.folder;
    update(&folder.join("docs/openapi.json"), |text| {
        let before = serde_json::from_str(text).unwrap_or(Value::Null);
        Ok(format!("{:#}\n", description::document(&described, &template, &before)?))
    })?;
    let table = description::table(&described);
    update(&folder.join("docs/API.md"), |text| description::with_table(text, &table))?;
    update(&folder.join("Cargo.toml"), |text| description::with_router(text, &described))?;
    update(&path, |text| Ok(description::with_methods(text, &described)))?;
    Ok(ExitCode::SUCCESS)
}

/// Changes a file. Writes it only if the text differs.
fn update(path: &Path, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    let changed = change(&text).with_context(|| format!("in {}", path.display()))?;
    if changed != text {
        fs::write(path, changed).with_context(|| format!("can't write {}", path.display()))?;
        terminal::say(&format!("wrote {}", path.display()));
    }
    Ok(())
}
