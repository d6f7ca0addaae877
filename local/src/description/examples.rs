//! Examples of the document: those of the routes, with stable values in place of their placeholders.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::reference::resolved;
use crate::example::{Example, Request};
use crate::template::Template;

/// Id where an example has none.
const ID: &str = "01900000-0000-7000-8000-000000000000";
/// Time where an example has none, soon after that of the stored data.
const TIME: &str = "2024-06-15T04:45:00.000Z";
/// Signed URL of the object with the id that follows, without its signature.
const URL: &str = "https://uploads.s3.eu-central-1.amazonaws.com/orgs/acme/";

/// Values of one route's example.
pub(super) struct Samples {
    request: Request,
    /// Id of the created resource, or else of the path's last one.
    id: String,
    /// Texts of the stored data, by attribute.
    stored: BTreeMap<String, String>,
}

impl Samples {
    /// Reads the example of a function, if it has one.
    pub(super) fn of(function: &str, template: &Template) -> Result<Option<Self>> {
        if !Example::exists(template, function) {
            return Ok(None);
        }
        let example = Example::load(template, function)?;
        let request = example.seeded(template)?;
        let mut stored = BTreeMap::new();
        // The last resource has the data: one beside the path, or the last one of it.
        let mut given: Vec<_> = example.given.iter().collect();
        given.sort_by_key(|(name, _)| request.position(name).unwrap_or(usize::MAX));
        for (_, source) in given.iter().filter(|(_, source)| template.function(source).is_some()) {
            stored.extend(Example::load(template, source)?.texts());
        }
        stored.extend(example.texts());
        let last =
            || request.path.rsplit('/').find(|segment| segment.len() == ID.len()).unwrap_or(ID).to_owned();
        let id = example.seed.map_or_else(last, |seed| seed.id);
        Ok(Some(Self { request, id, stored }))
    }

    /// Adds the examples to an operation, and to the parameters of its path.
    pub(super) fn add_to(&self, document: &mut Value, path: &str, method: &str) {
        let whole = document.clone();
        let Some(item) = document["paths"].get_mut(path) else { return };
        for parameter in item.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            self.add_to_parameter(parameter);
        }
        let Some(operation) = item.get_mut(method) else { return };
        for (media_type, content) in contents(operation.get_mut("requestBody")) {
            if let Some(body) = self.body(media_type, &content["schema"]) {
                content["example"] = body;
            }
        }
        for (_, content) in contents(operation["responses"].get_mut(self.request.response.status.to_string()))
        {
            content["example"] = self.filled(&whole, &self.request.response.body, "", &content["schema"]);
        }
    }

    fn add_to_parameter(&self, parameter: &mut Value) {
        let value = parameter["name"].as_str().and_then(|name| self.request.parameters().get(name));
        if let Some(value) = value.filter(|_| parameter["example"].is_null()) {
            parameter["example"] = value.as_str().into();
            if uuid::Uuid::try_parse(value).is_ok() {
                parameter["schema"] = json!({"type": "string", "format": "uuid"});
            }
        }
    }

    /// Returns the request's body: its JSON, or the name of its file in place of the bytes.
    fn body(&self, media_type: &str, schema: &Value) -> Option<Value> {
        if media_type.ends_with("json") {
            return serde_json::from_slice(&self.request.body.as_ref()?.1).ok();
        }
        let fields = schema["properties"].as_object()?.keys();
        let file = self.request.file_name()?;
        Some(fields.map(|field| (field.clone(), Value::from(file))).collect())
    }

    /// Replaces the placeholders of a value with this schema, which is the member `name` of an object.
    fn filled(&self, document: &Value, value: &Value, name: &str, schema: &Value) -> Value {
        let schema = resolved(document, schema);
        match value {
            Value::String(text) if text == "<any>" => self.any(document, name, schema),
            Value::String(text) if text == "<time>" => self.stored(name).unwrap_or_else(|| TIME.into()),
            Value::String(text) if text == "<text>" => self.stored(name).unwrap_or_else(|| name.into()),
            Value::String(text) => {
                let url = format!("{URL}{}?X-Amz-Expires=300", self.id);
                text.replace("<id>", &self.id).replace("<url>", &url).into()
            }
            Value::Array(items) => {
                items.iter().map(|item| self.filled(document, item, name, &schema["items"])).collect()
            }
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let own = &schema["properties"][name];
                    (name.clone(), self.filled(document, value, name, own))
                })
                .collect(),
            other => other.clone(),
        }
    }

    fn stored(&self, name: &str) -> Option<Value> {
        self.stored.get(name).map(|text| text.as_str().into())
    }

    /// Returns a value of any kind that the schema allows.
    fn any(&self, document: &Value, name: &str, schema: &Value) -> Value {
        let nullable = |schema: &Value| {
            let several =
                [&schema["anyOf"], &schema["type"]].into_iter().filter_map(Value::as_array).flatten();
            several.into_iter().any(|one| one == "null" || one["type"] == "null")
        };
        let schema = resolved(document, schema);
        match schema["type"].as_str() {
            _ if nullable(schema) => Value::Null,
            Some("integer" | "number") => 1.into(),
            Some("boolean") => true.into(),
            Some("array") => json!([]),
            Some("object") => json!({}),
            _ if schema["format"] == "date-time" => self.stored(name).unwrap_or_else(|| TIME.into()),
            _ => self.stored(name).unwrap_or_else(|| name.into()),
        }
    }
}

fn contents(part: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    part.and_then(|part| part.get_mut("content")).and_then(Value::as_object_mut).into_iter().flatten()
}
