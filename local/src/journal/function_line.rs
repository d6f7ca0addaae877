//! Lines that a function logs besides the one about its request: warnings, and texts of the developer.

use serde_json::{Map, Value};

use super::summary::causes;
use crate::terminal::{Color, paint, printable};

/// Maximum characters of a line.
const MAX_LINE: usize = 2000;
/// Fields that are shown elsewhere or not.
const HIDDEN: [&str; 6] = ["timestamp", "level", "message", "request_id", "function_request_id", "error"];

/// Formats a line that belongs to no invocation, such as one of init.
pub(crate) fn unattached(binary: &str, line: &str) -> String {
    lines(binary, line).join("\n  ")
}

/// Formats a line with the function's name. The causes of an error follow, one a line.
pub(super) fn lines(binary: &str, line: &str) -> Vec<String> {
    let name = format!("[{binary}]");
    let name = paint(Color::Dim, &name);
    match serde_json::from_str(line) {
        Ok(Value::Object(fields)) if fields.contains_key("message") => {
            let first = format!("{name} {}", event(&fields));
            let error = fields.get("error").and_then(Value::as_str).map(causes).unwrap_or_default();
            let causes = error.iter().map(|cause| format!("  {}", printable(cause, MAX_LINE)));
            std::iter::once(first).chain(causes).collect()
        }
        _ => vec![format!("{name} {}", printable(line, MAX_LINE))],
    }
}

/// Formats a line of the functions' JSON log: level, message and fields.
fn event(fields: &Map<String, Value>) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let field = |name| fields.get(name).map(text).unwrap_or_default();
    let others = fields.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()));
    let others = others.map(|(name, value)| format!(" {name}={}", text(value)));
    let rest = format!("{}{}", field("message"), others.collect::<String>());
    let level = field("level");
    let color = match level.as_str() {
        "ERROR" => Color::Red,
        "WARN" => Color::Yellow,
        _ => Color::Dim,
    };
    format!("{} {}", paint(color, &printable(&level, 10)), printable(&rest, MAX_LINE))
}
