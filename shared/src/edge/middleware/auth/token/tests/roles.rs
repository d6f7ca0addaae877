//! Roles in the shapes of identity providers, and the organizations where each counts.

use super::*;

/// Returns the roles of a token with these members in each organization, of the candidates below.
fn roles(place: Option<&str>, members: &Value, organizations: &[&str]) -> Vec<Vec<&'static str>> {
    let mut claims = claims();
    claims.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let token = signed(HEADER, &claims.to_string());
    let caller = outcome_with(|settings| settings.roles = place.map(path), &token).unwrap();
    let candidates = ["admin", "owner", "member", "role", "roles", "id", "acme", "7", "true", "null", ""];
    let held = |organization: &&str| {
        let scope = caller.authorize_org(organization).unwrap();
        candidates.into_iter().filter(|role| scope.has_role(role)).collect()
    };
    organizations.iter().map(held).collect()
}

#[test]
fn token_roles_count_in_every_organization() {
    for (place, members, expected) in [
        ("https://example.com/roles", json!({"https://example.com/roles": ["admin"]}), &["admin"][..]),
        ("role", json!({"role": "admin", "roles": ["member"]}), &["admin"]),
        ("/o/rol", json!({"o": {"id": "acme", "rol": "admin", "slg": "acme"}}), &["admin"]),
        ("/realm_access/roles", json!({"realm_access": {"roles": ["admin", "owner"]}}), &["admin", "owner"]),
        ("roles", json!({"realm_access": {"roles": ["admin"]}}), &[]),
    ] {
        let found = roles(Some(place), &members, &["acme", "umbrella"]);
        assert_eq!(found, [expected, expected], "{place} in {members}");
    }
}

#[test]
fn organization_roles_count_there_only() {
    for (organizations, expected) in [
        (json!({"acme": "admin", "umbrella": "member"}), [&["admin"][..], &["member"]]),
        (json!({"acme": ["admin", "owner"], "umbrella": []}), [&["admin", "owner"], &[]]),
        (json!({"acme": {"role": "admin", "roles": ["owner"]}, "umbrella": {}}), [&["admin", "owner"], &[]]),
        (json!({"acme": {"id": "7", "roles": "admin"}, "umbrella": {"id": "8"}}), [&["admin"], &[]]),
        (json!([{"id": "acme", "role": "admin"}, "umbrella"]), [&["admin"], &[]]),
        (
            json!([{"id": "acme", "roles": ["admin"]}, {"id": "acme", "role": "owner"}, {"id": "umbrella"}]),
            [&["admin", "owner"], &[]],
        ),
        (json!(["acme", "umbrella"]), [&[], &[]]),
    ] {
        let found = roles(None, &json!({ "organizations": organizations }), &["acme", "umbrella"]);
        assert_eq!(found, expected, "{organizations}");
    }
}

#[test]
fn roles_of_both_claims_add_up() {
    let members = json!({"organizations": {"acme": "owner", "umbrella": null}, "roles": "admin"});
    let found = roles(Some("roles"), &members, &["acme", "umbrella"]);
    assert_eq!(found, [&["admin", "owner"][..], &["admin"]]);
}

#[test]
fn roles_with_organizations_count_in_those() {
    let claim = "urn:zitadel:iam:org:project:roles";
    let members = json!({claim: {
        "admin": {"acme": "acme.example", "initech": "initech.example"},
        "owner": {"umbrella": "umbrella.example"},
        "member": true,
        "roles": ["acme"],
        "7": {},
    }});
    assert_eq!(roles(Some(claim), &members, &["acme", "umbrella"]), [["admin"], ["owner"]]);
}

#[test]
fn other_values_give_no_role_and_pass() {
    for odd in [json!(null), json!(true), json!(7), json!([["admin"], {"name": "admin"}, 7, true, null])] {
        for organizations in [
            json!({"acme": odd}),
            json!({"acme": {"role": odd, "roles": odd}}),
            json!({"acme": {"role": {"admin": true}, "roles": {"admin": {"acme": ""}}}}),
            json!([{"id": "acme", "role": odd, "roles": odd}]),
        ] {
            let members = json!({"organizations": organizations, "roles": odd});
            assert_eq!(roles(Some("roles"), &members, &["acme"]), [[""; 0]], "{members}");
        }
    }
}

#[test]
fn token_holds_as_many_roles_as_fit() {
    let many: Vec<_> = (0..900).map(|role| role.to_string()).collect();
    let token = with("organizations", json!({"acme": many}));
    assert!(verified(&token).unwrap().authorize_org("acme").unwrap().has_role("899"));
}
