//! Differences between issuers: organizations, audiences, tenants, and reasons to refuse.

use super::*;

/// Returns the organizations of a token with these claims, of the candidates below.
fn organizations(place: &str, claims: &Value) -> std::result::Result<Vec<&'static str>, Refusal> {
    let token = signed(HEADER, &claims.to_string());
    let caller = outcome_with(|settings| settings.organizations = path(place), &token)?;
    let candidates = ["acme", "umbrella", "7", "-7", "7.5", "owner", "id", "0", "null", "true"];
    Ok(candidates.into_iter().filter(|id| caller.authorize_org(id).is_ok()).collect())
}

/// Returns the usual claims with these organizations.
fn listed(value: Value) -> Value {
    let mut claims = claims();
    claims["organizations"] = value;
    claims
}

#[test]
fn organizations_have_the_shapes_of_issuers() {
    for (value, ids) in [
        (json!("acme"), &["acme"][..]),
        (json!(["acme", "umbrella"]), &["acme", "umbrella"]),
        (json!(["acme", 7, -7]), &["acme", "7", "-7"]),
        (json!([{"id": "acme", "role": "owner"}, {"id": 7}]), &["acme", "7"]),
        (json!({"acme": "owner", "umbrella": {"id": "7"}}), &["acme", "umbrella"]),
        (json!({"acme": null}), &["acme"]),
        (json!(null), &[]),
        (json!([]), &[]),
        (json!({}), &[]),
        (json!(""), &[]),
        (json!(["", ".."]), &[]),
        (json!([{"id": ""}]), &[]),
    ] {
        assert_eq!(organizations("organizations", &listed(value.clone())).as_deref(), Ok(ids), "{value}");
    }
}

#[test]
fn organizations_of_other_types_are_refused() {
    for value in [
        json!(true),
        json!(7),
        json!(7.5),
        json!(["acme", null]),
        json!(["acme", true]),
        json!([7.5]),
        json!([["acme"]]),
        json!([{"name": "acme"}]),
        json!([{"id": null}]),
        json!([{"id": ["acme"]}]),
    ] {
        let found = organizations("organizations", &listed(value.clone()));
        assert_eq!(found, Err(Refusal::Organizations), "{value}");
    }
}

#[test]
fn organizations_claim_is_a_name_or_pointer() {
    let mut claims = claims();
    claims["https://acme.example/orgs"] = json!(["umbrella"]);
    claims["cognito:groups"] = json!(["7"]);
    claims["o"] = json!({"id": "acme", "rol": "owner"});
    claims["a/b"] = json!({"m~n": ["acme", "umbrella"]});
    for (place, ids) in [
        ("https://acme.example/orgs", &["umbrella"][..]),
        ("cognito:groups", &["7"]),
        ("/o/id", &["acme"]),
        ("/a~1b/m~0n", &["acme", "umbrella"]),
        ("/a~1b/m~0n/1", &["umbrella"]),
        ("/organizations", &["acme", "umbrella"]),
        ("/o/none", &[]),
        ("/organizations/id", &[]),
        ("o.id", &[]),
        ("Organizations", &[]),
    ] {
        assert_eq!(organizations(place, &claims).as_deref(), Ok(ids), "{place}");
    }
}

/// Returns `true` if a token with these members in place of `aud` is accepted for these audiences.
fn is_for(audience: &Audience, members: &Value) -> bool {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove("aud");
    claims.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let token = signed(HEADER, &claims.to_string());
    match outcome_with(|settings| settings.audience = audience.clone(), &token) {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal, Refusal::Audience, "{members}");
            false
        }
    }
}

#[test]
fn client_replaces_a_missing_audience() {
    let ours = Audience::OneOf(vec!["web".to_owned(), "mobile".to_owned()]);
    for members in [
        json!({"aud": "mobile"}),
        json!({"aud": ["other", "web"], "client_id": "other"}),
        json!({"client_id": "web"}),
        json!({"azp": "mobile"}),
        json!({"client_id": "web", "azp": "other"}),
    ] {
        assert!(is_for(&ours, &members), "{members}");
    }
    for members in [
        json!({}),
        json!({"aud": "other", "client_id": "web", "azp": "web"}),
        json!({"aud": null, "client_id": "web"}),
        json!({"aud": [], "azp": "web"}),
        json!({"client_id": "other", "azp": "web"}),
        json!({"client_id": null, "azp": "web"}),
        json!({"client_id": ["web"]}),
        json!({"azp": "web,mobile"}),
        json!({"azp": "*"}),
    ] {
        assert!(!is_for(&ours, &members), "{members}");
    }
}

#[test]
fn any_audience_accepts_every_token() {
    for members in [json!({}), json!({"aud": "other"}), json!({"client_id": "other"})] {
        assert!(is_for(&Audience::Any, &members), "{members}");
    }
}

#[test]
fn tenant_id_fills_the_issuer() {
    let verify = |issuer: &str, tenant: &Value| {
        let mut claims = claims();
        (claims["iss"], claims["tid"]) = (json!(issuer), tenant.clone());
        let token = signed(HEADER, &claims.to_string());
        outcome_with(|settings| settings.issuer = "https://login.example/{tenantid}/v2.0".to_owned(), &token)
    };
    assert!(verify("https://login.example/t1/v2.0", &json!("t1")).is_ok());
    for (issuer, tenant) in [
        ("https://login.example/t2/v2.0", json!("t1")),
        ("https://login.example//v2.0", json!("")),
        ("https://login.example/{tenantid}/v2.0", json!("t1")),
        ("https://login.example/t1/v2.0", json!(null)),
        ("https://login.example/t1/v2.0", json!(["t1"])),
        ("https://evil.example/t1/v2.0", json!("t1")),
    ] {
        assert_eq!(verify(issuer, &tenant), Err(Refusal::Issuer), "{issuer} {tenant}");
    }
}

#[test]
fn tenant_key_verifies_no_other_tenant() {
    // The set has another key, so a token of the right tenant fails at the signature.
    let verify = |tenant: &str| {
        let issuer = |tenant: &str| format!("https://login.example/{tenant}/v2.0");
        let x = "ZVRXb9jn9XcIZEz5Yk-GrtatbY8LRR8rftye3u3yugI";
        let key = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "1", "issuer": issuer("t1")});
        let set = json!({ "keys": [key] }).to_string().parse::<KeySet>().unwrap();
        let mut claims = claims();
        (claims["iss"], claims["tid"]) = (json!(issuer(tenant)), json!(tenant));
        let token = signed(r#"{"alg":"EdDSA","kid":"1"}"#, &claims.to_string());
        let change = |settings: &mut AuthSettings| {
            settings.issuer = issuer("{tenantid}");
            settings.keys = KeySources { secrets: Vec::new(), set: Some(KeySetSource::Inline(set)) };
        };
        outcome_with(change, &token)
    };
    assert_eq!(verify("t1"), Err(Refusal::Signature));
    assert_eq!(verify("t2"), Err(Refusal::Key));
}

#[test]
fn repeated_members_at_any_depth_are_refused() {
    for doubled in
        [r#"[{"id":"other","id":"acme"}]"#, r#"{"acme":{"a":1,"a":2}}"#, r#"{"acme":"owner","acme":"owner"}"#]
    {
        let token = edited(r#"["acme","umbrella"]"#, doubled);
        assert_eq!(refusal(&token), Some(Refusal::Form), "{doubled}");
    }
}

#[test]
fn organization_ids_are_never_parsed_as_json() {
    let name = "$serde_json::private::RawValue";
    let token = edited(r#"["acme","umbrella"]"#, &format!(r#"{{"{name}":"[\"acme\"]"}}"#));
    let caller = outcome_with(|_| {}, &token).unwrap();
    assert!(caller.authorize_org("acme").is_err() && caller.authorize_org(name).is_ok());
}

#[test]
fn previous_secret_verifies_too() {
    let token = signed(HEADER, &claims().to_string());
    let verified = |secrets: [&str; 2]| {
        outcome_with(|settings| settings.keys.secrets = secrets.map(Into::into).to_vec(), &token)
    };
    let (new, other) = ("a new secret of at least 32 bytes, too", "another one that has at least 32 bytes");
    assert!(verified([new, SECRET]).is_ok() && verified([SECRET, new]).is_ok());
    assert_eq!(verified([new, other]), Err(Refusal::Signature));
}

#[test]
fn each_refusal_has_its_reason() {
    for (token, reason) in [
        (String::new(), Refusal::Form),
        ("a.b.c".to_owned(), Refusal::Form),
        (signed(r#"{"alg":"HS256","crit":["x"]}"#, &claims().to_string()), Refusal::Form),
        ("x".repeat(MAX_BYTES + 1), Refusal::TooLong),
        (with("iss", json!("https://issuer.example/")), Refusal::Issuer),
        (without("aud"), Refusal::Audience),
        (with("exp", json!(NOW - 5)), Refusal::Expiry),
        (with("exp", json!("tomorrow")), Refusal::Expiry),
        (with("nbf", json!(NOW + 6)), Refusal::NotBefore),
        (without("sub"), Refusal::Subject),
        (with("organizations", json!(1)), Refusal::Organizations),
        (signed(r#"{"alg":"none"}"#, &claims().to_string()), Refusal::Algorithm),
        (signed(r#"{"alg":"HS512"}"#, &claims().to_string()), Refusal::Algorithm),
        (format!("{}A", signed(HEADER, &claims().to_string())), Refusal::Signature),
    ] {
        assert_eq!(refusal(&token), Some(reason), "{token}");
    }
}
