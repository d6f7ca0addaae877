//! Descriptions of the functions, which they print with `--describe`. Generated from them: the `OpenAPI` document, the
//! table of routes in docs/API.md, the routes of `cargo lambda watch`, and the methods of CORS.

mod document;
mod examples;
mod function;
mod reference;

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use toml_edit::{Array, DocumentMut, InlineTable, value};

pub use self::document::{document, operation_id};
pub use self::function::Description;
pub use self::reference::resolved;

/// Methods of routes, in the order of generated lists.
pub const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Formats the table of routes in Markdown.
#[must_use]
pub fn table(descriptions: &[Description]) -> String {
    let mut table = String::from("| method and path | purpose | success |\n|---|---|---|\n");
    for description in descriptions {
        let Description { method, path, .. } = description;
        let query = description.parameters("query").collect::<Vec<_>>().join("&");
        let query = if query.is_empty() { query } else { format!("?{query}") };
        let purpose = description.operation()["summary"].as_str().unwrap_or_default();
        let _ = writeln!(table, "| `{method} {path}{query}` | {purpose} | {} |", success(description));
    }
    table
}

fn success(description: &Description) -> String {
    let Some((status, data, headers)) = description.success() else { return String::new() };
    let name = data["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let data = name.map(|name| format!(" `{{\"data\": {name}}}`"));
    let own = headers.filter(|name| ["Location", "ETag"].contains(&name.as_str()));
    let parts = [format!("{status}{}", data.unwrap_or_default())];
    parts.into_iter().chain(own.map(|name| format!("`{name}`"))).collect::<Vec<_>>().join(", ")
}

/// Replaces the first table of `text` with the same header row.
///
/// # Errors
/// When there is no such table.
pub fn with_table(text: &str, table: &str) -> Result<String> {
    let header = table.lines().next().unwrap_or_default();
    let (before, rest) =
        text.split_once(header).with_context(|| format!("there is no table with the header {header}"))?;
    let rows = rest.split_inclusive('\n').skip(1);
    let after: String = rows.skip_while(|line| line.starts_with('|')).collect();
    Ok(format!("{before}{table}{after}"))
}

/// Updates the routes of `cargo lambda watch` in a workspace's manifest.
///
/// # Errors
/// When the manifest is not TOML, or has no table of these routes.
pub fn with_router(manifest: &str, descriptions: &[Description]) -> Result<String> {
    let mut document: DocumentMut = manifest.parse().context("Cargo.toml is not TOML")?;
    let router = &mut document["workspace"]["metadata"]["lambda"]["watch"]["router"];
    let router = router.as_table_mut().context("Cargo.toml has no workspace.metadata.lambda.watch.router")?;
    let paths: BTreeSet<_> = descriptions.iter().map(|one| &one.path).collect();
    let removed: Vec<_> =
        router.iter().map(|(path, _)| path.to_owned()).filter(|path| !paths.contains(path)).collect();
    for path in removed {
        router.remove(&path);
    }
    for path in paths {
        let targets = descriptions.iter().filter(|one| one.path == *path).map(|one| {
            let fields = [("function", one.function.as_str()), ("method", one.method.as_str())];
            InlineTable::from_iter(fields)
        });
        let targets: Array = targets.collect();
        // An equal entry keeps its formatting.
        let is_same = router.get(path).is_some_and(|item| {
            let normalized = |text: String| text.split_whitespace().collect::<String>().replace(",]", "]");
            normalized(item.to_string()) == normalized(targets.to_string())
        });
        if !is_same {
            router.insert(path, value(targets));
        }
    }
    Ok(document.to_string())
}

/// Updates `AllowMethods` in a template's text, if it has them, to the methods of the routes.
#[must_use]
pub fn with_methods(template: &str, descriptions: &[Description]) -> String {
    let Some((before, rest)) = template.split_once("AllowMethods: [") else { return template.to_owned() };
    let after = rest.split_once(']').map_or(rest, |(_, after)| after);
    let used = |method: &&&str| descriptions.iter().any(|one| one.method == **method);
    let methods = METHODS.iter().filter(used).copied().collect::<Vec<_>>().join(", ");
    format!("{before}AllowMethods: [{methods}]{after}")
}

/// Checks that the template declares exactly the routes that the functions describe.
///
/// # Errors
/// When they differ; names the differences.
pub fn check_routes(described: &[Description], declared: &[crate::template::Function]) -> Result<()> {
    let described: BTreeSet<_> =
        described.iter().map(|one| format!("{} {} {}", one.function, one.method, one.path)).collect();
    let declared: BTreeSet<_> = declared
        .iter()
        .flat_map(|function| function.routes.iter().map(move |route| format!("{} {route}", function.binary)))
        .collect();
    ensure!(
        described == declared,
        "only template.yaml declares {:?}; only functions describe {:?}",
        declared.difference(&described).collect::<Vec<_>>(),
        described.difference(&declared).collect::<Vec<_>>()
    );
    Ok(())
}
