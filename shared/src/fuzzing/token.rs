//! Tokens: accepted only with the key's signature, and only for the caller of their claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, crypto};
use serde_json::{Map, Value};

use super::fixture::{AUDIENCE, ISSUER, LEEWAY, NOW, SECRET, auth, first_line, json_of, verified};
use crate::domain::Caller;
use crate::edge::middleware::auth::Auth;

/// Input: a token in one line; or the texts of a header (one line) and of claims (the rest), to be signed.
pub fn token(data: &[u8]) {
    let (line, rest) = first_line(data);
    let auth = auth();
    if rest.is_empty() {
        return drop(accepted(&auth, line.trim()));
    }
    let token = signed(line.as_bytes(), rest, SECRET);
    match accepted(&auth, &token) {
        Some(caller) => assert_bound_to_signature(&auth, &token, &caller, data),
        None => assert_eq!(
            verified(&auth, &signed(line.as_bytes(), rest, "another key of at least 32 bytes")),
            None
        ),
    }
    assert_contract(&auth, &line, rest);
}

fn signed(header: &[u8], claims: &[u8], secret: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("a secret signs");
    format!("{message}.{signature}")
}

/// Returns the caller. Asserts that the contract and another implementation accept the token too.
fn accepted(auth: &Auth, token: &str) -> Option<Caller> {
    let caller = verified(auth, token)?;
    let mut parts = token.split('.').map(object);
    let (header, claims) = (parts.next()?, parts.next()?);
    assert_eq!(expected_caller(&header, &claims), Some(identity(caller.clone())), "{header:?} {claims:?}");
    assert_roles(&caller, &claims);
    // The other implementation also reads members that we ignore, such as keys, and refuses some of them.
    if jsonwebtoken::decode_header(token).is_ok() {
        assert_other_library_accepts(token);
    }
    Some(caller)
}

fn object(part: &str) -> Map<String, Value> {
    let text = URL_SAFE_NO_PAD.decode(part).expect("an accepted part is base64");
    json_of(&text).and_then(|value| value.as_object().cloned()).expect("an accepted part is an object")
}

fn assert_other_library_accepts(token: &str) {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    // It would read the clock.
    (validation.validate_exp, validation.required_spec_claims) = (false, ["iss".into()].into());
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation);
    assert!(decoded.is_ok(), "{decoded:?} for {token}");
}

/// Asserts that a token is refused with a character changed or cut off.
fn assert_bound_to_signature(auth: &Auth, token: &str, caller: &Caller, data: &[u8]) {
    let sum = data.iter().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
    let at = sum % token.len();
    let letters = b"AQgw.-_=".iter().map(|letter| char::from(*letter).to_string());
    for letter in letters.filter(|letter| *letter != token[at..=at]) {
        let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
        assert_eq!(verified(auth, &changed), None, "{changed} for {token}");
    }
    assert_eq!(verified(auth, &token[..at]), None);
    assert_eq!(verified(auth, token).as_ref(), Some(caller));
}

/// Asserts that a token without duplicate members is accepted exactly if it satisfies the contract.
fn assert_contract(auth: &Auth, header: &str, claims: &[u8]) {
    let (Some(header), Some(claims)) = (json_of(header.as_bytes()), json_of(claims)) else {
        return;
    };
    let token = signed(header.to_string().as_bytes(), claims.to_string().as_bytes(), SECRET);
    let usual = |header: &Map<String, Value>| {
        header.keys().all(|name| ["alg", "typ", "crit", "b64"].contains(&name.as_str()))
    };
    match (header.as_object(), claims.as_object()) {
        _ if token.len() > 8192 => assert_eq!(verified(auth, &token), None),
        (Some(header), Some(claims)) if usual(header) => {
            assert_eq!(verified(auth, &token).map(identity), expected_caller(header, claims));
        }
        (Some(_), Some(_)) => {}
        _ => assert_eq!(verified(auth, &token), None, "header and claims must be objects"),
    }
}

/// Removes the roles.
fn identity(caller: Caller) -> Caller {
    caller.with_grants(Vec::new())
}

/// Asserts that of all names in the claims, exactly the roles of the contract are valid in each organization.
fn assert_roles(caller: &Caller, claims: &Map<String, Value>) {
    let mut names = Vec::new();
    for claim in ["organizations", "roles"] {
        claims.get(claim).into_iter().for_each(|value| collect_names(value, &mut names));
    }
    names.truncate(64);
    for scope in names.iter().filter_map(|name| caller.authorize_org(name).ok()) {
        let organization = scope.organization().as_str();
        for role in &names {
            let expected = grants(claims, organization, role);
            assert_eq!(scope.has_role(role), expected, "{role} in {organization}: {claims:?}");
        }
    }
}

/// Collects keys and strings at any depth.
fn collect_names(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::String(text) => names.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            names.push(name.clone());
            collect_names(value, names);
        }),
        _ => {}
    }
}

/// Returns `true` if these claims grant the role in the organization, by the contract.
fn grants(claims: &Map<String, Value>, organization: &str, role: &str) -> bool {
    let lists =
        |value: &Value| value == role || value.as_array().is_some_and(|all| all.contains(&role.into()));
    let describes = |value: &Value| lists(&value["role"]) || lists(&value["roles"]);
    let own = match claims.get("organizations") {
        Some(Value::Array(items)) => {
            items.iter().any(|item| listed_id(item).is_some_and(|id| id == organization) && describes(item))
        }
        Some(Value::Object(ids)) => lists(&ids[organization]) || describes(&ids[organization]),
        _ => false,
    };
    let of_token = claims.get("roles").is_some_and(|roles| match roles {
        Value::Object(roles) => roles.get(role).is_some_and(|ids| ids.get(organization).is_some()),
        _ => lists(roles),
    });
    own || of_token
}

/// Returns the caller of a genuine token, by the contract.
fn expected_caller(header: &Map<String, Value>, claims: &Map<String, Value>) -> Option<Caller> {
    let organizations = match claims.get("organizations") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(id)) => vec![id.clone()],
        Some(Value::Array(ids)) => ids.iter().map(listed_id).collect::<Option<_>>()?,
        Some(Value::Object(ids)) => ids.keys().cloned().collect(),
        Some(_) => return None,
    };
    let organizations = organizations.iter().filter_map(|id| id.parse().ok()).collect();
    let user = claims.get("sub")?.as_str()?.parse().ok()?;
    let fits = has_valid_header(header) && has_our_audience_and_issuer(claims) && is_valid_now(claims)?;
    fits.then(|| Caller::new(user, organizations))
}

/// Returns the id of an organization in an array.
fn listed_id(item: &Value) -> Option<String> {
    let id = if item.is_object() { item.get("id")? } else { item };
    let number = id.as_u64().map(|id| id.to_string()).or_else(|| id.as_i64().map(|id| id.to_string()));
    number.or_else(|| id.as_str().map(str::to_owned))
}

fn has_valid_header(header: &Map<String, Value>) -> bool {
    let typ = header.get("typ").is_none_or(|typ| {
        let typ = typ.as_str().unwrap_or_default().to_ascii_lowercase();
        ["jwt", "at+jwt"].contains(&typ.strip_prefix("application/").unwrap_or(&typ))
    });
    let changes = ["crit", "b64"].iter().any(|name| header.contains_key(*name));
    typ && !changes && header.get("alg").is_some_and(|alg| alg == "HS256")
}

fn has_our_audience_and_issuer(claims: &Map<String, Value>) -> bool {
    let several = claims.get("aud").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let client = claims.get("client_id").or_else(|| claims.get("azp"));
    let one = claims.get("aud").or(client).is_some_and(|aud| aud == AUDIENCE);
    let ours = one || several.iter().all(Value::is_string) && several.iter().any(|aud| aud == AUDIENCE);
    ours && claims.get("iss").is_some_and(|issuer| issuer == ISSUER)
}

fn is_valid_now(claims: &Map<String, Value>) -> Option<bool> {
    let now = NOW.as_duration().as_secs_f64();
    let begun = claims.get("nbf").is_none_or(|nbf| nbf.as_f64().is_some_and(|nbf| nbf - LEEWAY <= now));
    Some(begun && now < claims.get("exp")?.as_f64()? + LEEWAY)
}
