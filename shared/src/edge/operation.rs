//! Operation of an `OpenAPI` document, to which each part of a route adds its share.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, StatusCode};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::error::ErrorCode;
use crate::domain::validation::Issues;

/// Reason why a request was refused.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is of use; `edge::response` writes errors")]
struct ApiError {
    /// Code to program against.
    code: String,
    /// Reason in words, for people.
    message: String,
    /// First field at fault.
    #[schemars(with = "String", skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// All rules that the input breaks.
    #[schemars(with = "Issues", skip_serializing_if = "Option::is_none")]
    issues: Option<Issues>,
}

/// Operation that [`FromRequest::describe`](super::FromRequest::describe) and
/// [`IntoResponse::describe`](super::IntoResponse::describe) add to.
///
/// ```
/// use shared::edge::{ErrorCode, Operation};
///
/// fn describe(operation: &mut Operation) {
///     operation.header("X-Signature", "HMAC of the body, in hexadecimal.");
///     operation.refusals([ErrorCode::VALIDATION_ERROR]);
/// }
/// ```
#[derive(Debug)]
pub struct Operation {
    summary: &'static str,
    is_public: bool,
    /// Generator for requests.
    read: SchemaGenerator,
    /// Generator for responses.
    written: SchemaGenerator,
    parameters: Vec<Value>,
    body: Map<String, Value>,
    success: (StatusCode, Option<Value>, Vec<&'static str>),
    errors: BTreeSet<ErrorCode>,
    is_replayable: bool,
}

impl Operation {
    pub(super) fn new(summary: &'static str) -> Self {
        Self {
            summary,
            is_public: false,
            read: generator(SchemaSettings::for_deserialize),
            written: generator(SchemaSettings::for_serialize),
            parameters: Vec::new(),
            body: Map::new(),
            success: (StatusCode::NO_CONTENT, None, Vec::new()),
            errors: BTreeSet::new(),
            is_replayable: false,
        }
    }

    /// Adds error codes. Each is listed once.
    pub fn refusals(&mut self, errors: impl IntoIterator<Item = ErrorCode>) {
        self.errors.extend(errors);
    }

    /// Sets the success to a status with data, and with headers beside those of every response.
    pub fn response<T: JsonSchema>(
        &mut self,
        status: StatusCode,
        headers: impl IntoIterator<Item = &'static str>,
    ) {
        let schema = self.written.subschema_for::<T>().to_value();
        self.success = (status, Some(schema), headers.into_iter().collect());
    }

    /// Sets the success to a status without a body.
    pub fn empty_response(&mut self, status: StatusCode) {
        self.success = (status, None, Vec::new());
    }

    /// Adds each property of `T` as a query parameter.
    pub fn query<T: JsonSchema>(&mut self) {
        let schema = self.read.root_schema_for::<T>().to_value();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            let mut parameter = json!({"name": name, "in": "query", "schema": schema});
            if required.iter().any(|required| required == name) {
                parameter["required"] = true.into();
            }
            self.parameters.push(parameter);
        }
    }

    /// Adds a request header whose value is a string.
    pub fn header(&mut self, name: &str, description: &str) {
        let schema = json!({"type": "string"});
        self.parameters
            .push(json!({"name": name, "in": "header", "description": description, "schema": schema}));
    }

    pub(super) fn idempotency_key(&mut self) {
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
        let description = "The same key again replays the first success for 24 hours.";
        let header =
            json!({"name": "Idempotency-Key", "in": "header", "description": description, "schema": schema});
        self.parameters.push(header);
    }

    /// Sets a JSON body of one of these media types.
    pub fn json_body<T: JsonSchema>(&mut self, media_types: &[&str]) {
        let schema = self.read.subschema_for::<T>().to_value();
        for media_type in media_types {
            self.body.insert((*media_type).to_owned(), json!({ "schema": schema }));
        }
    }

    /// Sets a form with one file of these comma-separated media types.
    pub(super) fn form(&mut self, field: &str, types: &str) {
        let file = json!({"type": "string", "format": "binary"});
        let schema = json!({"type": "object", "required": [field], "properties": {field: file}});
        let encoding = json!({field: {"contentType": types.replace(',', ", ")}});
        self.body.insert("multipart/form-data".to_owned(), json!({"schema": schema, "encoding": encoding}));
    }

    /// Adds the `Idempotency-Replayed` header to the success, if the operation has an `Idempotency-Key`.
    pub fn replayable(&mut self) {
        self.is_replayable = true;
    }

    pub(super) fn public(&mut self) {
        self.is_public = true;
    }

    /// Returns the document with this operation alone.
    pub(super) fn document(mut self, method: &Method, path: &str, parameters: &[&str]) -> Value {
        let mut operation = json!({"summary": self.summary, "responses": self.responses()});
        if !self.parameters.is_empty() {
            operation["parameters"] = self.parameters.into();
        }
        if !self.body.is_empty() {
            operation["requestBody"] = json!({"required": true, "content": self.body});
        }
        if self.is_public {
            operation["security"] = json!([]);
        }
        let mut schemas = self.written.take_definitions(true);
        merge_inputs(&mut schemas, self.read.take_definitions(true), &mut operation);
        let mut item = json!({method.as_str().to_lowercase(): operation});
        if !parameters.is_empty() {
            item["parameters"] = parameters.iter().map(|name| path_parameter(name)).collect();
        }
        let mut document = json!({
            "openapi": "3.1.0",
            "security": [{"bearer": []}, {"cookie": []}],
            "paths": {path: item},
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": "auth"},
                },
            },
        });
        strip_optional_nulls(&mut document);
        document
    }

    fn responses(&mut self) -> Map<String, Value> {
        let (status, data, own) = &self.success;
        let mut success = json!({"description": "Success", "headers": self.headers(status.as_u16(), own)});
        if let Some(data) = data {
            success["content"] = envelope("data", data);
        }
        let mut responses = Map::from_iter([(status.as_u16().to_string(), success)]);
        let mut codes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for error in &self.errors {
            codes.entry(error.status().as_u16()).or_default().push(error.as_str());
        }
        let error = self.written.subschema_for::<ApiError>().to_value();
        for (status, codes) in codes {
            let code = json!({"type": "object", "properties": {"code": {"enum": codes}}});
            let content = envelope("error", &json!({"allOf": [error, code]}));
            let headers = self.headers(status, &[]);
            let response = json!({"description": codes.join(", "), "headers": headers, "content": content});
            responses.insert(status.to_string(), response);
        }
        responses
    }

    fn headers(&self, status: u16, own: &[&str]) -> Map<String, Value> {
        // Callers without a valid token share a counter, so their responses don't show it.
        let is_counted = status != 401 && (!self.is_public || status == 429);
        let rate_limit = is_counted.then_some(["RateLimit", "RateLimit-Policy"]).into_iter().flatten();
        let has = |name: &str| self.parameters.iter().any(|parameter| parameter["name"] == name);
        let of_status: &[&str] = match status {
            200..=399 if self.is_replayable && has("Idempotency-Key") => &["Idempotency-Replayed"],
            401 => &["WWW-Authenticate"],
            409 if has("If-Match") => &["ETag"],
            415 if !self.body.is_empty() => &["Accept-Encoding"],
            429 | 503 => &["Retry-After"],
            _ => &[],
        };
        let names = ["x-request-id"].into_iter().chain(rate_limit).chain(of_status.iter().copied());
        let header = |name: &str| (name.to_owned(), json!({"schema": {"type": "string"}}));
        names.chain(own.iter().copied()).map(header).collect()
    }
}

fn generator(contract: impl Fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    let settings = contract(SchemaSettings::draft2020_12()).with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

fn path_parameter(name: &str) -> Value {
    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
}

fn envelope(key: &str, schema: &Value) -> Value {
    let schema = json!({"type": "object", "required": [key], "properties": {key: schema}});
    json!({"application/json": {"schema": schema}})
}

/// Removes `null` from optional members, because the schema of an `Option` allows both. Required members keep their `null`,
/// and so does a patch, which has `oneOf`.
fn strip_optional_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let required = object.get("required").cloned().unwrap_or_default();
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                let is_required =
                    |name: &str| required.as_array().is_some_and(|all| all.iter().any(|it| it == name));
                properties
                    .iter_mut()
                    .filter(|(name, _)| !is_required(name))
                    .for_each(|(_, schema)| strip_null(schema));
            }
            object.values_mut().for_each(strip_optional_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_optional_nulls),
        _ => {}
    }
}

/// Removes `null` from the schema of an `Option`.
fn strip_null(schema: &mut Value) {
    let is_null = |value: &Value| value.is_null() || value == "null" || value["type"] == "null";
    for name in ["type", "enum", "anyOf"] {
        if let Some(Value::Array(several)) = schema.get_mut(name) {
            several.retain(|value| !is_null(value));
        }
    }
    if let Some([only]) = schema["type"].as_array().map(Vec::as_slice) {
        schema["type"] = only.clone();
    }
    if let Some([Value::Object(only)]) = schema["anyOf"].as_array().map(Vec::as_slice) {
        let only = only.clone();
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
}

/// Adds the schemas of requests to those of responses. A type whose two schemas differ gets the suffix `Input` in requests.
fn merge_inputs(schemas: &mut Map<String, Value>, inputs: Map<String, Value>, operation: &mut Value) {
    let clashing: Vec<_> =
        inputs.iter().filter(|(name, input)| schemas.get(*name).is_some_and(|own| own != *input)).collect();
    let renamed: Vec<_> = clashing.into_iter().map(|(name, _)| name.clone()).collect();
    let rename = |value: &mut Value| renamed.iter().for_each(|name| rename_references(value, name));
    for key in ["parameters", "requestBody"] {
        operation.get_mut(key).into_iter().for_each(rename);
    }
    for (name, mut input) in inputs {
        rename(&mut input);
        let name = if renamed.contains(&name) { format!("{name}Input") } else { name };
        schemas.insert(name, input);
    }
}

/// Points references to a schema to that of the input.
fn rename_references(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if *text == format!("#/components/schemas/{name}") => text.push_str("Input"),
        Value::Array(items) => items.iter_mut().for_each(|item| rename_references(item, name)),
        Value::Object(members) => members.values_mut().for_each(|member| rename_references(member, name)),
        _ => {}
    }
}
