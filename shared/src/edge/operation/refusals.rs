//! Errors in a description: a schema for each code, and a response for each set of codes that share a status.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::domain::json::Literal;
use crate::domain::rate_limit::{Limit, RateLimited};
use crate::domain::validation::{Source, parse};
use crate::domain::{self, Kind, PageRequest};
use crate::edge::error::{Error, ErrorCode};

/// Codes of one status.
pub(super) struct Refusals<'a> {
    pub(super) codes: &'a [ErrorCode],
    /// Names of the headers.
    pub(super) headers: &'a [&'a str],
    /// Parameters of the path that name resources.
    pub(super) resources: &'a [&'static str],
    pub(super) body: ErrorBody,
}

/// Writes the body of a response to an error; `None` if it can't.
pub(crate) type ErrorBody = fn(&Error) -> Option<String>;

impl Refusals<'_> {
    /// Returns the name of the response in the document. It tells apart responses with other headers.
    pub(super) fn name(&self) -> String {
        let codes = self.codes.iter().map(|code| pascal(code.as_str())).collect::<Vec<_>>().join("Or");
        let etag = if self.headers.contains(&"ETag") { "WithETag" } else { "" };
        let is_uncounted =
            !self.headers.contains(&"RateLimit") && !self.headers.contains(&"WWW-Authenticate");
        format!("{}{codes}{etag}", if is_uncounted { "Public" } else { "" })
    }

    /// Returns the response without its headers.
    pub(super) fn response(&self) -> Value {
        let meanings: Vec<_> =
            self.codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
        let content = json!({"schema": self.schema(), "examples": self.examples()});
        json!({"description": meanings.join("\n\n"), "content": {"application/json": content}})
    }

    fn schema(&self) -> Value {
        let reference = |code: &ErrorCode| format!("#/components/schemas/{}", schema_name(*code));
        let error = match self.codes {
            [only] => json!({"$ref": reference(only)}),
            several => {
                let all: Vec<_> = several.iter().map(|code| json!({"$ref": reference(code)})).collect();
                let mapping: Map<_, _> =
                    several.iter().map(|code| (code.as_str().to_owned(), reference(code).into())).collect();
                json!({"oneOf": all, "discriminator": {"propertyName": "code", "mapping": mapping}})
            }
        };
        json!({"type": "object", "required": ["error"], "properties": {"error": error}})
    }

    /// Returns bodies as they are sent, by name.
    fn examples(&self) -> Map<String, Value> {
        let samples = self.codes.iter().flat_map(|code| {
            if *code == ErrorCode::NOT_FOUND && !self.resources.is_empty() {
                return self.resources.iter().map(|parameter| missing(parameter)).collect();
            }
            samples(*code, self.headers.contains(&"ETag"))
        });
        let parsed = |error: &Error| {
            let Literal::<false>(body) = serde_json::from_str(&(self.body)(error)?).ok()?;
            Some(body)
        };
        samples.filter_map(|(name, error)| Some((name, json!({"value": parsed(&error)?})))).collect()
    }
}

/// Returns the name of the schema of a code.
pub(super) fn schema_name(code: ErrorCode) -> String {
    let name = pascal(code.as_str());
    if name.ends_with("Error") { name } else { name + "Error" }
}

/// Returns the schema of a code. `issues` is that of the broken rules.
pub(super) fn schema(code: ErrorCode, issues: &Value) -> Value {
    let mut schema = json!({
        "description": code.meaning(),
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": {"description": "Code to program against.", "type": "string", "const": code.as_str()},
            "message": {"description": "Reason in words, for people.", "type": "string"},
        },
    });
    let field = |description: &str| json!({"description": description, "type": "string"});
    match code {
        ErrorCode::VALIDATION_ERROR => {
            schema["required"] = json!(["code", "message", "issues"]);
            schema["properties"]["issues"] = issues.clone();
            schema["properties"]["field"] =
                field("Path of the first issue, as `a.0.b`. Absent if that is with the input as a whole.");
        }
        ErrorCode::CONFLICT => {
            schema["properties"]["field"] = field(
                "Field at fault, if there is one; `version` for another version than `If-Match` names.",
            );
        }
        _ => {}
    }
    schema
}

/// Returns errors of a code, by name.
fn samples(code: ErrorCode, has_versions: bool) -> Vec<(String, Error)> {
    let error = match code {
        ErrorCode::INVALID_JSON => Error::InvalidJson,
        ErrorCode::INVALID_MULTIPART => Error::InvalidMultipart,
        ErrorCode::INVALID_IDEMPOTENCY_KEY => Error::InvalidIdempotencyKey,
        ErrorCode::VALIDATION_ERROR => return invalid(),
        ErrorCode::UNAUTHORIZED => Error::Unauthorized { refused: None },
        ErrorCode::FORBIDDEN => domain::Error::NOT_A_MEMBER.into(),
        ErrorCode::CROSS_SITE_REQUEST => Error::CrossSite,
        ErrorCode::NOT_FOUND => domain::Error::NotFound("Resource").into(),
        ErrorCode::CONFLICT if has_versions => {
            let mismatch = domain::Error::VersionMismatch { current: 2 }.into();
            return vec![
                (pascal(code.as_str()), domain::Error::CONTENDED.into()),
                ("VersionMismatch".into(), mismatch),
            ];
        }
        ErrorCode::CONFLICT => domain::Error::CONTENDED.into(),
        ErrorCode::PAYLOAD_TOO_LARGE => Error::TooLarge { what: "body", limit: 64 * 1024 },
        ErrorCode::UNSUPPORTED_MEDIA_TYPE => Error::UnsupportedMediaType("application/json"),
        ErrorCode::UNPROCESSABLE_ENTITY => domain::Error::KEY_REUSED.into(),
        ErrorCode::RATE_LIMITED => Error::RateLimited(Limit::Caller, RateLimited { retry_after: 4 }),
        ErrorCode::INTERNAL_ERROR => domain::Error::internal("").into(),
        ErrorCode::SERVICE_UNAVAILABLE => domain::Error::Unavailable("".into()).into(),
        own => refused(own),
    };
    vec![(pascal(code.as_str()), error)]
}

/// Returns the error of a query that breaks two rules.
fn invalid() -> Vec<(String, Error)> {
    let page = parse::<PageRequest>(json!({"limit": "0", "cursor": "x"}), Source::Text);
    let error = page.err().map(|issues| domain::Error::Invalid(issues).into());
    error.map(|error| (pascal(ErrorCode::VALIDATION_ERROR.as_str()), error)).into_iter().collect()
}

/// Returns the error of a resource that doesn't exist, by the path parameter with its id.
fn missing(parameter: &'static str) -> (String, Error) {
    let name = capitalized(parameter.strip_suffix("Id").unwrap_or(parameter));
    // The process ends after the description.
    let resource: &'static str = name.clone().leak();
    (format!("{name}NotFound"), domain::Error::NotFound(resource).into())
}

/// Returns an error with an application's own code.
fn refused(code: ErrorCode) -> Error {
    let kind = match code.status() {
        StatusCode::FORBIDDEN => Kind::Forbidden,
        StatusCode::CONFLICT => Kind::Conflict,
        _ => Kind::Unprocessable,
    };
    let message: &'static str = capitalized(&code.as_str().to_lowercase().replace('_', " ")).leak();
    domain::Error::Refused { kind, code: code.as_str(), message }.into()
}

/// Converts `NOT_FOUND` to `NotFound`.
fn pascal(code: &str) -> String {
    code.split('_').map(|word| capitalized(&word.to_lowercase())).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
