//! The caller, and the proof that they may act in an organization or for themselves.
//!
//! A [`Scope`] is a capability: only a check of a [`Caller`] makes one. Storage builds every key from it.

use percent_encoding::utf8_percent_encode;

use super::{Error, OrgId, Result, UNRESERVED, UserId};

/// Refusal of whoever is not a member of the organization.
const NOT_A_MEMBER: Error = Error::Forbidden("You are not a member of this organization");

/// Caller whose token was verified.
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

    /// Returns the permission to act in the organization with this id, if the token says that the caller is a member.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] if the caller is not a member of it, the same whether or not it exists.
    pub fn authorize_org(&self, organization: &str) -> Result<OrgScope> {
        let organization = self.organizations.iter().find(|own| own.as_str() == organization);
        let organization = organization.ok_or(NOT_A_MEMBER)?.clone();
        let grants = self.grants.iter().filter(|grant| grant.counts_in(&organization));
        let roles = grants.flat_map(|grant| grant.roles.iter().cloned()).collect();
        Ok(OrgScope { user: self.user.clone(), organization, roles })
    }

    /// Returns the permission to act for the caller alone.
    #[must_use]
    pub fn own_scope(&self) -> UserScope {
        UserScope { user: self.user.clone() }
    }
}

/// Permission of one user to act in one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgScope {
    user: UserId,
    organization: OrgId,
    roles: Vec<String>,
}

/// Permission of one user to act for themselves, in no organization.
///
/// Users are told apart by the token's `sub` alone, so an issuer of many tenants must make those unique across them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserScope {
    user: UserId,
}

/// Permission that storage builds keys from: of an [`OrgScope`] or a [`UserScope`], and of nothing else.
pub trait Scope: sealed::Sealed {
    /// The user who acts.
    fn user(&self) -> &UserId;

    /// Partition of the scope's rows. Nothing follows the id in it, so no id can reach into another's.
    fn partition(&self) -> String;

    /// Folder of the scope's objects, without a `/` at its end: below `orgs/` or `users/`. Rights and lifecycle rules in
    /// `template.yaml` name the folders that are in use.
    fn folder(&self) -> String;
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::OrgScope {}
    impl Sealed for super::UserScope {}
}

impl Scope for OrgScope {
    fn user(&self) -> &UserId {
        &self.user
    }

    fn partition(&self) -> String {
        format!("ORG#{}", self.organization.as_str())
    }

    fn folder(&self) -> String {
        format!("orgs/{}", utf8_percent_encode(self.organization.as_str(), UNRESERVED))
    }
}

impl Scope for UserScope {
    fn user(&self) -> &UserId {
        &self.user
    }

    fn partition(&self) -> String {
        format!("USER#{}", self.user.as_str())
    }

    fn folder(&self) -> String {
        format!("users/{}", utf8_percent_encode(self.user.as_str(), UNRESERVED))
    }
}

impl OrgScope {
    /// Returns the permission of a user to act in an organization, whatever a token says. For an `Access` of your own that
    /// has just looked the membership and these roles up; anywhere else it would bypass the check, so `clippy.toml` bans it.
    #[must_use]
    pub fn vouch(user: UserId, organization: OrgId, roles: Vec<String>) -> Self {
        Self { user, organization, roles }
    }

    /// The organization that the caller acts in.
    #[must_use]
    pub fn organization(&self) -> &OrgId {
        &self.organization
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
        organizations.iter().map(|id| id.parse().unwrap()).collect()
    }

    fn caller(organizations: &[&str]) -> Caller {
        Caller::new("alice".parse().unwrap(), ids(organizations))
    }

    fn grant(organizations: Option<&[&str]>, role: &str) -> Grant {
        Grant { organizations: organizations.map(ids), roles: vec![role.to_owned()] }
    }

    #[test]
    fn members_enter_their_own_organizations_only() {
        let alice = caller(&["acme", "umbrella"]);
        assert_eq!(alice.authorize_org("umbrella").unwrap().organization().as_str(), "umbrella");
        for foreign in ["initech", "ACME", "acme ", "", "acme/umbrella"] {
            assert!(matches!(alice.authorize_org(foreign), Err(Error::Forbidden(_))), "{foreign}");
        }
    }

    #[test]
    fn scopes_share_no_partition_and_no_folder() {
        let own = Caller::new("acme".parse().unwrap(), vec!["acme".parse().unwrap()]);
        let (organization, user) = (own.authorize_org("acme").unwrap(), own.own_scope());
        assert_ne!(organization.partition(), user.partition());
        assert_ne!(organization.folder(), user.folder());
    }

    #[test]
    fn a_caller_without_organizations_enters_none() {
        assert!(caller(&[]).authorize_org("acme").is_err());
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
            let scope = alice.authorize_org(organization).unwrap();
            ["auditor", "admin", "owner"].map(|role| scope.has_role(role))
        };
        assert_eq!(roles("acme"), [true, true, true]);
        assert_eq!(roles("umbrella"), [true, false, false]);
        assert!(alice.authorize_org("initech").is_err(), "a role makes nobody a member");
    }

    #[test]
    fn roles_are_compared_exactly() {
        let scope = caller(&["acme"]).with_grants(vec![grant(None, "admin")]).authorize_org("acme").unwrap();
        for other in ["Admin", "admin ", "adm", "", "admin,owner"] {
            assert!(!scope.has_role(other), "{other:?}");
        }
        assert!(!caller(&["acme"]).authorize_org("acme").unwrap().has_role("admin"));
    }
}
