//! Parameters of the template, and conditions on them: `!Equals` of parameters and texts, and `!Not`, `!And`, `!Or` and
//! `!Condition` of conditions. Any other condition is unknown.

use std::collections::BTreeMap;

use serde::Deserialize;
use yaml_serde::Value;

/// Deepest nesting of a condition that is read. One that refers to itself ends there.
const DEEPEST: usize = 16;

/// Declared parameters and conditions, by name.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) declared: BTreeMap<String, Parameter>,
    pub(super) conditions: BTreeMap<String, Value>,
}

/// Declared parameter. Without a default it has no value.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameter {
    pub(super) default: Option<Value>,
}

impl Parameters {
    /// Returns `true` or `false` for a condition on parameters; `None` for any other.
    pub(super) fn condition(&self, name: &str) -> Option<bool> {
        self.named(name, DEEPEST)
    }

    /// Returns the value that `!If [condition, then, otherwise]` has.
    pub(super) fn choose<'v>(&self, choice: &'v [Value]) -> Option<&'v Value> {
        let [Value::String(condition), then, otherwise] = choice else { return None };
        self.condition(condition).map(|holds| if holds { then } else { otherwise })
    }

    fn named(&self, name: &str, depth: usize) -> Option<bool> {
        self.holds(self.conditions.get(name)?, depth.checked_sub(1)?)
    }

    fn holds(&self, condition: &Value, depth: usize) -> Option<bool> {
        let (function, argument) = call(condition)?;
        if let ("Condition", Value::String(name)) = (function.as_str(), argument) {
            return self.named(name, depth);
        }
        let (arguments, depth) = (argument.as_sequence()?, depth.checked_sub(1)?);
        let mut parts = arguments.iter().map(|argument| self.holds(argument, depth));
        match (function.as_str(), arguments.as_slice()) {
            ("Equals", [one, other]) => Some(self.text(one)? == self.text(other)?),
            ("Not", [_]) => parts.next()?.map(|holds| !holds),
            ("And", _) => parts.try_fold(true, |all, part| part.map(|part| all && part)),
            ("Or", _) => parts.try_fold(false, |any, part| part.map(|part| any || part)),
            _ => None,
        }
    }

    /// Returns a text, or the default of the parameter that `!Ref` names.
    fn text(&self, value: &Value) -> Option<String> {
        match call(value) {
            Some((function, Value::String(id))) if function == "Ref" => {
                self.declared.get(id)?.default.as_ref().map(text)
            }
            Some(_) => None,
            None => Some(text(value)),
        }
    }
}

/// Returns the name and the argument of an intrinsic function, in short or long form.
fn call(value: &Value) -> Option<(String, &Value)> {
    match value {
        Value::Tagged(tagged) => {
            Some((tagged.tag.to_string().trim_start_matches('!').to_owned(), &tagged.value))
        }
        Value::Mapping(mapping) => {
            let (name, argument) = mapping.iter().next()?;
            Some((name.as_str()?.trim_start_matches("Fn::").to_owned(), argument))
        }
        _ => None,
    }
}

/// Returns a scalar as text.
pub(super) fn text(scalar: &Value) -> String {
    match scalar {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
