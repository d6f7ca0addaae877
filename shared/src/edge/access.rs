//! Access rules, and the proofs of access that handlers get.

use super::caller::{Anonymous, Identity};
use super::error::{ErrorCode, Result};
use super::request::Request;
use crate::domain::{Caller, CallerScope, Error, OrgId, OrgScope, UserScope};
use crate::warm_up;

/// Rule for the callers of a route. It can read the route's store.
///
/// Membership from a table instead of the token's claim, for routes with `.access(Member)`:
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
///         let Ok(organization) = request.path("orgId").parse::<OrgId>() else { return Err(refused.into()) };
///         if !store.contains(caller.user().as_str(), &organization).await? {
///             return Err(refused.into());
///         }
///         #[expect(clippy::disallowed_methods, reason = "the table has the membership")]
///         let scope = OrgScope::vouch(caller.user().clone(), organization, Vec::new());
///         Ok(OrgMember::new(scope))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "this route has no access rule",
    label = "add `.org_member()`, `.org_role(…)`, `.signed_in()`, `.public()` or `.access(…)` to the route"
)]
pub trait Access<S> {
    /// Identity of callers: [`Caller`], whose token is verified first, or [`Anonymous`].
    type Identity: Identity;

    /// Proof of access, which the handler gets.
    type Granted: Proof;

    /// Parameters that the route's path must have.
    const PARAMETERS: &'static [&'static str] = &[];

    /// Error codes of [`authorize`](Access::authorize), for the API's description.
    const REFUSALS: &'static [ErrorCode] = &[ErrorCode::FORBIDDEN];

    /// Checks a caller. It must not write, because it runs before the rate limit has counted the request: a write of
    /// [`Table`](crate::storage::Table) or [`Objects`](crate::storage::Objects) is a 500 here.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] if the caller is refused. Errors of the store pass through.
    fn authorize(
        &self,
        caller: &Self::Identity,
        request: &Request,
        store: &S,
    ) -> impl Future<Output = Result<Self::Granted>>;
}

/// Refusal of a member without the role.
const MISSING_ROLE: Error = Error::Forbidden("Your role in this organization does not allow this");

/// Access that is not stated yet. It is no [`Access`], so such a route does not compile in [`run`](super::run()).
#[derive(Debug)]
pub struct AccessUnset;

/// Proof of access.
///
/// Only a proof of your own needs this:
///
/// ```
/// use shared::domain::OrgId;
/// use shared::edge::{OrgMember, Proof};
///
/// struct Plan { member: OrgMember, notes: u32 }
///
/// impl Proof for Plan {
///     fn organization(&self) -> Option<&OrgId> {
///         self.member.organization()
///     }
/// }
/// ```
pub trait Proof {
    /// Returns the organization that the caller is a member of. `ORG_RATE_LIMIT` counts its requests. `None` if the access
    /// is not that of a member.
    fn organization(&self) -> Option<&OrgId>;
}

/// Proof of access with a scope, from which storage builds keys.
pub trait Scoped {
    /// Scope of an organization or of a user.
    type Scope: CallerScope;

    /// Returns the scope.
    fn scope(&self) -> &Self::Scope;
}

/// Rule of [`Route::org_member`](super::Route::org_member).
#[derive(Debug)]
pub struct MembersOnly;

/// Rule of [`Route::org_role`](super::Route::org_role).
#[derive(Debug)]
pub struct RoleOnly(pub(super) &'static str);

/// Rule of [`Route::signed_in`](super::Route::signed_in).
#[derive(Debug)]
pub struct SignedInOnly;

/// Rule of [`Route::public`](super::Route::public).
#[derive(Debug)]
pub struct Everybody;

/// Proof that the caller is a member of the organization in the path.
///
/// ```
/// use shared::edge::{OkJson, OrgMember, RequestContext, Result};
///
/// async fn organization(ctx: RequestContext<OrgMember, ()>, (): ()) -> Result<OkJson<String>> {
///     Ok(OkJson(ctx.scope().organization().as_str().to_owned()))
/// }
/// ```
#[derive(Debug)]
pub struct OrgMember(OrgScope);

/// Proof that the caller has the route's role in the organization in the path.
///
/// ```no_run
/// use shared::edge::{NoContent, OrgRole, RequestContext, Result, Route, run};
///
/// async fn lock(ctx: RequestContext<OrgRole, ()>, (): ()) -> Result<NoContent> {
///     Ok(NoContent)
/// }
/// run(Route::put("/v1/orgs/{orgId}/lock").org_role("admin"), lock);
/// ```
#[derive(Debug)]
pub struct OrgRole(OrgScope);

/// Proof that the caller has a valid token. Its scope is the user.
///
/// ```
/// use shared::domain::CallerScope;
/// use shared::edge::{OkJson, RequestContext, Result, SignedIn};
///
/// async fn me(ctx: RequestContext<SignedIn, ()>, (): ()) -> Result<OkJson<String>> {
///     Ok(OkJson(ctx.scope().user().as_str().to_owned()))
/// }
/// ```
#[derive(Debug)]
pub struct SignedIn(UserScope);

/// Access of a public route. It has no scope.
///
/// ```
/// use shared::edge::{OkJson, Public, RequestContext, Result};
///
/// async fn health(_: RequestContext<Public, ()>, (): ()) -> Result<OkJson<&'static str>> {
///     Ok(OkJson("ok"))
/// }
/// ```
#[derive(Debug)]
pub struct Public;

impl OrgMember {
    /// Creates the proof, for an [`Access`] of your own.
    #[must_use]
    pub fn new(scope: OrgScope) -> Self {
        Self(scope)
    }
}

impl Proof for OrgMember {
    fn organization(&self) -> Option<&OrgId> {
        Some(self.0.organization())
    }
}

impl Proof for OrgRole {
    fn organization(&self) -> Option<&OrgId> {
        Some(self.0.organization())
    }
}

impl Proof for SignedIn {
    fn organization(&self) -> Option<&OrgId> {
        None
    }
}

impl Proof for Public {
    fn organization(&self) -> Option<&OrgId> {
        None
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
        if scope.has_role(self.0) || warm_up::is_active() {
            Ok(OrgRole(scope))
        } else {
            Err(MISSING_ROLE.into())
        }
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
