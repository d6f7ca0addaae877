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
    grants: Vec<Grant>,
}

/// Roles of a caller, and the organizations where they count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// `None` stands for all organizations of the caller.
    pub(crate) organizations: Option<Vec<OrgId>>,
    pub(crate) roles: Vec<String>,
}

impl Grant {
    fn counts_in(&self, organization: &OrgId) -> bool {
        self.organizations.as_ref().is_none_or(|organizations| organizations.contains(organization))
    }
}

impl Caller {
    /// Only the verification of a token makes a caller, hence the narrow visibility.
    pub(crate) fn new(user: UserId, organizations: Vec<OrgId>) -> Self {
        Self { user, organizations, grants: Vec::new() }
    }

    /// Sets the roles. A role makes nobody a member.
    pub(crate) fn with_grants(self, grants: Vec<Grant>) -> Self {
        Self { grants, ..self }
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
        let grants = self.grants.iter().filter(|grant| grant.counts_in(&organization));
        let roles = grants.flat_map(|grant| grant.roles.iter().cloned()).collect();
        Ok(OrgScope { user: self.user.clone(), organization, roles })
    }
}

/// The permission of one user to act in one organization. Every key that storage builds starts from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgScope {
    user: UserId,
    organization: OrgId,
    roles: Vec<String>,
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

    /// Returns `true` if the user has this role in this organization. Names of roles are compared exactly.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(organizations: &[&str]) -> Vec<OrgId> {
        organizations.iter().filter_map(|id| OrgId::parse(id)).collect()
    }

    fn caller(organizations: &[&str]) -> Caller {
        Caller::new(UserId::parse("alice").unwrap(), ids(organizations))
    }

    fn grant(organizations: Option<&[&str]>, role: &str) -> Grant {
        Grant { organizations: organizations.map(ids), roles: vec![role.to_owned()] }
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

    #[test]
    fn a_role_counts_where_it_was_granted() {
        let grants = vec![
            grant(None, "auditor"),
            grant(Some(&["acme", "initech"]), "admin"),
            grant(Some(&["acme"]), "owner"),
        ];
        let alice = caller(&["acme", "umbrella"]).with_grants(grants);
        let roles = |organization: &str| {
            let scope = alice.enter(organization).unwrap();
            ["auditor", "admin", "owner"].map(|role| scope.has_role(role))
        };
        assert_eq!(roles("acme"), [true, true, true]);
        assert_eq!(roles("umbrella"), [true, false, false]);
        assert!(alice.enter("initech").is_err(), "a role makes nobody a member");
    }

    #[test]
    fn roles_are_compared_exactly() {
        let scope = caller(&["acme"]).with_grants(vec![grant(None, "admin")]).enter("acme").unwrap();
        for other in ["Admin", "admin ", "adm", "", "admin,owner"] {
            assert!(!scope.has_role(other), "{other:?}");
        }
        assert!(!caller(&["acme"]).enter("acme").unwrap().has_role("admin"));
    }
}
