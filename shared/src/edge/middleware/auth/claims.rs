//! Claims of a token (RFC 7519, section 4): their rules, and the caller that they name.

use std::slice;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::config::{Audience, ClaimPath, TENANT_ID};
use crate::domain::{Caller, Grant, OrgId};
use crate::edge::refusal::Refusal;

/// Rules for the claims of every token.
pub(super) struct Rules {
    pub(super) issuer: String,
    pub(super) audience: Audience,
    pub(super) organizations: ClaimPath,
    pub(super) roles: Option<ClaimPath>,
    /// In seconds.
    pub(super) leeway: f64,
}

impl Rules {
    /// Checks the claims at `now` and returns their caller. The signature is not checked here.
    ///
    /// # Errors
    ///
    /// The first broken rule.
    pub(super) fn caller(&self, claims: &Value, now: Timestamp) -> Result<Caller, Refusal> {
        let now = now.as_duration().as_secs_f64();
        let require = |condition: bool, refusal| condition.then_some(()).ok_or(refusal);
        require(self.is_issuer(claims), Refusal::Issuer)?;
        require(self.is_audience(claims), Refusal::Audience)?;
        let expiry = claims.get("exp").and_then(Value::as_f64);
        require(expiry.is_some_and(|expiry| now < expiry + self.leeway), Refusal::Expiry)?;
        let not_before = claims.get("nbf").map(Value::as_f64);
        let has_begun = not_before.is_none_or(|time| time.is_some_and(|time| time <= now + self.leeway));
        require(has_begun, Refusal::NotBefore)?;
        let user = text(claims, "sub").and_then(|sub| sub.parse().ok()).ok_or(Refusal::Subject)?;
        let listed = self.organizations.find(claims).map_or(Some(Vec::new()), organizations);
        let (organizations, mut grants): (_, Vec<_>) =
            listed.ok_or(Refusal::Organizations)?.into_iter().unzip();
        let roles = self.roles.as_ref().and_then(|path| path.find(claims));
        grants.extend(roles.into_iter().flat_map(role_grants));
        Ok(Caller::new(user, organizations).with_grants(grants))
    }

    /// Returns claims that are valid at `now`.
    pub(super) fn made_up_claims(&self, now: Timestamp) -> Value {
        let audiences = if let Audience::OneOf(audiences) = &self.audience { &**audiences } else { &[] };
        let (issuer, expiry) = (self.issuer.replace(TENANT_ID, "-"), now.as_second().saturating_add(60));
        json!({ "iss": issuer, "tid": "-", "aud": audiences, "exp": expiry, "sub": "-" })
    }

    fn is_issuer(&self, claims: &Value) -> bool {
        let Some(issuer) = text(claims, "iss") else { return false };
        if !self.issuer.contains(TENANT_ID) {
            return issuer == self.issuer;
        }
        let tenant = text(claims, "tid").filter(|tenant| !tenant.is_empty());
        tenant.is_some_and(|tenant| issuer == self.issuer.replace(TENANT_ID, tenant))
    }

    /// Returns the issuer of a token, if the configured issuer has a placeholder for tenants.
    pub(super) fn tenant_issuer<'c>(&self, claims: &'c Value) -> Option<&'c str> {
        text(claims, "iss").filter(|_| self.issuer.contains(TENANT_ID))
    }

    /// Returns `true` if the token is for a configured audience. Some issuers name the client instead: Cognito in
    /// `client_id` (RFC 9068, section 2.2), Clerk in `azp`.
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

/// Returns the organizations of a claim, each with the roles there. Returns `None` for an unsupported type. Text that is no
/// valid id is ignored.
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
        let id: OrgId = id.parse().ok()?;
        Some((id.clone(), Grant { organizations: Some(vec![id]), roles }))
    };
    Some(listed.into_iter().filter_map(granting).collect())
}

/// Returns the grants of a roles claim. They count in all organizations, except those of an object: its keys are roles, and
/// the keys of a role's value are the organizations where it counts (Zitadel).
fn role_grants(claim: &Value) -> Vec<Grant> {
    let Some(roles) = claim.as_object() else {
        return vec![Grant { organizations: None, roles: names(claim) }];
    };
    let grant = |(role, value): (&String, &Value)| {
        let ids = value.as_object().into_iter().flat_map(Map::keys);
        Grant {
            organizations: Some(ids.filter_map(|id| id.parse().ok()).collect()),
            roles: vec![role.clone()],
        }
    };
    roles.iter().map(grant).collect()
}

/// Returns the roles of a text or an array of texts. Other types are ignored, because a role is never guessed.
fn names(value: &Value) -> Vec<String> {
    let names = value.as_array().map_or(slice::from_ref(value), Vec::as_slice);
    names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Returns the roles in the members `role` and `roles` of an object.
fn member_roles(value: &Value) -> Vec<String> {
    ["role", "roles"].into_iter().filter_map(|name| value.get(name)).flat_map(names).collect()
}

/// Returns an id as text. Whole numbers are ids too, because databases number rows.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}
