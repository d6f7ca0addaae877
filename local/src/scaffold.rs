//! Routes to be added or removed: the files of their functions, and their blocks of the template. What must stay out:
//! building functions, and lists that are made of their descriptions.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use toml_edit::DocumentMut;

use crate::description::METHODS;
use crate::example::Example;
use crate::template::{RouteKey, Template};

/// Longest logical id, because the name of a role is made of it.
const MAX_ID_LENGTH: usize = 16;
/// Longest list of properties on one line.
const MAX_FLOW_LENGTH: usize = 98;
/// Path parameter for which no example creates anything.
const PLACEHOLDER_ID: &str = "01900000-0000-7000-8000-000000000000";
/// Crates of the workspace that no function is made of, or that every function is made of.
const PLATFORM: [&str; 5] = ["local", "shared", "shared-derive", "testing", "workspace-hack"];

/// Files of a workspace that say which functions there are.
#[derive(Debug)]
pub struct Workspace {
    template: Template,
    text: String,
    manifest: DocumentMut,
    lock: String,
}

/// Route that fits into a workspace.
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
    /// When one of its files can't be read.
    pub fn read(template: &Path) -> Result<Self> {
        let text = fs::read_to_string(template)?;
        let template = Template::load(template)?;
        let read = |name: &str| {
            let path = template.folder.join(name);
            fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))
        };
        let (manifest, lock) = (read("Cargo.toml")?, read("Cargo.lock")?);
        Ok(Self { text, manifest: manifest.parse().context("Cargo.toml is no TOML")?, lock, template })
    }

    /// Writes a function that answers 204, its example, and its block of the template.
    ///
    /// # Errors
    /// When the route doesn't fit into the workspace, before anything is written; otherwise when a file can't be written.
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

    /// Removes functions with their blocks of the template.
    ///
    /// # Errors
    /// When there is no such function, another one's example needs it or none would be left, before anything is removed;
    /// otherwise when a file can't be changed.
    pub fn remove(&self, names: &[String]) -> Result<()> {
        let (gone, left): (Vec<_>, Vec<_>) =
            self.template.functions.iter().partition(|function| names.contains(&function.binary));
        if let Some(unknown) = names.iter().find(|name| gone.iter().all(|function| function.binary != **name))
        {
            bail!("template.yaml has no function {unknown}");
        }
        ensure!(!left.is_empty(), "a template without functions is no service: add one of your own before");
        for function in left {
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
        for function in gone {
            text.replace_range(block(&text, &function.id)?, "");
            fs::remove_dir_all(self.template.folder.join("functions").join(&function.binary))?;
        }
        self.write_template(&text)
    }

    fn write_template(&self, text: &str) -> Result<()> {
        fs::write(self.template.folder.join("template.yaml"), text).context("can't write template.yaml")
    }

    /// Logical id for a function of this name.
    fn checked_id(&self, name: &str) -> Result<String> {
        let letters = |word: &str| word.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
        let is_word = |word: &str| word.starts_with(|it: char| it.is_ascii_lowercase()) && letters(word);
        ensure!(
            name.contains('-') && name.split('-').all(is_word),
            "{name:?} is no name for a function: give it a verb and a noun, such as get-project"
        );
        let id: String = name.split('-').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
        ensure!(
            id.len() <= MAX_ID_LENGTH,
            "{id} is longer than {MAX_ID_LENGTH} characters, and CloudFormation makes the name of a role of it"
        );
        let is_there = self.template.folder.join("functions").join(name).exists();
        ensure!(!is_there, "functions/{name} is there already");
        let package = format!("\nname = \"{name}\"\n");
        ensure!(!self.lock.contains(&package), "Cargo.lock has a package {name} already");
        let mut words = self.text.split(|it: char| !it.is_alphanumeric());
        ensure!(words.all(|word| word != id), "template.yaml has the word {id} already");
        Ok(id)
    }

    fn check_is_new(&self, route: &NewRoute<'_>) -> Result<()> {
        for function in &self.template.functions {
            for other in function.routes.iter().filter(|other| shape(&other.path) == shape(route.path)) {
                let is_same = [&*route.method, "ANY"].contains(&&*other.method);
                ensure!(!is_same, "{} has the route {other} already", function.binary);
                ensure!(
                    other.path == route.path,
                    "{} names the parameters of this path otherwise: {}",
                    function.binary,
                    other.path
                );
            }
        }
        Ok(())
    }

    /// The template with the route's block behind that of the last function.
    fn with_block(&self, route: &NewRoute<'_>) -> Result<String> {
        let last = self.template.functions.last().context("template.yaml has no function to begin from")?;
        let end = block(&self.text, &last.id)?.end;
        let (before, after) = self.text.split_at(end);
        let gap = if before.ends_with("\n\n") { "" } else { "\n" };
        let own = route.block();
        let rest = if after.is_empty() { String::new() } else { format!("\n{after}") };
        Ok(format!("{before}{gap}{own}{rest}"))
    }

    /// Manifest of a function, with the application's crates at hand.
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

    /// Example of the route. A path parameter is the id of what the example of another route creates, where that has rows
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
        format!("{{\n{given}  \"response\": {{\"status\": 204, \"body\": null}}\n}}\n")
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

    /// What the route does, as far as its name tells: "Gets a project".
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
    // The routes of these methods must say it.
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
    ensure!(METHODS.contains(&&*method), "{method} is none of the methods {}", METHODS.join(", "));
    Ok(method)
}

/// Names of a path's parameters.
fn parameters(path: &str) -> Result<Vec<&str>> {
    let malformed = || {
        format!(
            "{path:?} is no path of a route: it has segments such as /projects and /{{projectId}}, and ends in one"
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

/// The segments of a path, whatever its parameters are called.
fn shape(path: &str) -> Vec<&str> {
    path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect()
}

/// The place of a resource's block in the text of a template, with the empty line behind it.
fn block(text: &str, id: &str) -> Result<std::ops::Range<usize>> {
    let head = format!("\n  {id}:\n");
    let start = text.find(&head).with_context(|| format!("template.yaml has no block {id}"))? + 1;
    Ok(start..text[start..].find("\n\n").map_or(text.len(), |length| start + length + 2))
}
