//! The API's description in `OpenAPI` 3.1. Schemas come from the types that the functions read and write, with the rules
//! that `validator` checks; what no type says (statuses, headers) stands here.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::config::uploads::DEFAULT_TYPES;
use crate::domain::validation::Issues;
use crate::domain::{File, NewProject, PageRequest, Project, ProjectPage};

/// The body of an error.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is of use; `edge::reply` writes errors")]
struct Error {
    /// What to program against.
    code: String,
    /// What went wrong, in words.
    message: String,
    /// The first field at fault.
    #[schemars(with = "String", skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// All rules that the input breaks.
    #[schemars(with = "Issues", skip_serializing_if = "Option::is_none")]
    issues: Option<Issues>,
}

/// Statuses and their codes.
type Failures = &'static [(u16, &'static [&'static str])];

/// What every route can answer with.
const COMMON: Failures = &[
    (401, &["UNAUTHORIZED"]),
    (403, &["FORBIDDEN", "CROSS_SITE_REQUEST"]),
    (429, &["RATE_LIMITED"]),
    (500, &["INTERNAL_ERROR"]),
    (503, &["SERVICE_UNAVAILABLE"]),
];

const LIST: Failures = &[(400, &["VALIDATION_ERROR"])];

const CREATE: Failures = &[
    (400, &["INVALID_JSON", "VALIDATION_ERROR", "INVALID_IDEMPOTENCY_KEY"]),
    (409, &["CONFLICT"]),
    (413, &["PAYLOAD_TOO_LARGE"]),
    (415, &["UNSUPPORTED_MEDIA_TYPE"]),
    (422, &["UNPROCESSABLE_ENTITY"]),
];

const UPLOAD: Failures = &[
    (400, &["INVALID_MULTIPART", "VALIDATION_ERROR", "INVALID_IDEMPOTENCY_KEY"]),
    (404, &["NOT_FOUND"]),
    (409, &["CONFLICT"]),
    (413, &["PAYLOAD_TOO_LARGE"]),
    (415, &["UNSUPPORTED_MEDIA_TYPE"]),
    (422, &["UNPROCESSABLE_ENTITY"]),
];

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let mut written = generator(SchemaSettings::for_serialize);
    let page = reference::<ProjectPage>(&mut written);
    let project = reference::<Project>(&mut written);
    let file = reference::<File>(&mut written);
    let error = reference::<Error>(&mut written);
    let mut read = generator(SchemaSettings::for_deserialize);
    let new_project = reference::<NewProject>(&mut read);
    let query = read.root_schema_for::<PageRequest>().to_value();
    let mut schemas = written.take_definitions(true);
    schemas.extend(read.take_definitions(true));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {"title": "Projects API", "version": env!("CARGO_PKG_VERSION")},
        "security": [{"bearer": []}, {"cookie": []}],
        "paths": {
            "/v1/orgs/{orgId}/projects": {
                "parameters": [path("orgId")],
                "get": {
                    "operationId": "list-projects",
                    "summary": "The organization's projects, newest first",
                    "parameters": parameters(&query),
                    "responses": responses(200, &page, &error, LIST),
                },
                "post": {
                    "operationId": "create-project",
                    "summary": "Creates a project",
                    "parameters": [idempotency_key()],
                    "requestBody": body("application/json", &json!({"schema": new_project})),
                    "responses": responses(201, &project, &error, CREATE),
                },
            },
            "/v1/orgs/{orgId}/projects/{projectId}/files": {
                "parameters": [path("orgId"), path("projectId")],
                "post": {
                    "operationId": "upload-file",
                    "summary": "Stores a file with a project",
                    "parameters": [idempotency_key()],
                    "requestBody": body("multipart/form-data", &form()),
                    "responses": responses(201, &file, &error, UPLOAD),
                },
            },
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "auth"},
            },
        },
    });
    let created = &mut document["paths"]["/v1/orgs/{orgId}/projects"]["post"]["responses"]["201"];
    created["headers"]["ETag"] = json!({"schema": {"type": "string"}});
    without_null(&mut document);
    document
}

fn generator(contract: impl Fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    let settings = contract(SchemaSettings::draft2020_12()).with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn path(name: &str) -> Value {
    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
}

/// Each property of the query's schema as a parameter.
fn parameters(query: &Value) -> Vec<Value> {
    let properties = query["properties"].as_object().into_iter().flatten();
    properties.map(|(name, schema)| json!({"name": name, "in": "query", "schema": schema})).collect()
}

fn idempotency_key() -> Value {
    let schema = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
    let description = "The same key again replays the first success for 24 hours.";
    json!({"name": "Idempotency-Key", "in": "header", "description": description, "schema": schema})
}

fn body(media_type: &str, content: &Value) -> Value {
    json!({"required": true, "content": {media_type: content}})
}

fn form() -> Value {
    let types = DEFAULT_TYPES.replace(',', ", ");
    let file = json!({"type": "string", "format": "binary"});
    let schema = json!({"type": "object", "required": ["file"], "properties": {"file": file}});
    json!({"schema": schema, "encoding": {"file": {"contentType": types}}})
}

fn responses(status: u16, data: &Value, error: &Value, own: Failures) -> Map<String, Value> {
    let content = envelope("data", data);
    let success = json!({"description": "Success", "headers": headers(status), "content": content});
    let failures = COMMON.iter().chain(own).map(|(status, codes)| {
        let code = json!({"type": "object", "properties": {"code": {"enum": codes}}});
        let content = envelope("error", &json!({"allOf": [error, code]}));
        let description = codes.join(", ");
        let failure = json!({"description": description, "headers": headers(*status), "content": content});
        (status.to_string(), failure)
    });
    [(status.to_string(), success)].into_iter().chain(failures).collect()
}

fn headers(status: u16) -> Map<String, Value> {
    let names: &[&str] = match status {
        201 => &["x-request-id", "RateLimit", "RateLimit-Policy", "Location", "Idempotency-Replayed"],
        // Callers without a valid token share a counter that is none of theirs.
        401 => &["x-request-id", "WWW-Authenticate"],
        415 => &["x-request-id", "RateLimit", "RateLimit-Policy", "Accept-Encoding"],
        429 | 503 => &["x-request-id", "RateLimit", "RateLimit-Policy", "Retry-After"],
        _ => &["x-request-id", "RateLimit", "RateLimit-Policy"],
    };
    let names = names.iter().map(|name| (*name).to_owned());
    names.map(|name| (name, json!({"schema": {"type": "string"}}))).collect()
}

fn envelope(key: &str, schema: &Value) -> Value {
    let schema = json!({"type": "object", "required": [key], "properties": {key: schema}});
    json!({"application/json": {"schema": schema}})
}

/// Optional fields are absent, never null, which an `Option` can't say by itself.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_in_the_docs_is_the_one_that_the_types_give() {
        let written: Value = serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap();
        let command = "cargo run -p shared --example openapi --features openapi > docs/openapi.json";
        assert_eq!(written, document(), "docs/openapi.json is out of date: {command}");
    }

    #[test]
    fn the_rules_of_the_input_are_in_the_description() {
        let document = document();
        let fields = &document["components"]["schemas"]["NewProject"];
        assert_eq!(fields["required"], json!(["name"]));
        assert_eq!(
            (&fields["properties"]["name"]["minLength"], &fields["properties"]["name"]["maxLength"]),
            (&json!(1), &json!(100))
        );
        assert_eq!(fields["properties"]["description"]["type"], "string");
        let limit = &document["paths"]["/v1/orgs/{orgId}/projects"]["get"]["parameters"];
        assert!(limit.to_string().contains("\"maximum\":100"), "{limit}");
    }
}
