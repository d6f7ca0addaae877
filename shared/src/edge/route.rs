//! A route's specification: who may call it and what it takes.
//!
//! ```
//! use shared::domain::{NewProject, Project};
//! use shared::edge::{Context, Created, OrgMember, Result, Route, run};
//! use shared::storage::Projects;
//!
//! async fn create(cx: Context<OrgMember, Projects>, new: NewProject) -> Result<Created<Project>> {
//!     todo!()
//! }
//!
//! let start = || run(Route::post("/v1/orgs/{orgId}/projects").org_member().json::<NewProject>(), create);
//! ```
//!
//! A route that doesn't say who may call it can't be run:
//!
//! ```compile_fail
//! # use shared::domain::{NewProject, Project};
//! # use shared::edge::{Context, Created, OrgMember, Result, Route, run};
//! # use shared::storage::Projects;
//! # async fn create(cx: Context<OrgMember, Projects>, new: NewProject) -> Result<Created<Project>> {
//! #     todo!()
//! # }
//! let start = || run(Route::post("/v1/orgs/{orgId}/projects").json::<NewProject>(), create);
//! ```

use std::marker::PhantomData;

use http::Method;

use super::access::{OrgMember, Unstated};
use super::input::{Json, Nothing, Query};
use crate::domain::validation::Input;

/// A route: `A` is who may call it, `I` is what it takes.
pub struct Route<A, I> {
    pub(super) method: Method,
    pub(super) path: &'static str,
    kind: PhantomData<(A, I)>,
}

impl Route<Unstated, Nothing> {
    /// A route that reads. It must change nothing, as its handler runs beside the rate limit's counter.
    #[must_use]
    pub fn get(path: &'static str) -> Self {
        Self { method: Method::GET, path, kind: PhantomData }
    }

    /// A route that writes. Its handler runs only for requests that may.
    #[must_use]
    pub fn post(path: &'static str) -> Self {
        Self { method: Method::POST, path, kind: PhantomData }
    }
}

impl<I> Route<Unstated, I> {
    /// Only members of the organization in the path's `{orgId}` may call it.
    #[must_use]
    pub fn org_member(self) -> Route<OrgMember, I> {
        Route { method: self.method, path: self.path, kind: PhantomData }
    }
}

impl<A> Route<A, Nothing> {
    /// It takes query parameters.
    #[must_use]
    pub fn query<T: Input>(self) -> Route<A, Query<T>> {
        Route { method: self.method, path: self.path, kind: PhantomData }
    }

    /// It takes a JSON body.
    #[must_use]
    pub fn json<T: Input>(self) -> Route<A, Json<T>> {
        Route { method: self.method, path: self.path, kind: PhantomData }
    }

    /// It takes one file, as `multipart/form-data`.
    #[cfg(feature = "uploads")]
    #[must_use]
    pub fn upload(self) -> Route<A, super::input::Upload> {
        Route { method: self.method, path: self.path, kind: PhantomData }
    }
}

impl<A, I> Route<A, I> {
    /// What names the route, in the log and in keys.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether the method is safe (RFC 9110, section 9.2.1), so that nothing changes by it.
    pub(super) fn is_safe(&self) -> bool {
        self.method.is_safe()
    }
}
