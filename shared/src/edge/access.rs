//! Access rules: callers that a route lets in, and the proof of it that its handler gets.

use super::caller::{Anonymous, Identity};
use super::error::{ErrorCode, Result};
use super::request::Request;
use crate::domain::{Caller, Error, OrgScope, Scope, UserScope};

/// Rule for the callers of a route, with the route's store at hand.
///
/// A membership that is kept in a table, in place of the token's claim:
///
/// ```
/// use shared::domain::{Caller, Error, OrgId, OrgScope};
/// use shared::edge::{Access, OrgMember, Request, Result};
/// # struct Memberships;
/// # impl Memberships {
/// #     async fn contains(&self, user: &str, organization: &OrgId) -> shared::domain::Result<bool> { Ok(true) }
/// # }
///
/// struct Member;
///
/// impl Access<Memberships> for Member {
///     type Identity = Caller;
///     type Granted = OrgMember;
///
///     async fn authorize(&self, caller: &Caller, request: &Request, store: &Memberships) -> Result<OrgMember> {
///         let refused = Error::Forbidden("You are not a member of this organization");
///         let Some(organization) = OrgId::parse(request.path("orgId")) else { return Err(refused.into()) };
///         if !store.contains(caller.user().as_str(), &organization).await? {
///             return Err(refused.into());
///         }
///         #[expect(clippy::disallowed_methods, reason = "the table was just asked")]
///         let scope = OrgScope::vouch(caller.user().clone(), organization, Vec::new());
///         Ok(OrgMember::new(scope))
///     }
/// }
/// ```
///
/// Its routes say `.access(Member)` in place of `.org_member()`.
#[diagnostic::on_unimplemented(
    message = "this route doesn't say who may call it",
    label = "add `.org_member()`, `.org_role(…)`, `.signed_in()`, `.public()` or `.access(…)` to the route"
)]
pub trait Access<S> {
    /// Callers that can be let in: [`Caller`], whose token is verified first, or [`Anonymous`].
    type Identity: Identity;

    /// Proof that the caller was let in.
    type Granted;

    /// Parameters that the route's path must have.
    const PARAMETERS: &'static [&'static str] = &[];

    /// Errors of [`authorize`](Access::authorize), for the API's description.
    const REFUSALS: &'static [ErrorCode] = &[ErrorCode::FORBIDDEN];

    /// Checks a caller. A route that reads may be called before the rate limit has counted the request, so nothing may be
    /// changed here.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] if the caller is not let in; otherwise what the store returns.
    fn authorize(
        &self,
        caller: &Self::Identity,
        request: &Request,
        store: &S,
    ) -> impl Future<Output = Result<Self::Granted>>;
}

/// Refusal of a member without the role.
const MISSING_ROLE: Error = Error::Forbidden("Your role in this organization does not allow this");

/// Access that was not stated yet. This is no [`Access`], so a route of this kind can't be run.
#[derive(Debug)]
pub struct AccessUnset;

/// Proof of access that has a scope to build keys from.
pub trait Scoped {
    /// The scope's type.
    type Scope: Scope;

    /// The scope.
    fn scope(&self) -> &Self::Scope;
}

/// Rule: members of the organization in the path's `{orgId}`.
#[derive(Debug)]
pub struct MembersOnly;

/// Rule: members of the organization in the path's `{orgId}` that have a role.
#[derive(Debug)]
pub struct RoleOnly(pub(super) &'static str);

/// Rule: whoever has a valid token.
#[derive(Debug)]
pub struct SignedInOnly;

/// Rule: everybody.
#[derive(Debug)]
pub struct Everybody;

/// Proof that the caller is a member of the organization in the path.
#[derive(Debug)]
pub struct OrgMember(OrgScope);

/// Proof that the caller has the route's role in the organization in the path.
#[derive(Debug)]
pub struct OrgRole(OrgScope);

/// Proof that the caller has a valid token.
#[derive(Debug)]
pub struct SignedIn(UserScope);

/// Access that proves nothing.
#[derive(Debug)]
pub struct Public;

impl OrgMember {
    /// Makes the proof, for an [`Access`] of your own.
    #[must_use]
    pub fn new(scope: OrgScope) -> Self {
        Self(scope)
    }
}

impl Scoped for OrgMember {
    type Scope = OrgScope;

    fn scope(&self) -> &OrgScope {
        &self.0
    }
}

impl Scoped for OrgRole {
    type Scope = OrgScope;

    fn scope(&self) -> &OrgScope {
        &self.0
    }
}

impl Scoped for SignedIn {
    type Scope = UserScope;

    fn scope(&self) -> &UserScope {
        &self.0
    }
}

impl<S> Access<S> for MembersOnly {
    const PARAMETERS: &'static [&'static str] = &["orgId"];

    type Identity = Caller;
    type Granted = OrgMember;

    async fn authorize(&self, caller: &Caller, request: &Request, _: &S) -> Result<OrgMember> {
        Ok(OrgMember(caller.authorize_org(request.path("orgId"))?))
    }
}

impl<S> Access<S> for RoleOnly {
    const PARAMETERS: &'static [&'static str] = &["orgId"];

    type Identity = Caller;
    type Granted = OrgRole;

    async fn authorize(&self, caller: &Caller, request: &Request, _: &S) -> Result<OrgRole> {
        let scope = caller.authorize_org(request.path("orgId"))?;
        if scope.has_role(self.0) { Ok(OrgRole(scope)) } else { Err(MISSING_ROLE.into()) }
    }
}

impl<S> Access<S> for SignedInOnly {
    const REFUSALS: &'static [ErrorCode] = &[];

    type Identity = Caller;
    type Granted = SignedIn;

    async fn authorize(&self, caller: &Caller, _: &Request, _: &S) -> Result<SignedIn> {
        Ok(SignedIn(caller.own_scope()))
    }
}

impl<S> Access<S> for Everybody {
    const REFUSALS: &'static [ErrorCode] = &[];

    type Identity = Anonymous;
    type Granted = Public;

    async fn authorize(&self, _: &Anonymous, _: &Request, _: &S) -> Result<Public> {
        Ok(Public)
    }
}
