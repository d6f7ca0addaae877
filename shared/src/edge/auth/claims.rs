//! Claims of a token (RFC 7519, section 4): what they must say, and who they say is calling.

use jiff::Timestamp;
use serde_json::Value;

use super::refusal::Refusal;
use crate::config::{Audience, ClaimPath, TENANT_ID};
use crate::domain::{Caller, OrgId, UserId};

/// Rules for the claims of every token.
pub(super) struct Rules {
    pub(super) issuer: String,
    pub(super) audience: Audience,
    pub(super) organizations: ClaimPath,
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
        let organizations = self.organizations.find(claims).map_or(Some(Vec::new()), organizations);
        Ok(Caller::new(user, organizations.ok_or(Refusal::Organizations)?))
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

/// The organizations that a claim lists, or nothing for a type that lists none. Text that can't be an id names no
/// organization.
fn organizations(claim: &Value) -> Option<Vec<OrgId>> {
    let ids: Vec<String> = match claim {
        Value::Null => Vec::new(),
        Value::String(id) => vec![id.clone()],
        Value::Array(items) => {
            items.iter().map(|item| id(item).or_else(|| id(item.get("id")?))).collect::<Option<_>>()?
        }
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Bool(_) | Value::Number(_) => return None,
    };
    Some(ids.iter().filter_map(|id| OrgId::parse(id)).collect())
}

/// An id as text. Whole numbers are ids of databases.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}
