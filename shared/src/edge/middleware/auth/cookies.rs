//! Cookie of the token (RFC 6265).

use super::Credential;

/// Returns the credential in the cookies. API Gateway sends one `name=value` per entry, a `Cookie` header several.
pub(super) fn credential(cookies: &[String], name: &str) -> Credential {
    let pairs = cookies.iter().flat_map(|cookies| cookies.split(';'));
    let mut values = pairs.filter_map(|pair| value(pair, name));
    match values.next() {
        None => Credential::None,
        // A sibling domain can set a cookie of this name too (cookie tossing), and the two look the same.
        Some(first) if values.any(|other| other != first) => Credential::Ambiguous,
        Some(first) => Credential::Cookie(first.to_owned()),
    }
}

fn value<'c>(pair: &'c str, name: &str) -> Option<&'c str> {
    let (found, value) = pair.split_once('=')?;
    (found.trim() == name).then(|| unquoted(value.trim()))
}

/// Removes one pair of double quotes.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cookies: &[&str]) -> Credential {
        credential(&cookies.iter().map(ToString::to_string).collect::<Vec<_>>(), "auth")
    }

    #[test]
    fn cookie_is_found_among_others() {
        for cookies in
            [&["auth=t"][..], &["theme=dark", "auth=t"], &["theme=dark; auth=t; lang=en"], &[" auth = t "]]
        {
            assert_eq!(found(cookies), Credential::Cookie("t".to_owned()), "{cookies:?}");
        }
    }

    #[test]
    fn other_cookie_names_are_ignored() {
        assert_eq!(found(&["xauth=t", "auth2=t", "Auth=t", "auth", ""]), Credential::None);
    }

    #[test]
    fn different_values_are_ambiguous() {
        assert_eq!(found(&["auth=t", "auth=t"]), Credential::Cookie("t".to_owned()));
        assert_eq!(found(&["auth=t", "auth=u"]), Credential::Ambiguous);
        assert_eq!(found(&["auth=t; auth="]), Credential::Ambiguous);
    }

    #[test]
    fn one_pair_of_quotes_is_removed() {
        let cookie = |value: &str| Credential::Cookie(value.to_owned());
        for (sent, value) in [
            ("auth=\"t\"", "t"),
            ("auth= \"t\" ", "t"),
            ("auth=\"t\"; theme=dark", "t"),
            ("auth=\"\"t\"\"", "\"t\""),
            ("auth=\"\"", ""),
            ("auth=\"t", "\"t"),
            ("auth=t\"", "t\""),
            ("auth=\"", "\""),
        ] {
            assert_eq!(found(&[sent]), cookie(value), "{sent}");
        }
        assert_eq!(found(&["auth=\"t\"", "auth=t"]), cookie("t"));
        assert_eq!(found(&["auth=\"t\"; auth=\"u\""]), Credential::Ambiguous);
    }
}
