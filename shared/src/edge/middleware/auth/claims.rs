//! Claims of a token (RFC 7519, section 4): what they must say, and who they say is calling.

use std::slice;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::config::{Audience, ClaimPath, TENANT_ID};
use crate::domain::{Caller, Grant, OrgId, UserId};
use crate::edge::refusal::Refusal;

/// Rules for the claims of every token.
pub(super) struct Rules {
    pub(super) issuer: String,
    pub(super) audience: Audience,
    pub(super) organizations: ClaimPath,
    pub(super) roles: Option<ClaimPath>,
    /// Seconds.
    pub(super) leeway: f64,
}

impl Rules {
    /// The caller whom these claims, once proven, name at `now`.
    ///
    /// # Errors
    ///
    /// The first rule that they break.
    pub(super) fn caller(&self, claims: &Value, now: Timestamp) -> Result<Caller, Refusal> {
        let now = now.as_duration().as_secs_f64();
        let holds = |holds: bool, refusal| holds.then_some(()).ok_or(refusal);
        holds(self.is_issuer(claims), Refusal::Issuer)?;
        holds(self.is_audience(claims), Refusal::Audience)?;
        let expiry = claims.get("exp").and_then(Value::as_f64);
        holds(expiry.is_some_and(|expiry| now < expiry + self.leeway), Refusal::Expiry)?;
        let begins = claims.get("nbf").map(Value::as_f64);
        let begun = begins.is_none_or(|begin| begin.is_some_and(|begin| begin <= now + self.leeway));
        holds(begun, Refusal::NotBefore)?;
        let user = text(claims, "sub").and_then(UserId::parse).ok_or(Refusal::Subject)?;
        let listed = self.organizations.find(claims).map_or(Some(Vec::new()), organizations);
        let (organizations, mut grants): (_, Vec<_>) =
            listed.ok_or(Refusal::Organizations)?.into_iter().unzip();
        let roles = self.roles.as_ref().and_then(|path| path.find(claims));
        grants.extend(roles.into_iter().flat_map(granted));
        Ok(Caller::new(user, organizations).with_grants(grants))
    }

    fn is_issuer(&self, claims: &Value) -> bool {
        let Some(issuer) = text(claims, "iss") else { return false };
        if !self.issuer.contains(TENANT_ID) {
            return issuer == self.issuer;
        }
        let tenant = text(claims, "tid").filter(|tenant| !tenant.is_empty());
        tenant.is_some_and(|tenant| issuer == self.issuer.replace(TENANT_ID, tenant))
    }

    /// The issuer of a token, where tokens of many are taken.
    pub(super) fn one_of_many_issuers<'c>(&self, claims: &'c Value) -> Option<&'c str> {
        text(claims, "iss").filter(|_| self.issuer.contains(TENANT_ID))
    }

    /// Some issuers name the client that asked for the token in place of an audience: Cognito in `client_id` (RFC 9068,
    /// section 2.2), Clerk in `azp`.
    fn is_audience(&self, claims: &Value) -> bool {
        if self.audience == Audience::Any {
            return true;
        }
        let contains =
            |value: &Value| value.as_str().is_some_and(|audience| self.audience.contains(audience));
        match claims.get("aud") {
            Some(Value::Array(several)) => {
                several.iter().all(Value::is_string) && several.iter().any(contains)
            }
            Some(one) => contains(one),
            None => claims.get("client_id").or_else(|| claims.get("azp")).is_some_and(contains),
        }
    }
}

fn text<'c>(claims: &'c Value, name: &str) -> Option<&'c str> {
    claims.get(name)?.as_str()
}

/// Organizations that a claim lists, each with the roles there, or nothing for a type that lists none. Text that can't be
/// an id names no organization.
fn organizations(claim: &Value) -> Option<Vec<(OrgId, Grant)>> {
    let listed: Vec<(String, Vec<String>)> = match claim {
        Value::Null => Vec::new(),
        Value::String(id) => vec![(id.clone(), Vec::new())],
        Value::Array(items) => {
            let listed = |item| Some((id(item).or_else(|| id(item.get("id")?))?, member_roles(item)));
            items.iter().map(listed).collect::<Option<_>>()?
        }
        Value::Object(members) => members
            .iter()
            .map(|(id, value)| (id.clone(), [names(value), member_roles(value)].concat()))
            .collect(),
        Value::Bool(_) | Value::Number(_) => return None,
    };
    let granting = |(id, roles): (String, _)| {
        let id = OrgId::parse(&id)?;
        Some((id.clone(), Grant { organizations: Some(vec![id]), roles }))
    };
    Some(listed.into_iter().filter_map(granting).collect())
}

/// Grants of a roles claim. They count in all organizations, except those of an object: its keys are roles, and the keys of
/// a role's value are the organizations where it counts (Zitadel).
fn granted(claim: &Value) -> Vec<Grant> {
    let Some(roles) = claim.as_object() else {
        return vec![Grant { organizations: None, roles: names(claim) }];
    };
    let grant = |(role, value): (&String, &Value)| {
        let ids = value.as_object().into_iter().flat_map(Map::keys);
        Grant {
            organizations: Some(ids.filter_map(|id| OrgId::parse(id)).collect()),
            roles: vec![role.clone()],
        }
    };
    roles.iter().map(grant).collect()
}

/// Roles that a text or an array of texts names. Anything else is ignored, because a role is never guessed.
fn names(value: &Value) -> Vec<String> {
    let names = value.as_array().map_or(slice::from_ref(value), Vec::as_slice);
    names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Roles that an object names in its members.
fn member_roles(value: &Value) -> Vec<String> {
    ["role", "roles"].into_iter().filter_map(|name| value.get(name)).flat_map(names).collect()
}

/// An id as text. Whole numbers are ids of databases.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}
