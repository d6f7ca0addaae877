//! `events/env.json`, which `sam local` takes with `--env-vars`, and `events/watch.env`, which `cargo lambda watch` takes
//! with `--env-file`. What must stay out: what `sam` and `cargo lambda` make of them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use local::environment;
use local::template::{Function, Names, REGION, Template};

/// The entry for all functions, as `sam` wants it called.
const ALL: &str = "Parameters";
/// How containers call the machine that they run on.
const HOST: &str = "http://host.docker.internal:";

/// The variables by function, and for all of them.
pub(crate) struct Overrides(BTreeMap<String, BTreeMap<String, String>>);

impl Overrides {
    pub(crate) fn read() -> Result<Self> {
        let text = std::fs::read_to_string(super::folder().join("env.json"))?;
        Ok(Self(serde_json::from_str(&text)?))
    }

    /// The names of a function's variables.
    pub(crate) fn of(&self, function: &Function) -> BTreeSet<String> {
        let entries = [ALL, &function.id].into_iter().filter_map(|entry| self.0.get(entry));
        entries.flat_map(|variables| variables.keys().cloned()).collect()
    }

    /// Entries that are for no function.
    pub(crate) fn unknown(&self, template: &Template) -> Vec<String> {
        let known = |entry: &str| entry == ALL || template.functions.iter().any(|own| own.id == entry);
        self.0.keys().filter(|entry| !known(entry)).cloned().collect()
    }

    /// Whether tables and bucket are called as the local stack calls them.
    pub(crate) fn check_names(&self, template: &Template) -> Result<()> {
        let names = Names::new(template, &BTreeMap::new(), None);
        for (variable, value) in self.0.values().flatten() {
            let mut uses =
                template.functions.iter().filter_map(|function| function.environment.get(variable));
            if let Some(resource) = uses.find_map(|value| value.reference()) {
                let name = names.table(resource).or_else(|| names.bucket(resource));
                ensure!(name == Some(value), "{variable} is {value}, and the local stack has {name:?}");
            }
        }
        Ok(())
    }

    /// Whether the emulators are where the README has the local stack put them: S3 one port after DynamoDB.
    pub(crate) fn check_ports(&self) -> Result<()> {
        let dynamodb = self.port("AWS_ENDPOINT_URL_DYNAMODB")?;
        ensure!(self.port("AWS_ENDPOINT_URL_S3")? == dynamodb + 1, "S3 is not one port after DynamoDB");
        let readme = std::fs::read_to_string(super::folder().join("README.md"))?;
        let command = format!("--emulators 127.0.0.1:{dynamodb} --seed");
        ensure!(readme.contains(&command), "events/README.md does not say {command}");
        Ok(())
    }

    /// The variables of all functions together, for processes on this machine: its emulators have its own address, and
    /// nobody else gives the functions credentials.
    pub(crate) fn without_containers(&self) -> BTreeMap<String, String> {
        let own = self.0.values().flatten();
        let mut all: BTreeMap<_, _> =
            own.map(|(name, value)| (name.clone(), value.replace(HOST, "http://127.0.0.1:"))).collect();
        let credentials = environment::credentials(false);
        for (name, value) in [
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id()),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key()),
        ] {
            all.insert(name.to_owned(), value.to_owned());
        }
        all
    }

    fn port(&self, variable: &str) -> Result<u16> {
        let url = self.0.values().find_map(|variables| variables.get(variable));
        let port = url.and_then(|url| url.strip_prefix(HOST));
        port.context("no URL of the host")?.parse().context("no port")
    }
}

/// The variables of `events/watch.env`.
pub(crate) fn watched() -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(super::folder().join("watch.env"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once('=').with_context(|| format!("{line} is no variable")));
    pairs.map(|pair| pair.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

/// The names of the variables that the template alone gives no value: `sam local` makes them up, or leaves them empty.
pub(crate) fn open(function: &Function) -> BTreeSet<String> {
    let open = function.environment.iter().filter(|(_, value)| value.literal().is_none());
    open.map(|(name, _)| name.clone()).collect()
}
