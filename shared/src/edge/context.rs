//! Context of a request: what a handler gets beside its input.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::access::Scoped;
use super::error::Result;
use super::request::Request;
use crate::domain::{Error, IdempotencyKey, IdempotentRequest, ResourceId};

/// Request whose caller passed the checks of its route. `A` is the proof of that, `S` is the route's storage.
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

    /// Storage of the route.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Time at which the request came, to the millisecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Proof that the caller passed the route's check.
    #[must_use]
    pub fn access(&self) -> &A {
        &self.access
    }

    /// Returns a parameter of the path, decoded.
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
    /// # Errors
    ///
    /// [`Error::NotFound`] for a malformed id, because there is no such resource. [`Error::Internal`] if the route's path
    /// has no such parameter.
    pub fn id<T: ResourceId>(&self) -> Result<T> {
        Ok(T::parse(self.path(T::PARAMETER)?).ok_or(Error::NotFound(T::RESOURCE))?)
    }
}

impl<A: Scoped, S> RequestContext<A, S> {
    /// Permission that storage builds keys from.
    #[must_use]
    pub fn scope(&self) -> &A::Scope {
        self.access.scope()
    }

    /// The request as one that may come again with this key. `content` is what it asks for, parsed.
    pub(super) fn idempotent(
        &self,
        key: &IdempotencyKey,
        content: &impl Serialize,
    ) -> Result<IdempotentRequest> {
        Ok(IdempotentRequest::new(self.scope(), key, &self.route, &self.path, content, self.now)?)
    }
}
