//! Environment variables of this process: the only code that reads them.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;

/// Environment variables by name.
pub type Variables = BTreeMap<String, String>;

/// Returns all variables of this process, except those that are not UTF-8.
#[must_use]
pub fn snapshot() -> Variables {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Returns the variable `name` of this process; `None` if it is unset or empty.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this module reads them for all others")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the credentials for the emulators: for `external` ones those of the environment, if set, and otherwise `test`.
#[must_use]
pub fn credentials(external: bool) -> Credentials {
    let own = |name: &str| variable(name).filter(|_| external);
    Credentials::from_keys(
        own("AWS_ACCESS_KEY_ID").unwrap_or_else(|| "test".to_owned()),
        own("AWS_SECRET_ACCESS_KEY").unwrap_or_else(|| "test".to_owned()),
        own("AWS_SESSION_TOKEN"),
    )
}
