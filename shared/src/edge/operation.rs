//! Operation of an `OpenAPI` document, to which each part of a route adds its share.

mod headers;
mod refusals;
mod schemas;

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use self::headers::header;
use self::refusals::{ErrorBody, Refusals, schema, schema_name};
use self::schemas::{merge_inputs, strip_null, strip_optional_nulls};
use super::error::ErrorCode;
use crate::domain::validation::Issues;

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
    error_body: ErrorBody,
}

impl Operation {
    pub(super) fn new(summary: &'static str, error_body: ErrorBody) -> Self {
        Self {
            summary,
            error_body,
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
            } else {
                strip_null(&mut parameter["schema"]);
            }
            if let Some(description) =
                parameter["schema"].as_object_mut().and_then(|it| it.remove("description"))
            {
                parameter["description"] = description;
            }
            self.parameters.push(parameter);
        }
    }

    /// Adds a request header whose value is a string.
    pub fn header(&mut self, name: &str, description: &str) {
        self.header_of(name, description, &json!({"type": "string"}));
    }

    pub(super) fn idempotency_key(&mut self) {
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
        let description = "The same key again replays the first success for 24 hours.";
        self.header_of("Idempotency-Key", description, &schema);
    }

    pub(super) fn if_match(&mut self) {
        let description = "Entity tags of the versions that the request is for, or `*`.";
        let tag = r#"(W/)?"[!#-~]*""#;
        let schema = json!({"type": "string", "pattern": format!(r"^(\*|{tag}(, ?{tag})*)$")});
        self.header_of("If-Match", description, &schema);
    }

    fn header_of(&mut self, name: &str, description: &str, schema: &Value) {
        self.parameters
            .push(json!({"name": name, "in": "header", "description": description, "schema": schema}));
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

    /// Returns the document with this operation alone. `parameters` are those of the path, and `resources` those of them
    /// that name a resource.
    pub(super) fn document(
        mut self,
        method: &Method,
        path: &str,
        parameters: &[&'static str],
        resources: &[&'static str],
    ) -> Value {
        let (responses, mut components) = self.responses(resources);
        let mut schemas = self.errors();
        schemas.extend(self.written.take_definitions(true));
        let inputs = self.read.take_definitions(true);
        let mut operation = self.operation(&responses);
        merge_inputs(&mut schemas, inputs, &mut operation);
        components["schemas"] = schemas.into();
        components["securitySchemes"] = security_schemes();
        let mut item = json!({method.as_str().to_lowercase(): operation});
        if !parameters.is_empty() {
            item["parameters"] = parameters.iter().map(|name| path_parameter(name)).collect();
        }
        let mut document = json!({
            "openapi": "3.1.0",
            "security": [{"bearer": []}, {"cookie": []}],
            "paths": {path: item},
            "components": components,
        });
        strip_optional_nulls(&mut document);
        document
    }

    fn operation(self, responses: &Map<String, Value>) -> Value {
        let mut operation = json!({"summary": self.summary, "responses": responses});
        if !self.parameters.is_empty() {
            operation["parameters"] = self.parameters.into();
        }
        if !self.body.is_empty() {
            operation["requestBody"] = json!({"required": true, "content": self.body});
        }
        if self.is_public {
            operation["security"] = json!([]);
        }
        operation
    }

    /// Returns the responses, and the components that they refer to.
    fn responses(&self, resources: &[&'static str]) -> (Map<String, Value>, Value) {
        let (status, data, own) = &self.success;
        let own = self.headers(status.as_u16(), own);
        let mut responses =
            Map::from_iter([(status.as_u16().to_string(), success(*status, data.as_ref(), &own))]);
        let mut used = BTreeSet::from_iter(own);
        let mut components = Map::new();
        let errors: Vec<_> = self.errors.iter().copied().collect();
        for codes in errors.chunk_by(|one, next| one.status() == next.status()) {
            let headers = self.headers(codes[0].status().as_u16(), &[]);
            let refusals = Refusals { codes, headers: &headers, resources, body: self.error_body };
            let (name, mut response) = (refusals.name(), refusals.response());
            response["headers"] = references(&headers).into();
            used.extend(headers);
            responses.insert(codes[0].status().as_u16().to_string(), reference("responses", &name));
            components.insert(name, response);
        }
        let headers: Map<_, _> = used.into_iter().map(|name| (name.to_owned(), header(name))).collect();
        (responses, json!({"responses": components, "headers": headers}))
    }

    /// Returns the schemas of the error codes.
    fn errors(&mut self) -> Map<String, Value> {
        let mut issues = Value::Null;
        if self.errors.contains(&ErrorCode::VALIDATION_ERROR) {
            issues = self.written.subschema_for::<Issues>().to_value();
        }
        self.errors.iter().map(|code| (schema_name(*code), schema(*code, &issues))).collect()
    }

    /// Returns the names of the headers of a status.
    fn headers(&self, status: u16, own: &[&'static str]) -> Vec<&'static str> {
        // Callers without a valid token share a counter, so their responses don't show it.
        let is_counted = status != 401 && (!self.is_public || status == 429);
        let rate_limit = is_counted.then_some(["RateLimit", "RateLimit-Policy"]).into_iter().flatten();
        let has = |name: &str| self.parameters.iter().any(|parameter| parameter["name"] == name);
        let of_status: &[&str] = match status {
            200..=399 if self.is_replayable && has("Idempotency-Key") => &["Idempotency-Replayed"],
            401 => &["WWW-Authenticate"],
            409 if has("If-Match") => &["ETag"],
            415 => &["Accept-Encoding"],
            429 | 503 => &["Retry-After"],
            _ => &[],
        };
        let names = ["x-request-id"].into_iter().chain(rate_limit).chain(of_status.iter().copied());
        names.chain(own.iter().copied()).collect()
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
    let description = match name.strip_suffix("Id") {
        Some("org") => "Id of the organization.".to_owned(),
        Some(resource) => format!("Id of the {resource}."),
        None => format!("Segment `{name}` of the path."),
    };
    let schema = json!({"type": "string", "minLength": 1});
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
}

fn success(status: StatusCode, data: Option<&Value>, headers: &[&str]) -> Value {
    let description = status.canonical_reason().unwrap_or("Success");
    let mut success = json!({"description": description, "headers": references(headers)});
    if let Some(data) = data {
        success["content"] = envelope(data);
    }
    success
}

fn security_schemes() -> Value {
    let (token, cookie) = ("A JWT of the service's issuer.", "The same JWT, as a browser sends it.");
    json!({
        "bearer": {"description": token, "type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "cookie": {"description": cookie, "type": "apiKey", "in": "cookie", "name": "auth"},
    })
}

fn envelope(data: &Value) -> Value {
    let schema = json!({"type": "object", "required": ["data"], "properties": {"data": data}});
    json!({"application/json": {"schema": schema}})
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

fn references(headers: &[&str]) -> Map<String, Value> {
    headers.iter().map(|name| ((*name).to_owned(), reference("headers", name))).collect()
}

#[cfg(test)]
mod tests;
