//! First session with a running stack: examples as lines for the shell.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::Result;

use crate::example::{Example, ORGANIZATION, Values};
use crate::template::Template;

/// Formats a line for each example that needs no role, deletes nothing and puts no bytes elsewhere. First come those that
/// create what others need, and assign its id to a variable.
///
/// # Errors
/// When an example can't be read.
pub fn session(template: &Template, base: &str, token: &str) -> Result<String> {
    let mut waiting = Example::all(template)?;
    let needed: BTreeSet<_> = waiting.iter().flat_map(|example| example.given.values().cloned()).collect();
    waiting.sort_by_key(|example| !needed.contains(&example.function));
    let (mut text, mut done) = (format!("API={base}\nTOKEN={token}\n"), BTreeSet::new());
    while let Some(at) = waiting.iter().position(|example| is_ready(example, &done, template)) {
        let example = waiting.remove(at);
        let given = example.given.keys().map(|name| (name.clone(), format!("${name}")));
        let own = ("orgId".to_owned(), ORGANIZATION.to_owned());
        let request = example.request(&given.chain([own]).collect::<Values>(), "")?;
        let puts_bytes = request.then.is_some() && request.method != "GET";
        if !example.roles.is_empty() || request.method == "DELETE" || puts_bytes {
            continue;
        }
        let line = request.curl("$API", "$TOKEN");
        match variable(&example.function, template)?.filter(|_| needed.contains(&example.function)) {
            Some(name) => writeln!(
                text,
                "{name}=$({line} | tee -a /dev/stderr | sed -n 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/p'); echo"
            )?,
            None => writeln!(text, "{line}; echo")?,
        }
        done.insert(example.function);
    }
    Ok(text)
}

/// Returns `true` if all that the example needs is created.
fn is_ready(example: &Example, done: &BTreeSet<String>, template: &Template) -> bool {
    example.given.values().all(|source| template.function(source).is_none() || done.contains(source))
}

/// Returns the name under which other examples need the resource of a function.
fn variable(function: &str, template: &Template) -> Result<Option<String>> {
    let examples = Example::all(template)?;
    let mut given = examples.into_iter().flat_map(|example| example.given);
    Ok(given.find(|(_, source)| source == function).map(|(name, _)| name))
}
