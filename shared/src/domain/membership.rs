//! Callers, and the scopes in which they may act.
//!
//! A [`Scope`] is a capability, and storage builds every key from it. A check of a [`Caller`] makes one. A function that
//! follows a table's stream gets that of each changed row.

use percent_encoding::utf8_percent_encode;

use super::{ESCAPED, Error, OrgId, Result, UNRESERVED, UserId};

/// Caller whose token was verified.
///
/// ```
/// use shared::domain::{Caller, Result};
///
/// fn may_export(caller: &Caller, organization: &str) -> Result<bool> {
///     let scope = caller.authorize_org(organization)?;
///     Ok(scope.has_role("auditor"))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    user: UserId,
    organizations: Vec<OrgId>,
    grants: Vec<Grant>,
}

/// Roles of a caller, and the organizations where they are valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// `None` means all organizations of the caller.
    pub(crate) organizations: Option<Vec<OrgId>>,
    pub(crate) roles: Vec<String>,
}

impl Grant {
    fn is_valid_in(&self, organization: &OrgId) -> bool {
        self.organizations.as_ref().is_none_or(|organizations| organizations.contains(organization))
    }
}

impl Caller {
    /// Makes a caller. Only the verification of a token and the warm-up may, hence the narrow visibility.
    pub(crate) fn new(user: UserId, organizations: Vec<OrgId>) -> Self {
        Self { user, organizations, grants: Vec::new() }
    }

    /// Sets the roles. A role does not make a member.
    pub(crate) fn with_grants(self, grants: Vec<Grant>) -> Self {
        Self { grants, ..self }
    }

    /// Returns the user that the token names.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// Returns the scope of the organization with this id, if the token says that the caller is a member.
    ///
    /// ```
    /// use shared::domain::{Caller, Error, Result};
    ///
    /// fn organization(caller: &Caller, requested: &str) -> Result<String> {
    ///     match caller.authorize_org(requested) {
    ///         Ok(scope) => Ok(scope.organization().as_str().to_owned()),
    ///         Err(Error::Forbidden(_)) => Err(Error::NotFound("Organization")),
    ///         Err(other) => Err(other),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] if the caller is not a member. It is the same for an organization that doesn't exist.
    pub fn authorize_org(&self, organization: &str) -> Result<OrgScope> {
        let organization = self.organizations.iter().find(|own| own.as_str() == organization);
        let organization = organization.ok_or(Error::NOT_A_MEMBER)?.clone();
        let grants = self.grants.iter().filter(|grant| grant.is_valid_in(&organization));
        let roles = grants.flat_map(|grant| grant.roles.iter().cloned()).collect();
        Ok(OrgScope { user: self.user.clone(), organization, roles })
    }

    /// Returns the scope of the caller's own rows and objects.
    ///
    /// ```
    /// use shared::domain::Caller;
    /// use shared::storage::{Kind, List};
    ///
    /// const DRAFT: Kind<1> = Kind::new("DRAFT");
    ///
    /// fn drafts(caller: &Caller) -> List {
    ///     List::new(&caller.own_scope(), DRAFT, [])
    /// }
    /// ```
    #[must_use]
    pub fn own_scope(&self) -> UserScope {
        UserScope { user: self.user.clone() }
    }
}

/// Permission of one user to act in one organization.
///
/// ```
/// # use shared::domain::{CallerScope, OrgScope};
/// # let scope = OrgScope::vouch("alice".parse()?, "acme".parse()?, vec!["admin".to_owned()]);
/// assert_eq!(scope.organization().as_str(), "acme");
/// assert_eq!(scope.user().as_str(), "alice");
/// assert!(scope.has_role("admin") && !scope.has_role("owner"));
/// # Ok::<(), shared::domain::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgScope {
    user: UserId,
    organization: OrgId,
    roles: Vec<String>,
}

/// Permission of one user to act for themselves, outside organizations.
///
/// Users are identified by the token's `sub` alone. An issuer with many tenants must make it unique across them.
/// [`Caller::own_scope`] makes it:
///
/// ```
/// use shared::domain::{Caller, UserScope};
/// use shared::storage::{Key, Kind};
///
/// const PROFILE: Kind<1> = Kind::new("PROFILE");
///
/// fn profile(caller: &Caller) -> Key {
///     let scope: UserScope = caller.own_scope();
///     Key::new(&scope, PROFILE, [&"main"])
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserScope {
    user: UserId,
}

/// Permission that storage builds keys from: an [`OrgScope`] or a [`UserScope`] of a caller, or the
/// [`RowScope`](crate::storage::RowScope) of a changed row.
///
/// Code for all takes an `impl Scope`:
///
/// ```
/// use shared::domain::Scope;
/// use shared::storage::{Key, Kind};
///
/// const NOTE: Kind<1> = Kind::new("NOTE");
///
/// fn note_key(scope: &impl Scope, id: &str) -> Key {
///     Key::new(scope, NOTE, [&id])
/// }
/// ```
pub trait Scope: sealed::Sealed {
    /// Returns the beginning of the keys of the scope's rows. Separators in the id are escaped, so no id can reach into
    /// another's rows.
    fn prefix(&self) -> String;

    /// Returns the folder of the scope's objects: `orgs/…` or `users/…`, without a `/` at the end. IAM permissions and
    /// lifecycle rules in `template.yaml` name the folders.
    fn folder(&self) -> String;
}

/// Scope of a caller, which knows the user who acts: an [`OrgScope`] or a [`UserScope`].
///
/// ```
/// use shared::domain::CallerScope;
///
/// fn author(scope: &impl CallerScope) -> String {
///     scope.user().as_str().to_owned()
/// }
/// ```
pub trait CallerScope: Scope {
    /// Returns the user who acts.
    fn user(&self) -> &UserId;
}

/// Owner of rows and objects.
pub(crate) enum Tenant<'t> {
    Organization(&'t OrgId),
    User(&'t UserId),
}

impl Tenant<'_> {
    /// Returns the beginning of the keys of rows.
    pub(crate) fn prefix(&self) -> String {
        match self {
            Self::Organization(id) => format!("ORG#{}", utf8_percent_encode(id.as_str(), ESCAPED)),
            Self::User(id) => format!("USER#{}", utf8_percent_encode(id.as_str(), ESCAPED)),
        }
    }

    /// Returns the folder of objects.
    pub(crate) fn folder(&self) -> String {
        match self {
            Self::Organization(id) => format!("orgs/{}", utf8_percent_encode(id.as_str(), UNRESERVED)),
            Self::User(id) => format!("users/{}", utf8_percent_encode(id.as_str(), UNRESERVED)),
        }
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}

    impl Sealed for super::OrgScope {}
    impl Sealed for super::UserScope {}
}

impl CallerScope for OrgScope {
    fn user(&self) -> &UserId {
        &self.user
    }
}

impl Scope for OrgScope {
    fn prefix(&self) -> String {
        Tenant::Organization(&self.organization).prefix()
    }

    fn folder(&self) -> String {
        Tenant::Organization(&self.organization).folder()
    }
}

impl CallerScope for UserScope {
    fn user(&self) -> &UserId {
        &self.user
    }
}

impl Scope for UserScope {
    fn prefix(&self) -> String {
        Tenant::User(&self.user).prefix()
    }

    fn folder(&self) -> String {
        Tenant::User(&self.user).folder()
    }
}

impl OrgScope {
    /// Makes the scope of a user in an organization without a check. Use it only in an `Access` of your own that has just
    /// looked up the membership and these roles. `clippy.toml` bans it elsewhere, because it bypasses the check.
    ///
    /// ```
    /// use shared::domain::{Caller, Error, OrgId, OrgScope, Result};
    ///
    /// fn scope(caller: &Caller, organization: OrgId, members: &[&str]) -> Result<OrgScope> {
    ///     if !members.contains(&caller.user().as_str()) {
    ///         return Err(Error::Forbidden("You are not a member of this organization"));
    ///     }
    ///     #[expect(clippy::disallowed_methods, reason = "the membership was just looked up")]
    ///     Ok(OrgScope::vouch(caller.user().clone(), organization, Vec::new()))
    /// }
    /// ```
    #[must_use]
    pub fn vouch(user: UserId, organization: OrgId, roles: Vec<String>) -> Self {
        Self { user, organization, roles }
    }

    /// Returns the organization.
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
    fn members_get_only_their_organizations() {
        let alice = caller(&["acme", "umbrella"]);
        assert_eq!(alice.authorize_org("umbrella").unwrap().organization().as_str(), "umbrella");
        for foreign in ["initech", "ACME", "acme ", "", "acme/umbrella"] {
            assert!(matches!(alice.authorize_org(foreign), Err(Error::Forbidden(_))), "{foreign}");
        }
    }

    #[test]
    fn scopes_have_separate_partitions_and_folders() {
        let own = Caller::new("acme".parse().unwrap(), vec!["acme".parse().unwrap()]);
        let (organization, user) = (own.authorize_org("acme").unwrap(), own.own_scope());
        assert_ne!(organization.prefix(), user.prefix());
        assert_ne!(organization.folder(), user.folder());
    }

    #[test]
    fn caller_without_organizations_gets_none() {
        assert!(caller(&[]).authorize_org("acme").is_err());
    }

    #[test]
    fn role_is_valid_where_it_was_granted() {
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
        assert!(alice.authorize_org("initech").is_err(), "a role does not make a member");
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
