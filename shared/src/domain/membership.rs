//! Who is calling, and the proof that they may act in an organization.
//!
//! [`OrgScope`] is a capability: it can't be made but by [`Caller::enter`], so whoever holds one has passed the
//! membership check. Storage takes it in place of an organization id.

use super::{Error, OrgId, Result, UserId};

/// A caller whose token was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    user: UserId,
    organizations: Vec<OrgId>,
}

impl Caller {
    /// Only the verification of a token makes a caller, hence the narrow visibility.
    pub(crate) fn new(user: UserId, organizations: Vec<OrgId>) -> Self {
        Self { user, organizations }
    }

    /// The user that the token names.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// Enters the organization with this id.
    ///
    /// # Errors
    ///
    /// [`Error::NotAMember`] if the caller is not a member of it, the same whether or not it exists.
    pub fn enter(&self, organization: &str) -> Result<OrgScope> {
        let organization = self.organizations.iter().find(|own| own.as_str() == organization);
        let organization = organization.ok_or(Error::NotAMember)?.clone();
        Ok(OrgScope { user: self.user.clone(), organization })
    }
}

/// The permission of one user to act in one organization. Every key that storage builds starts from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgScope {
    user: UserId,
    organization: OrgId,
}

impl OrgScope {
    /// The organization that the caller acts in.
    #[must_use]
    pub fn organization(&self) -> &OrgId {
        &self.organization
    }

    /// The user who acts.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(organizations: &[&str]) -> Caller {
        let organizations = organizations.iter().filter_map(|id| OrgId::parse(id)).collect();
        Caller::new(UserId::parse("alice").unwrap(), organizations)
    }

    #[test]
    fn a_member_enters_their_organizations_only() {
        let alice = caller(&["acme", "umbrella"]);
        assert_eq!(alice.enter("umbrella").unwrap().organization().as_str(), "umbrella");
        for foreign in ["initech", "ACME", "acme ", "", "acme/umbrella"] {
            assert!(matches!(alice.enter(foreign), Err(Error::NotAMember)), "{foreign}");
        }
    }

    #[test]
    fn a_caller_without_organizations_enters_none() {
        assert!(caller(&[]).enter("acme").is_err());
    }
}
