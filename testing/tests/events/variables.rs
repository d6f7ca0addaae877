//! Variables in `events/env.json`, for `sam local --env-vars`, and in `events/watch.env`, for `cargo lambda watch`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use local::environment;
use local::template::{Function, Names, REGION, Template};

/// Entry for all functions, as `sam` names it.
const ALL: &str = "Parameters";
/// Beginning of the host's URL in containers.
const HOST: &str = "http://host.docker.internal:";

/// Variables by function, and for all of them.
pub(crate) struct Overrides(BTreeMap<String, BTreeMap<String, String>>);

impl Overrides {
    pub(crate) fn read() -> Result<Self> {
        let text = std::fs::read_to_string(super::folder().join("env.json"))?;
        Ok(Self(serde_json::from_str(&text)?))
    }

    /// Returns the names of a function's variables.
    pub(crate) fn of(&self, function: &Function) -> BTreeSet<String> {
        let entries = [ALL, &function.id].into_iter().filter_map(|entry| self.0.get(entry));
        entries.flat_map(|variables| variables.keys().cloned()).collect()
    }

    /// Returns entries that name no function.
    pub(crate) fn unknown(&self, template: &Template) -> Vec<String> {
        let known = |entry: &str| entry == ALL || template.functions.iter().any(|own| own.id == entry);
        self.0.keys().filter(|entry| !known(entry)).cloned().collect()
    }

    /// Checks that tables and bucket have the local stack's names.
    pub(crate) fn check_names(&self, template: &Template) -> Result<()> {
        let names = Names::new(template, &BTreeMap::new(), None);
        for (variable, value) in self.0.values().flatten() {
            let mut uses =
                template.functions.iter().filter_map(|function| function.environment.get(variable));
            // `AWS::NoValue` is no resource.
            let resource = uses.find_map(|value| value.reference()).filter(|id| !id.contains(':'));
            if let Some(resource) = resource {
                let name = names.table(resource).or_else(|| names.bucket(resource));
                ensure!(name == Some(value), "{variable} is {value}, and the local stack has {name:?}");
            }
        }
        Ok(())
    }

    /// Checks that the emulators' ports are those of the README's command: S3 one port after DynamoDB.
    pub(crate) fn check_ports(&self) -> Result<()> {
        let dynamodb = self.port("AWS_ENDPOINT_URL_DYNAMODB")?;
        ensure!(self.port("AWS_ENDPOINT_URL_S3")? == dynamodb + 1, "S3 is not one port after DynamoDB");
        let readme = std::fs::read_to_string(super::folder().join("README.md"))?;
        let command = format!("--emulators 127.0.0.1:{dynamodb} --seed");
        ensure!(readme.contains(&command), "events/README.md does not say {command}");
        Ok(())
    }

    /// Returns the variables of all functions for processes on this machine: with its own address, and with credentials,
    /// which `cargo lambda watch` doesn't set.
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

/// Returns the variables of `events/watch.env`.
pub(crate) fn watched() -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(super::folder().join("watch.env"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once('=').with_context(|| format!("{line} is not a variable")));
    pairs.map(|pair| pair.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

/// Returns the names of variables without a literal value in the template. `sam local` invents values or leaves them empty.
pub(crate) fn open(function: &Function) -> BTreeSet<String> {
    let open = function.environment.iter().filter(|(_, value)| value.literal().is_none());
    open.map(|(name, _)| name.clone()).collect()
}
