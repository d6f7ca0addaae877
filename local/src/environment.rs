//! The only place that reads this process's environment variables. What must stay out: their meaning.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;

/// The variables of a process, by name.
pub type Variables = BTreeMap<String, String>;

/// The variables that this process was started with. Those that are not UTF-8 are left out: no setting of ours is one.
#[must_use]
pub fn snapshot() -> Variables {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The variable `name` of this process; `None` when it is unset or empty, which mean the same for our own settings.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place that reads them")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The credentials for the emulators. Our own take anything, so they get the usual placeholder; emulators that somebody
/// else runs may want those of the environment.
#[must_use]
pub fn credentials(external: bool) -> Credentials {
    let own = |name: &str| variable(name).filter(|_| external);
    Credentials::from_keys(
        own("AWS_ACCESS_KEY_ID").unwrap_or_else(|| "test".to_owned()),
        own("AWS_SECRET_ACCESS_KEY").unwrap_or_else(|| "test".to_owned()),
        own("AWS_SESSION_TOKEN"),
    )
}
