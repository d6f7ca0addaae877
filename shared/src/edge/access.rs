//! Who may call a route. A route can't be run until it says so.

use super::error::Result;
use super::request::Request;
use crate::domain::{Caller, OrgScope};

/// What a caller must be to call a route.
#[diagnostic::on_unimplemented(
    message = "this route doesn't say who may call it",
    label = "add `.org_member()` to the route"
)]
pub trait Access: Sized {
    /// Checks the caller.
    ///
    /// # Errors
    ///
    /// If they may not.
    fn admit(caller: &Caller, request: &Request) -> Result<Self>;
}

/// Nothing was said yet. This is no [`Access`], so a route of this kind can't be run.
pub struct Unstated;

/// A member of the organization in the path.
pub struct OrgMember(OrgScope);

impl OrgMember {
    /// The permission.
    pub(super) fn scope(&self) -> &OrgScope {
        &self.0
    }
}

impl Access for OrgMember {
    fn admit(caller: &Caller, request: &Request) -> Result<Self> {
        Ok(Self(caller.enter(request.path("orgId"))?))
    }
}
