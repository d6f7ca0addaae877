//! Finds the token's cookie (RFC 6265).

use super::Credential;

/// The credential in the cookies: API Gateway hands over one `name=value` an entry, a header may hold several.
pub(super) fn credential(cookies: &[String], name: &str) -> Credential {
    let pairs = cookies.iter().flat_map(|cookies| cookies.split(';'));
    let mut values = pairs.filter_map(|pair| value(pair, name));
    match values.next() {
        None => Credential::None,
        // A sibling domain can set a cookie of this name too (cookie tossing), and nothing tells which one is ours.
        Some(first) if values.any(|other| other != first) => Credential::Ambiguous,
        Some(first) => Credential::Cookie(first.to_owned()),
    }
}

fn value<'c>(pair: &'c str, name: &str) -> Option<&'c str> {
    let (found, value) = pair.split_once('=')?;
    (found.trim() == name).then(|| unquoted(value.trim()))
}

/// One pair of double quotes is no part of the value.
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
    fn the_cookie_is_found_wherever_it_stands() {
        for cookies in
            [&["auth=t"][..], &["theme=dark", "auth=t"], &["theme=dark; auth=t; lang=en"], &[" auth = t "]]
        {
            assert_eq!(found(cookies), Credential::Cookie("t".to_owned()), "{cookies:?}");
        }
    }

    #[test]
    fn other_names_are_other_cookies() {
        assert_eq!(found(&["xauth=t", "auth2=t", "Auth=t", "auth", ""]), Credential::None);
    }

    #[test]
    fn equal_values_pass_and_different_ones_do_not() {
        assert_eq!(found(&["auth=t", "auth=t"]), Credential::Cookie("t".to_owned()));
        assert_eq!(found(&["auth=t", "auth=u"]), Credential::Ambiguous);
        assert_eq!(found(&["auth=t; auth="]), Credential::Ambiguous);
    }

    #[test]
    fn one_pair_of_quotes_is_no_part_of_the_value() {
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
