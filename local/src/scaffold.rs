//! Scaffolding of routes: adds and removes the files of functions and their blocks in the template.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use toml_edit::DocumentMut;

use crate::description::METHODS;
use crate::example::Example;
use crate::template::{RouteKey, Template};

/// Longest logical id, because the names of roles contain it and are limited.
const MAX_ID_LENGTH: usize = 16;
/// Longest list of properties on one line.
const MAX_FLOW_LENGTH: usize = 98;
/// Value of a path parameter whose resource no example creates.
const PLACEHOLDER_ID: &str = "01900000-0000-7000-8000-000000000000";
/// Crates of the workspace that are not the application's.
const PLATFORM: [&str; 5] = ["local", "shared", "shared-derive", "testing", "workspace-hack"];

/// Files of a workspace that list its functions.
#[derive(Debug)]
pub struct Workspace {
    template: Template,
    text: String,
    manifest: DocumentMut,
    lock: String,
}

/// Checked route that does not exist yet.
struct NewRoute<'a> {
    name: &'a str,
    id: String,
    method: String,
    path: &'a str,
    parameters: Vec<&'a str>,
}

impl Workspace {
    /// Reads the workspace of this template.
    ///
    /// # Errors
    /// When one of its files can't be read or parsed.
    pub fn read(template: &Path) -> Result<Self> {
        let text = fs::read_to_string(template)?;
        let template = Template::load(template)?;
        let read = |name: &str| {
            let path = template.folder.join(name);
            fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))
        };
        let (manifest, lock) = (read("Cargo.toml")?, read("Cargo.lock")?);
        Ok(Self { text, manifest: manifest.parse().context("Cargo.toml is not TOML")?, lock, template })
    }

    /// Writes a function that returns 204, its example, and its block in the template.
    ///
    /// # Errors
    /// When the route is invalid or conflicts with another one; nothing is written then. When a file can't be written.
    pub fn add(&self, name: &str, method: &str, path: &str) -> Result<()> {
        let (method, parameters) = (checked_method(method)?, parameters(path)?);
        let route = NewRoute { name, id: self.checked_id(name)?, method, path, parameters };
        self.check_is_new(&route)?;
        let template = self.with_block(&route)?;
        let folder = self.template.folder.join("functions").join(name);
        for (file, text) in [
            ("src/main.rs", main(&route)),
            ("Cargo.toml", self.package(name)),
            ("example.json", self.example(&route)),
        ] {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap_or(&folder))?;
            fs::write(&file, text).with_context(|| format!("can't write {}", file.display()))?;
        }
        self.write_template(&template)
    }

    /// Removes functions with their blocks in the template.
    ///
    /// # Errors
    /// When a function does not exist, another example needs it, or none would remain; nothing is removed then. When a file
    /// can't be changed.
    pub fn remove(&self, names: &[String]) -> Result<()> {
        let (removed, remaining): (Vec<_>, Vec<_>) =
            self.template.functions.iter().partition(|function| names.contains(&function.binary));
        let is_unknown = |name: &&String| removed.iter().all(|function| function.binary != **name);
        if let Some(unknown) = names.iter().find(is_unknown) {
            bail!("template.yaml has no function {unknown}");
        }
        ensure!(
            !remaining.is_empty(),
            "this would leave a template without functions: add one of your own before"
        );
        for function in remaining.into_iter().filter(|function| !function.routes.is_empty()) {
            let given = Example::load(&self.template, &function.binary)?.given;
            let needed = given.values().find(|source| names.contains(source));
            ensure!(
                needed.is_none(),
                "the example of {} needs {}",
                function.binary,
                needed.map_or("", |it| it)
            );
        }
        let mut text = self.text.clone();
        for function in removed {
            text.replace_range(block(&text, &function.id)?, "");
            fs::remove_dir_all(self.template.folder.join("functions").join(&function.binary))?;
        }
        self.write_template(&text)
    }

    fn write_template(&self, text: &str) -> Result<()> {
        fs::write(self.template.folder.join("template.yaml"), text).context("can't write template.yaml")
    }

    /// Derives the logical id of a function, and checks that both names are free.
    fn checked_id(&self, name: &str) -> Result<String> {
        let letters = |word: &str| word.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
        let is_word = |word: &str| word.starts_with(|it: char| it.is_ascii_lowercase()) && letters(word);
        ensure!(
            name.contains('-') && name.split('-').all(is_word),
            "{name:?} is not a valid name of a function: use a verb and a noun, such as get-project"
        );
        let id: String = name.split('-').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
        ensure!(
            id.len() <= MAX_ID_LENGTH,
            "{id} is longer than {MAX_ID_LENGTH} characters, too long for the names of roles that contain it"
        );
        let exists = self.template.folder.join("functions").join(name).exists();
        ensure!(!exists, "functions/{name} already exists");
        let package = format!("\nname = \"{name}\"\n");
        ensure!(!self.lock.contains(&package), "Cargo.lock already has a package {name}");
        let mut words = self.text.split(|it: char| !it.is_alphanumeric());
        ensure!(words.all(|word| word != id), "template.yaml already uses the word {id}");
        Ok(id)
    }

    fn check_is_new(&self, route: &NewRoute<'_>) -> Result<()> {
        for function in &self.template.functions {
            for other in function.routes.iter().filter(|other| shape(&other.path) == shape(route.path)) {
                let is_same = [&*route.method, "ANY"].contains(&&*other.method);
                ensure!(!is_same, "{} already has the route {other}", function.binary);
                ensure!(
                    other.path == route.path,
                    "{} has other names for the parameters of this path: {}",
                    function.binary,
                    other.path
                );
            }
        }
        Ok(())
    }

    /// Inserts the route's block after that of the last function.
    fn with_block(&self, route: &NewRoute<'_>) -> Result<String> {
        let last = self.template.functions.last().context("template.yaml has no functions")?;
        let end = block(&self.text, &last.id)?.end;
        let (before, after) = self.text.split_at(end);
        let gap = if before.ends_with("\n\n") { "" } else { "\n" };
        let own = route.block();
        let rest = if after.is_empty() { String::new() } else { format!("\n{after}") };
        Ok(format!("{before}{gap}{own}{rest}"))
    }

    /// Writes the manifest of a function that depends on the application's crates.
    fn package(&self, name: &str) -> String {
        let declared = self.manifest["workspace"]["dependencies"].as_table_like();
        let own = declared
            .into_iter()
            .flat_map(|table| table.iter())
            .filter(|(_, item)| item.get("path").is_some());
        let own = own.map(|(name, _)| name).filter(|name| !PLATFORM.contains(name)).chain(["shared"]);
        let dependencies: BTreeSet<_> = own.map(|name| format!("{name}.workspace = true\n")).collect();
        include_str!("scaffold/Cargo.toml.txt")
            .replace("<name>", name)
            .replace("<dependencies>\n", &dependencies.into_iter().collect::<String>())
    }

    /// Writes the example of the route. A path parameter refers to the example that creates the resource, if that has rows
    /// for events.
    fn example(&self, route: &NewRoute<'_>) -> String {
        let source = |name: &str| {
            let collection = route.path.split_once(&format!("/{{{name}}}")).map_or("", |(before, _)| before);
            let mut functions = self.template.functions.iter();
            let creator = functions.find(|function| {
                let is_creation = |it: &RouteKey| it.method == "POST" && it.path == collection;
                let has_rows =
                    || Example::load(&self.template, &function.binary).is_ok_and(|it| it.seed.is_some());
                function.routes.iter().any(is_creation) && has_rows()
            });
            creator.map_or(PLACEHOLDER_ID, |function| &function.binary)
        };
        let own = route.parameters.iter().filter(|name| **name != "orgId");
        let given: Vec<_> = own.map(|name| format!("\"{name}\": \"{}\"", source(name))).collect();
        let given = if given.is_empty() {
            String::new()
        } else {
            format!("  \"given\": {{{}}},\n", given.join(", "))
        };
        format!("{{\n{given}  \"response\": {{\"status\": 204}}\n}}\n")
    }
}

impl NewRoute<'_> {
    fn block(&self) -> String {
        let Self { name, id, method, path, .. } = self;
        let fields = ["ApiId: !Ref Api".to_owned(), format!("Method: {method}"), format!("Path: \"{path}\"")];
        let mut properties = format!(" {{{}}}", fields.join(", "));
        if properties.len() > MAX_FLOW_LENGTH {
            properties = fields.map(|field| format!("\n            {field}")).concat();
        }
        include_str!("scaffold/block.yaml.txt")
            .replace("<name>", name)
            .replace("<id>", id)
            .replace("<properties>", &properties)
    }

    /// Derives a summary from the name: "Gets a project".
    fn summary(&self) -> String {
        let (verb, noun) = self.name.split_once('-').unwrap_or((self.name, ""));
        let noun = noun.replace('-', " ");
        let article = match noun.chars().next() {
            _ if noun.ends_with('s') => "",
            Some('a' | 'e' | 'i' | 'o' | 'u') => "an ",
            _ => "a ",
        };
        format!("{}{}s {article}{noun}", verb[..1].to_ascii_uppercase(), &verb[1..])
    }
}

fn main(route: &NewRoute<'_>) -> String {
    let (rule, proof) = if route.parameters.contains(&"orgId") {
        ("org_member", "OrgMember")
    } else {
        ("signed_in", "SignedIn")
    };
    // Routes of these methods must declare how they handle the key.
    let key = if ["POST", "PATCH"].contains(&&*route.method) { ".ignores_idempotency_key()" } else { "" };
    let mut names = ["NoContent", "RequestContext", "Result", "Route", proof];
    names.sort_unstable();
    let summary = route.summary();
    include_str!("scaffold/main.rs.txt")
        .replace("<imports>", &names.join(", "))
        .replace("<constructor>", &route.method.to_ascii_lowercase())
        .replace("<method>", &route.method)
        .replace("<path>", route.path)
        .replace("<summary>", &summary)
        .replace("<purpose>", &(summary[..1].to_ascii_lowercase() + &summary[1..]))
        .replace("<rule>", &format!("{rule}(){key}"))
        .replace("<proof>", proof)
        .replace("<handler>", &route.name.replace('-', "_"))
}

fn checked_method(method: &str) -> Result<String> {
    let method = method.to_ascii_uppercase();
    ensure!(METHODS.contains(&&*method), "{method} is not one of the methods {}", METHODS.join(", "));
    Ok(method)
}

/// Returns the names of a path's parameters.
fn parameters(path: &str) -> Result<Vec<&str>> {
    let malformed = || {
        format!(
            "{path:?} is not a valid path: use segments such as /projects and /{{projectId}}, without a slash at the end"
        )
    };
    let segments = path.strip_prefix('/').with_context(malformed)?.split('/');
    let mut names = Vec::new();
    for segment in segments {
        let is_text = |it: char| it.is_ascii_alphanumeric() || "-_~".contains(it);
        match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => {
                let starts = name.starts_with(|it: char| it.is_ascii_lowercase());
                ensure!(starts && name.chars().all(|it| it.is_ascii_alphanumeric()), malformed());
                ensure!(!names.contains(&name), "{path:?} has two parameters {name}");
                names.push(name);
            }
            None => ensure!(!segment.is_empty() && segment.chars().all(is_text), malformed()),
        }
    }
    Ok(names)
}

/// Returns the segments of a path without the names of its parameters.
fn shape(path: &str) -> Vec<&str> {
    path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect()
}

/// Finds the block of a resource in the text of a template, including the empty line after it.
fn block(text: &str, id: &str) -> Result<std::ops::Range<usize>> {
    let head = format!("\n  {id}:\n");
    let start = text.find(&head).with_context(|| format!("template.yaml has no block {id}"))? + 1;
    Ok(start..text[start..].find("\n\n").map_or(text.len(), |length| start + length + 2))
}
