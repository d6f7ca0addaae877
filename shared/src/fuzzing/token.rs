//! The token: taken only with the key's own signature, and only for what it says in so many words.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, crypto};
use serde_json::{Map, Value};

use super::stage::{AUDIENCE, ISSUER, LEEWAY, NOW, SECRET, auth, first_line, json_of, verified};
use crate::domain::Caller;
use crate::edge::middleware::auth::Auth;

/// An input is a token in one line, or the texts of its header (one line) and of its claims (the rest), to be signed.
pub fn token(data: &[u8]) {
    let (line, rest) = first_line(data);
    let auth = auth();
    if rest.is_empty() {
        return drop(taken(&auth, line.trim()));
    }
    let token = signed(line.as_bytes(), rest, SECRET);
    match taken(&auth, &token) {
        Some(caller) => belongs_to_its_signature(&auth, &token, &caller, data),
        None => assert_eq!(
            verified(&auth, &signed(line.as_bytes(), rest, "another key of at least 32 bytes")),
            None
        ),
    }
    says_what_it_must(&auth, &line, rest);
}

fn signed(header: &[u8], claims: &[u8], secret: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("a secret signs");
    format!("{message}.{signature}")
}

/// The caller; whoever is taken for one, the contract says so and another implementation takes the token too.
fn taken(auth: &Auth, token: &str) -> Option<Caller> {
    let caller = verified(auth, token)?;
    let mut parts = token.split('.').map(object);
    let (header, claims) = (parts.next()?, parts.next()?);
    assert_eq!(proves(&header, &claims), Some(identity(caller.clone())), "{header:?} {claims:?}");
    has_the_roles_it_was_given(&caller, &claims);
    // It reads members that are nothing to us, such as keys, and refuses some tokens for what they are.
    if jsonwebtoken::decode_header(token).is_ok() {
        is_genuine_to_another(token);
    }
    Some(caller)
}

fn object(part: &str) -> Map<String, Value> {
    let text = URL_SAFE_NO_PAD.decode(part).expect("what is taken is base64");
    json_of(&text).and_then(|value| value.as_object().cloned()).expect("what is taken is an object")
}

fn is_genuine_to_another(token: &str) {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    // It would read the clock for the times.
    (validation.validate_exp, validation.required_spec_claims) = (false, ["iss".into()].into());
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation);
    assert!(decoded.is_ok(), "{decoded:?} for {token}");
}

/// Not a character of it can be changed, and nothing can be cut off.
fn belongs_to_its_signature(auth: &Auth, token: &str, caller: &Caller, data: &[u8]) {
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

/// With keys that are there once only, a token is taken exactly if it keeps the contract.
fn says_what_it_must(auth: &Auth, header: &str, claims: &[u8]) {
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
            assert_eq!(verified(auth, &token).map(identity), proves(header, claims));
        }
        (Some(_), Some(_)) => {}
        _ => assert_eq!(verified(auth, &token), None, "neither is anything but an object"),
    }
}

/// The caller without roles.
fn identity(caller: Caller) -> Caller {
    caller.with_grants(Vec::new())
}

/// Of the names that stand in the claims, those are roles in an organization that the contract says.
fn has_the_roles_it_was_given(caller: &Caller, claims: &Map<String, Value>) {
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

/// Keys and texts, at any depth.
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

/// Returns `true` if these claims grant the role in the organization by the contract.
fn grants(claims: &Map<String, Value>, organization: &str, role: &str) -> bool {
    let lists =
        |value: &Value| value == role || value.as_array().is_some_and(|all| all.contains(&role.into()));
    let describes = |value: &Value| lists(&value["role"]) || lists(&value["roles"]);
    let own = match claims.get("organizations") {
        Some(Value::Array(items)) => {
            items.iter().any(|item| listed(item).is_some_and(|id| id == organization) && describes(item))
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

/// Whom a genuine token proves by the contract.
fn proves(header: &Map<String, Value>, claims: &Map<String, Value>) -> Option<Caller> {
    let organizations = match claims.get("organizations") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(id)) => vec![id.clone()],
        Some(Value::Array(ids)) => ids.iter().map(listed).collect::<Option<_>>()?,
        Some(Value::Object(ids)) => ids.keys().cloned().collect(),
        Some(_) => return None,
    };
    let organizations = organizations.iter().filter_map(|id| id.parse().ok()).collect();
    let user = claims.get("sub")?.as_str()?.parse().ok()?;
    let fits = is_of_the_key(header) && is_for_us(claims) && is_in_time(claims)?;
    fits.then(|| Caller::new(user, organizations))
}

/// The id of an organization in an array.
fn listed(item: &Value) -> Option<String> {
    let id = if item.is_object() { item.get("id")? } else { item };
    let number = id.as_u64().map(|id| id.to_string()).or_else(|| id.as_i64().map(|id| id.to_string()));
    number.or_else(|| id.as_str().map(str::to_owned))
}

fn is_of_the_key(header: &Map<String, Value>) -> bool {
    let typ = header.get("typ").is_none_or(|typ| {
        let typ = typ.as_str().unwrap_or_default().to_ascii_lowercase();
        ["jwt", "at+jwt"].contains(&typ.strip_prefix("application/").unwrap_or(&typ))
    });
    let changes = ["crit", "b64"].iter().any(|name| header.contains_key(*name));
    typ && !changes && header.get("alg").is_some_and(|alg| alg == "HS256")
}

fn is_for_us(claims: &Map<String, Value>) -> bool {
    let several = claims.get("aud").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let client = claims.get("client_id").or_else(|| claims.get("azp"));
    let one = claims.get("aud").or(client).is_some_and(|aud| aud == AUDIENCE);
    let ours = one || several.iter().all(Value::is_string) && several.iter().any(|aud| aud == AUDIENCE);
    ours && claims.get("iss").is_some_and(|issuer| issuer == ISSUER)
}

fn is_in_time(claims: &Map<String, Value>) -> Option<bool> {
    let now = NOW.as_duration().as_secs_f64();
    let begun = claims.get("nbf").is_none_or(|nbf| nbf.as_f64().is_some_and(|nbf| nbf - LEEWAY <= now));
    Some(begun && now < claims.get("exp")?.as_f64()? + LEEWAY)
}
