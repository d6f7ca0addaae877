//! Functions of the template: binary, limits, environment, routes, streams.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use yaml_serde::{Mapping, Value};

use super::parameters::Parameters;
use super::{Expression, Stream};

/// Environment of a function as the template declares it, by variable.
pub(super) type Settings = BTreeMap<String, Expression>;

/// Declared function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Logical id in the template.
    pub id: String,
    /// Name of its package and binary.
    pub binary: String,
    /// Timeout of an invocation.
    pub timeout: Duration,
    /// Memory in MB. The stack passes it to the function but does not enforce it.
    pub memory_mb: u32,
    /// Environment, including the global one.
    pub environment: Settings,
    /// Routes.
    pub routes: Vec<RouteKey>,
    /// Streams that feed it.
    pub streams: Vec<Stream>,
}

/// Method and path of a route, as the template writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteKey {
    /// Method in upper case; `ANY` stands for all.
    pub method: String,
    /// Path such as `/orgs/{orgId}/{rest+}`, or `$default`.
    pub path: String,
}

impl fmt::Display for RouteKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "$default" => formatter.write_str("$default"),
            path => write!(formatter, "{} {path}", self.method),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Globals {
    function: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Metadata {
    build_properties: BuildProperties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct BuildProperties {
    binary: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    timeout: Option<Value>,
    memory_size: Option<Value>,
    environment: Environment,
    events: Mapping,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Environment {
    variables: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    r#type: String,
    #[serde(default)]
    properties: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HttpApi {
    method: Option<String>,
    path: Option<String>,
}

impl Function {
    pub(super) fn read(
        id: &str,
        metadata: &Metadata,
        properties: Value,
        globals: &Globals,
        parameters: &Parameters,
    ) -> Result<Self> {
        let own: Properties = yaml_serde::from_value(properties)?;
        let global = &globals.function;
        let binary = metadata.build_properties.binary.clone();
        let seconds = number("Timeout", own.timeout.as_ref().or(global.timeout.as_ref()), 3, parameters)?;
        let memory = own.memory_size.as_ref().or(global.memory_size.as_ref());
        let (routes, streams) = events(&own.events, parameters)?;
        let variables = global.environment.variables.iter().chain(&own.environment.variables);
        Ok(Self {
            id: id.to_owned(),
            binary: binary.context("its Metadata has no BuildProperties.Binary, the binary to run")?,
            timeout: Duration::from_secs(seconds.into()),
            memory_mb: number("MemorySize", memory, 128, parameters)?,
            environment: variables
                .map(|(name, value)| (name.clone(), Expression::read(value, parameters)))
                .collect(),
            routes,
            streams,
        })
    }
}

fn number(name: &str, value: Option<&Value>, default: u32, parameters: &Parameters) -> Result<u32> {
    let Some(value) = value else { return Ok(default) };
    let text = Expression::read(value, parameters).literal();
    let number = text.and_then(|text| text.parse().ok()).filter(|number| *number > 0);
    number.with_context(|| format!("{name} is not a positive whole number"))
}

/// Reads the events that the stack delivers. Others, such as schedules, are ignored.
fn events(events: &Mapping, parameters: &Parameters) -> Result<(Vec<RouteKey>, Vec<Stream>)> {
    let (mut routes, mut streams) = (Vec::new(), Vec::new());
    for (name, event) in events {
        let mut read = || {
            let event: Event = yaml_serde::from_value(event.clone())?;
            match event.r#type.as_str() {
                "HttpApi" => routes.push(route(event.properties)?),
                "DynamoDB" => streams.extend(Stream::read(event.properties, parameters)?),
                _ => {}
            }
            anyhow::Ok(())
        };
        read().with_context(|| format!("event {}", name.as_str().unwrap_or("?")))?;
    }
    Ok((routes, streams))
}

/// Parses a route. An event without method and path is the default route, as in SAM.
fn route(properties: Value) -> Result<RouteKey> {
    let properties: HttpApi = yaml_serde::from_value::<Option<_>>(properties)?.unwrap_or_default();
    let method = properties.method.unwrap_or_else(|| "ANY".to_owned()).to_ascii_uppercase();
    let method =
        if method == "*" || method == "X-AMAZON-APIGATEWAY-ANY-METHOD" { "ANY".to_owned() } else { method };
    let path = properties.path.unwrap_or_else(|| "$default".to_owned());
    if path != "$default" && !path.starts_with('/') {
        bail!("the path {path} does not begin with a slash");
    }
    Ok(RouteKey { method: if path == "$default" { "ANY".to_owned() } else { method }, path })
}
