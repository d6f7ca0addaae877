//! A secret and the one before it, so that a secret can be changed while requests with the other one still pass.

use super::Env;

/// Minimum length of a secret in bytes, as of an HS256 key (RFC 7518, section 3.2).
const MIN_BYTES: usize = 32;

/// Reads the secret of the variable `current` and the one of `previous`, if they are set.
pub(super) fn read(env: &Env<'_>, current: &str, previous: &str) -> Option<Vec<Vec<u8>>> {
    let secrets = [current, previous].map(|name| env.get(name).map(|secret| (name, secret)));
    if let [None, Some(_)] = secrets {
        env.problem(previous, format!("is set without {current}"));
        return None;
    }
    let long_enough = |(name, secret): (&str, String)| {
        if secret.len() < MIN_BYTES {
            env.problem(name, format!("must have at least {MIN_BYTES} bytes"));
            return None;
        }
        // Replaced characters would make a secret that is not UTF-8 guessable.
        if secret.contains(char::REPLACEMENT_CHARACTER) {
            env.problem(name, "must be UTF-8");
            return None;
        }
        Some(secret.into_bytes())
    };
    secrets.into_iter().flatten().map(long_enough).collect()
}
