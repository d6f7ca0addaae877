//! Rules of the claims.

use super::*;

#[test]
fn claims_that_are_relied_on_are_required() {
    for name in ["iss", "aud", "sub", "exp"] {
        assert_eq!(verified(&without(name)), None, "{name}");
        assert_eq!(verified(&with(name, Value::Null)), None, "{name}");
    }
}

#[test]
fn issuer_matches_exactly() {
    for issuer in [
        json!("https://issuer.example/"),
        json!("https://ISSUER.example"),
        json!("https://other.example"),
        json!(""),
        json!(["https://issuer.example"]),
        json!({"https://issuer.example": true}),
    ] {
        assert_eq!(verified(&with("iss", issuer.clone())), None, "{issuer}");
    }
}

#[test]
fn audience_is_one_or_a_list() {
    for audience in [json!("projects"), json!(["projects"]), json!(["billing", "projects"])] {
        assert!(verified(&with("aud", audience.clone())).is_some(), "{audience}");
    }
    for audience in [
        json!("billing"),
        json!("projects "),
        json!("projects2"),
        json!("Projects"),
        json!(""),
        json!([]),
        json!(["billing"]),
        json!(["projects", 1]),
        json!([["projects"]]),
        json!({"projects": 1}),
        json!(true),
    ] {
        assert_eq!(verified(&with("aud", audience.clone())), None, "{audience}");
    }
}

/// Returns `true` if the usual token, with one of its times set, is valid at this millisecond.
fn is_valid_at(leeway: u32, name: &str, time: Value, millis: i64) -> bool {
    let now = Timestamp::from_millisecond(millis).unwrap();
    verified_with(leeway, &with(name, time), now).is_some()
}

#[test]
fn token_expires_after_its_leeway() {
    for leeway in [0, 5, 300] {
        let end = (NOW + i64::from(leeway)) * 1_000;
        assert!(is_valid_at(leeway, "exp", json!(NOW), end - 1), "{leeway} s");
        assert!(!is_valid_at(leeway, "exp", json!(NOW), end), "{leeway} s");
    }
}

#[test]
fn token_begins_a_leeway_early() {
    for leeway in [0, 5, 300] {
        let begin = (NOW - i64::from(leeway)) * 1_000;
        assert!(!is_valid_at(leeway, "nbf", json!(NOW), begin - 1), "{leeway} s");
        assert!(is_valid_at(leeway, "nbf", json!(NOW), begin), "{leeway} s");
    }
}

#[test]
fn times_may_have_fractions() {
    let half = json!(1_700_000_000.5);
    assert!(is_valid_at(0, "exp", half.clone(), NOW * 1_000 + 499));
    assert!(!is_valid_at(0, "exp", half.clone(), NOW * 1_000 + 500));
    assert!(!is_valid_at(0, "nbf", half.clone(), NOW * 1_000 + 499));
    assert!(is_valid_at(0, "nbf", half, NOW * 1_000 + 500));
}

#[test]
fn times_are_numbers() {
    for name in ["exp", "nbf"] {
        for time in
            [json!("1700000060"), json!(""), json!(null), json!(true), json!([NOW]), json!({"s": NOW})]
        {
            assert_eq!(verified(&with(name, time.clone())), None, "{name}: {time}");
        }
    }
    for exp in ["NaN", "Infinity", "1e999", "1700000060s", "0x7fffffff"] {
        assert_eq!(verified(&edited(&(NOW + 60).to_string(), exp)), None, "{exp}");
    }
}

#[test]
fn times_outside_the_calendar_compare_as_numbers() {
    assert!(verified(&with("exp", json!(1e300))).is_some());
    assert!(verified(&with("nbf", json!(-1e300))).is_some());
    for (name, time) in
        [("exp", json!(-1e300)), ("exp", json!(0)), ("exp", json!(-1)), ("nbf", json!(u64::MAX))]
    {
        assert_eq!(verified(&with(name, time.clone())), None, "{name}: {time}");
    }
}

#[test]
fn user_id_is_valid() {
    for user in
        [json!(""), json!("a\u{0}b"), json!("a\nb"), json!("u".repeat(256)), json!(5), json!(["alice"])]
    {
        assert_eq!(verified(&with("sub", user.clone())), None, "{user}");
    }
    assert!(verified(&with("sub", json!("u".repeat(255)))).is_some());
}

#[test]
fn missing_organizations_give_no_membership() {
    for token in
        [without("organizations"), with("organizations", json!([])), with("organizations", json!(null))]
    {
        assert!(verified(&token).unwrap().authorize_org("acme").is_err());
    }
}

#[test]
fn invalid_organization_ids_give_no_membership() {
    let caller = verified(&with("organizations", json!(["", "a\nb", "acme"]))).unwrap();
    assert!(caller.authorize_org("acme").is_ok());
    assert!(caller.authorize_org("").is_err() && caller.authorize_org("a\nb").is_err());
}

#[test]
fn repeated_claims_are_refused() {
    for name in ["iss", "aud", "sub", "exp", "organizations"] {
        let doubled = claims().to_string().replacen('{', &format!("{{\"{name}\":{},", claims()[name]), 1);
        assert_eq!(verified(&signed(HEADER, &doubled)), None, "{name}");
    }
}

#[test]
fn unknown_claims_are_ignored() {
    for value in [json!(null), json!({"deep": [1, {}]}), json!("text")] {
        assert!(verified(&with("custom", value.clone())).is_some(), "{value}");
    }
}

#[test]
fn claims_are_a_json_object() {
    for text in ["", "null", "[]", "\"alice\"", "1", "{", "{}", "not json"] {
        assert_eq!(verified(&signed(HEADER, text)), None, "{text}");
    }
    let message = format!("{}.{}", encoded(HEADER), URL_SAFE_NO_PAD.encode(b"{\"sub\":\"\xff\"}"));
    assert_eq!(verified(&format!("{message}.{}", signature(&message, SECRET, Algorithm::HS256))), None);
}
