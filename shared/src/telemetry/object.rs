//! Writer of a JSON object, member by member. `serde` would need a type for each line.

use std::fmt::{self, Display, Write};

/// JSON object in the making.
#[derive(Debug)]
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self(String::from("{"))
    }

    /// Adds a text.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.quote(value);
    }

    /// Adds a text, if there is one.
    pub(crate) fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// Adds a value whose `Display` is JSON, such as a number or an object.
    pub(crate) fn raw(&mut self, name: &str, value: &dyn Display) {
        self.name(name);
        // A text takes everything.
        let _ = write!(self.0, "{value}");
    }

    /// Adds a number, unless it is zero.
    pub(crate) fn positive(&mut self, name: &str, value: u64) {
        if value > 0 {
            self.raw(name, &value);
        }
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.quote(name);
        self.0.push(':');
    }

    fn quote(&mut self, text: &str) {
        // Every text can be written as JSON.
        self.0.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

/// The finished object.
impl Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}}}", self.0)
    }
}

/// List of values whose `Display` is JSON.
#[derive(Debug)]
pub(crate) struct List<'l, T>(pub(crate) &'l [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            write!(f, "{}{value}", if index == 0 { '[' } else { ',' })?;
        }
        f.write_str(if self.0.is_empty() { "[]" } else { "]" })
    }
}
