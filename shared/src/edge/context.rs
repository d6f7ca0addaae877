//! Context of a request, which handlers get beside their input.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::access::Scoped;
use super::error::Result;
use super::request::Request;
use crate::domain::{Error, IdempotencyKey, IdempotentRequest, ResourceId};

/// Request that passed the checks of its route. `A` is the proof of access, `S` is the store.
///
/// ```
/// # use jiff::Timestamp;
/// # use shared::domain::OrgScope;
/// use shared::edge::{NoContent, OrgMember, RequestContext, Result};
/// # struct Notes;
/// # impl Notes {
/// #     async fn archive(&self, scope: &OrgScope, now: Timestamp) -> shared::domain::Result<()> { Ok(()) }
/// # }
///
/// async fn archive_notes(ctx: RequestContext<OrgMember, Notes>, (): ()) -> Result<NoContent> {
///     ctx.store().archive(ctx.scope(), ctx.now()).await?;
///     Ok(NoContent)
/// }
/// ```
#[derive(Debug)]
pub struct RequestContext<A, S> {
    access: A,
    store: Arc<S>,
    now: Timestamp,
    route: Arc<str>,
    path: BTreeMap<String, String>,
}

impl<A, S> RequestContext<A, S> {
    pub(super) fn new(
        access: A,
        store: Arc<S>,
        now: Timestamp,
        route: Arc<str>,
        request: &mut Request,
    ) -> Self {
        Self { access, store, now, route, path: request.take_path() }
    }

    /// Returns the store that the handler's signature names.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Returns the time at which the request arrived, to the millisecond.
    ///
    /// ```
    /// # use shared::edge::{OrgMember, RequestContext};
    /// use jiff::{SignedDuration, Timestamp};
    ///
    /// fn due(ctx: &RequestContext<OrgMember, ()>) -> Timestamp {
    ///     ctx.now() + SignedDuration::from_hours(24)
    /// }
    /// ```
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the proof of access, such as one of your own that says more than a scope.
    ///
    /// ```
    /// # use shared::edge::RequestContext;
    /// struct Plan { notes: u32 }
    ///
    /// fn is_full(ctx: &RequestContext<Plan, ()>, notes: u32) -> bool {
    ///     notes >= ctx.access().notes
    /// }
    /// ```
    #[must_use]
    pub fn access(&self) -> &A {
        &self.access
    }

    /// Returns a parameter of the path, decoded.
    ///
    /// ```
    /// # use shared::edge::{OrgMember, RequestContext, Result};
    /// fn tag(ctx: &RequestContext<OrgMember, ()>) -> Result<&str> {
    ///     ctx.path("tag") // of "/v1/orgs/{orgId}/tags/{tag}"
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the route's path has no such parameter.
    pub fn path(&self, name: &str) -> Result<&str> {
        let value = self.path.get(name).map(String::as_str);
        Ok(value.ok_or_else(|| Error::internal(format!("the route's path has no {{{name}}}")))?)
    }

    /// Returns the id of a resource, from the path parameter that its type names.
    ///
    /// ```
    /// # use shared::edge::{OrgMember, RequestContext, Result};
    /// shared::resource_id! {
    ///     /// Id of an invoice.
    ///     pub struct InvoiceId("invoiceId", "Invoice");
    /// }
    ///
    /// fn invoice_id(ctx: &RequestContext<OrgMember, ()>) -> Result<InvoiceId> {
    ///     ctx.id() // of "/v1/orgs/{orgId}/invoices/{invoiceId}"
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for a malformed id, because no resource has it. [`Error::Internal`] if the route's path has no
    /// such parameter.
    pub fn id<T: ResourceId>(&self) -> Result<T> {
        Ok(self.path(T::PARAMETER)?.parse().map_err(|_| Error::NotFound(T::RESOURCE))?)
    }
}

impl<A: Scoped, S> RequestContext<A, S> {
    /// Returns the permission that storage builds keys from. Store methods that take it can't reach other tenants.
    ///
    /// ```
    /// # use shared::edge::{OrgRole, RequestContext};
    /// fn is_auditor(ctx: &RequestContext<OrgRole, ()>) -> bool {
    ///     ctx.scope().has_role("auditor")
    /// }
    /// ```
    #[must_use]
    pub fn scope(&self) -> &A::Scope {
        self.access.scope()
    }

    /// Returns the request under its idempotency key. `content` is the parsed input.
    pub(super) fn idempotent(
        &self,
        key: &IdempotencyKey,
        content: &impl Serialize,
    ) -> Result<IdempotentRequest> {
        Ok(IdempotentRequest::new(self.scope(), key, &self.route, &self.path, content, self.now)?)
    }
}
