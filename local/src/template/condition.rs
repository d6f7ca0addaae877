//! Conditions of the template: `!Equals` of parameters and texts, and `!Not`, `!And`, `!Or` and `Condition` of conditions.

use std::collections::BTreeMap;

use serde::Deserialize;
use yaml_serde::Value;

use super::expression::{Expression, Parameters};

/// Declared conditions, by name.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Conditions(BTreeMap<String, Value>);

/// Deepest nesting that is read. A condition that refers to itself ends there.
const DEEPEST: usize = 16;

impl Conditions {
    /// Returns `true` or `false` for a condition that depends on parameters only; `None` for any other.
    pub(super) fn holds(&self, name: &str, parameters: &Parameters) -> Option<bool> {
        self.named(name, parameters, DEEPEST)
    }

    fn named(&self, name: &str, parameters: &Parameters, depth: usize) -> Option<bool> {
        self.value(self.0.get(name)?, parameters, depth.checked_sub(1)?)
    }

    fn value(&self, value: &Value, parameters: &Parameters, depth: usize) -> Option<bool> {
        let (function, argument) = call(value)?;
        if let ("Condition", Value::String(name)) = (function.as_str(), argument) {
            return self.named(name, parameters, depth);
        }
        let (arguments, depth) = (argument.as_sequence()?, depth.checked_sub(1)?);
        let texts = || arguments.iter().map(|argument| Expression::read(argument, parameters).literal());
        let parts = || arguments.iter().map(|argument| self.value(argument, parameters, depth));
        match function.as_str() {
            "Equals" => match texts().collect::<Option<Vec<_>>>()?.as_slice() {
                [one, other] => Some(one == other),
                _ => None,
            },
            "Not" => parts().next()?.map(|holds| !holds),
            "And" => parts().try_fold(true, |all, part| part.map(|part| all && part)),
            "Or" => parts().try_fold(false, |any, part| part.map(|part| any || part)),
            _ => None,
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
