//! What a handler gets besides its input.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::access::OrgMember;
use super::error::Result;
use super::request::Request;
use crate::domain::{self, IdempotencyKey, OrgScope, ProjectId, Repeatable};

/// A request whose caller passed the checks of its route. `A` is what they proved, `S` is where the data is.
pub struct Context<A, S> {
    access: A,
    store: Arc<S>,
    now: Timestamp,
    route: Arc<str>,
    path: BTreeMap<String, String>,
    key: Option<IdempotencyKey>,
}

impl<A, S> Context<A, S> {
    pub(super) fn new(
        access: A,
        store: Arc<S>,
        now: Timestamp,
        route: Arc<str>,
        key: Option<IdempotencyKey>,
        request: &mut Request,
    ) -> Self {
        Self { access, store, now, route, path: request.take_path(), key }
    }

    /// Where the data is.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// When the request came.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A parameter of the path, decoded; empty for one that the route doesn't have.
    #[must_use]
    pub fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The project of the path's `{projectId}`.
    ///
    /// # Errors
    ///
    /// [`domain::Error::NotFound`] for a malformed id: there is no such project.
    pub fn project(&self) -> Result<ProjectId> {
        Ok(ProjectId::parse(self.path("projectId")).ok_or(domain::Error::NotFound("Project"))?)
    }
}

impl<S> Context<OrgMember, S> {
    /// The permission to act in the organization of the path.
    #[must_use]
    pub fn scope(&self) -> &OrgScope {
        self.access.scope()
    }

    /// How this request is recognized if it comes again, for callers that sent an `Idempotency-Key`. `content` is what
    /// it asks for, parsed.
    ///
    /// # Errors
    ///
    /// [`domain::Error::Internal`] if the content can't be written as JSON.
    pub fn repeatable(&self, content: &impl Serialize) -> Result<Option<Repeatable>> {
        let Some(key) = &self.key else { return Ok(None) };
        Ok(Some(Repeatable::new(self.scope(), key, &self.route, &self.path, content, self.now)?))
    }
}
