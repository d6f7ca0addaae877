//! Headers of responses, as the description explains them.

use serde_json::{Value, json};

/// Returns the header object of a name.
pub(super) fn header(name: &str) -> Value {
    let (description, schema, is_always_sent) = match name {
        "x-request-id" => ("Id of the request in the log.", json!({"type": "string"}), true),
        "RateLimit" => (
            "Requests `r` that would pass now, and seconds `t` to the end of the window, as `\"default\";r=7;t=4`. Absent \
             while the limit's table is unavailable.",
            json!({"type": "string"}),
            false,
        ),
        "RateLimit-Policy" => (
            "Limit of `q` requests in a window of `w` seconds, as `\"default\";q=10;w=10`. `\"organization\"` is that of \
             all members together, and is sent if it is nearer to its end.",
            json!({"type": "string"}),
            false,
        ),
        "Retry-After" => ("Seconds to wait.", json!({"type": "integer", "minimum": 1}), true),
        "WWW-Authenticate" => (
            "`Bearer`, with an error if a token was sent.",
            json!({"type": "string", "enum": ["Bearer", "Bearer error=\"invalid_token\""]}),
            true,
        ),
        "ETag" => {
            ("Current version, for `If-Match`.", json!({"type": "string", "pattern": "^\"[0-9]+\"$"}), false)
        }
        "Location" => {
            ("Address of the resource.", json!({"type": "string", "format": "uri-reference"}), true)
        }
        "Idempotency-Replayed" => (
            "Sent with a response that was stored under the request's `Idempotency-Key`.",
            json!({"type": "string", "const": "true"}),
            false,
        ),
        "Accept-Encoding" => (
            "Accepted content codings, if the request's is none of them.",
            json!({"type": "string", "const": "identity"}),
            false,
        ),
        _ => ("Header of this application.", json!({"type": "string"}), false),
    };
    let mut header = json!({"description": description, "schema": schema});
    if is_always_sent {
        header["required"] = true.into();
    }
    header
}
