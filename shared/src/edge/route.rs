//! A route's specification: its callers, its input, and what can't be derived from its types.
//!
//! ```
//! use shared::domain::validation::Input;
//! use shared::edge::{Idempotent, NoContent, OrgMember, RequestContext, Result, Route, run};
//!
//! #[derive(Input, serde::Serialize, schemars::JsonSchema)]
//! struct Note {
//!     text: String,
//! }
//!
//! async fn add_note(ctx: RequestContext<OrgMember, ()>, note: Idempotent<Note>) -> Result<NoContent> {
//!     let (note, request) = note.open(&ctx)?;
//!     # drop((note, request));
//!     Ok(NoContent)
//! }
//!
//! let route = || Route::post("/v1/orgs/{orgId}/notes").org_member().json::<Note>().idempotent();
//! let start = || run(route().summary("Adds a note"), add_note);
//! ```
//!
//! A route that doesn't say who may call it can't be run:
//!
//! ```compile_fail,E0277
//! # use shared::edge::{NoContent, OrgMember, RequestContext, Result, Route, run};
//! async fn delete(ctx: RequestContext<OrgMember, ()>, (): ()) -> Result<NoContent> {
//!     Ok(NoContent)
//! }
//! run(Route::delete("/v1/orgs/{orgId}/notes"), delete);
//! ```
//!
//! Nor can a handler that asks for more than the route checks:
//!
//! ```compile_fail,E0271
//! # use shared::edge::{NoContent, OrgRole, RequestContext, Result, Route, run};
//! async fn delete(ctx: RequestContext<OrgRole, ()>, (): ()) -> Result<NoContent> {
//!     Ok(NoContent)
//! }
//! run(Route::delete("/v1/orgs/{orgId}/notes").org_member(), delete);
//! ```
//!
//! Nor a `POST` or `PATCH` that says nothing of `Idempotency-Key`:
//!
//! ```compile_fail,E0277
//! # use shared::edge::{NoContent, OrgMember, RequestContext, Result, Route, run};
//! async fn archive(ctx: RequestContext<OrgMember, ()>, (): ()) -> Result<NoContent> {
//!     Ok(NoContent)
//! }
//! run(Route::post("/v1/orgs/{orgId}/archive").org_member(), archive);
//! ```

use std::marker::PhantomData;

use http::Method;
use schemars::JsonSchema;

use super::access::{AccessUnset, Everybody, MembersOnly, RoleOnly, SignedInOnly};
use super::error::ErrorCode;
use super::input::{Content, IfVersion, Json, MergePatch, NoInput, Query, Upload, WithKey};
use crate::domain::validation::Input;

/// Route: `A` is its rule of access, `I` is its input, and `K` says if it was stated what becomes of an `Idempotency-Key`.
#[derive(Debug)]
pub struct Route<A, I, K> {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) access: A,
    pub(super) summary: &'static str,
    pub(super) errors: Vec<ErrorCode>,
    kind: PhantomData<(I, K)>,
}

/// `Idempotency-Key` of which nothing was said yet.
#[derive(Debug)]
pub struct KeyUnset;

/// `Idempotency-Key` that is honored, or ignored on purpose.
#[derive(Debug)]
pub struct KeyStated;

/// Route that says what becomes of an `Idempotency-Key`.
#[diagnostic::on_unimplemented(
    message = "this route doesn't say what becomes of an `Idempotency-Key`",
    label = "add `.idempotent()` or `.ignores_idempotency_key()` to the route"
)]
pub trait Stated {}

impl Stated for KeyStated {}

impl Route<AccessUnset, NoInput, KeyStated> {
    /// Returns a route that reads. It must change nothing, because its handler runs beside the rate limit's counter.
    #[must_use]
    pub fn get(path: &'static str) -> Self {
        Self::new(Method::GET, path)
    }

    /// Returns a route that writes a resource whose address the caller names. The same request again must change nothing.
    #[must_use]
    pub fn put(path: &'static str) -> Self {
        Self::new(Method::PUT, path)
    }

    /// Returns a route that deletes a resource.
    #[must_use]
    pub fn delete(path: &'static str) -> Self {
        Self::new(Method::DELETE, path)
    }
}

impl Route<AccessUnset, NoInput, KeyUnset> {
    /// Returns a route that writes. Its handler runs only for requests that may.
    #[must_use]
    pub fn post(path: &'static str) -> Self {
        Self::new(Method::POST, path)
    }

    /// Returns a route that changes a resource.
    #[must_use]
    pub fn patch(path: &'static str) -> Self {
        Self::new(Method::PATCH, path)
    }
}

impl<K> Route<AccessUnset, NoInput, K> {
    fn new(method: Method, path: &'static str) -> Self {
        Self { method, path, access: AccessUnset, summary: "", errors: Vec::new(), kind: PhantomData }
    }
}

impl<I, K> Route<AccessUnset, I, K> {
    /// Lets in members of the organization in the path's `{orgId}`. The handler gets an [`OrgMember`](super::OrgMember).
    #[must_use]
    pub fn org_member(self) -> Route<MembersOnly, I, K> {
        self.access(MembersOnly)
    }

    /// Lets in members of the organization in the path's `{orgId}` that have this role, by the claim that `AUTH_ROLES_CLAIM`
    /// names or the organizations claim. The handler gets an [`OrgRole`](super::OrgRole).
    #[must_use]
    pub fn org_role(self, role: &'static str) -> Route<RoleOnly, I, K> {
        self.access(RoleOnly(role))
    }

    /// Lets in whoever has a valid token. The handler gets a [`SignedIn`](super::SignedIn).
    #[must_use]
    pub fn signed_in(self) -> Route<SignedInOnly, I, K> {
        self.access(SignedInOnly)
    }

    /// Lets everybody in. Requests are counted by address. The handler gets a [`Public`](super::Public).
    #[must_use]
    pub fn public(self) -> Route<Everybody, I, K> {
        self.access(Everybody)
    }

    /// Lets in whom a rule of your own lets in.
    #[must_use]
    pub fn access<A>(self, access: A) -> Route<A, I, K> {
        let Self { method, path, summary, errors, .. } = self;
        Route { method, path, access, summary, errors, kind: PhantomData }
    }
}

impl<A, K> Route<A, NoInput, K> {
    /// Takes query parameters.
    #[must_use]
    pub fn query<T: Input + JsonSchema>(self) -> Route<A, Query<T>, K> {
        self.input()
    }

    /// Takes a JSON body of at most 64 KiB.
    #[must_use]
    pub fn json<T: Input + JsonSchema>(self) -> Route<A, Json<T>, K> {
        self.input()
    }

    /// Takes a JSON merge patch (RFC 7396) of at most 64 KiB.
    #[must_use]
    pub fn merge_patch<T: Input + JsonSchema>(self) -> Route<A, MergePatch<T>, K> {
        self.input()
    }

    /// Takes one file, as `multipart/form-data`.
    #[must_use]
    pub fn upload(self) -> Route<A, Upload, K> {
        self.input()
    }
}

impl<A, I> Route<A, I, KeyUnset> {
    /// Honors `Idempotency-Key`: the handler gets an [`Idempotent`](super::Idempotent) content. Comes last of what the
    /// route takes.
    #[must_use]
    pub fn idempotent(self) -> Route<A, WithKey<I>, KeyStated> {
        self.input()
    }

    /// Ignores `Idempotency-Key`, because the same request again does no harm.
    #[must_use]
    pub fn ignores_idempotency_key(self) -> Route<A, I, KeyStated> {
        self.input()
    }
}

impl<A, I: Content, K> Route<A, I, K> {
    /// Honors `If-Match`: the handler gets a [`Conditional`](super::Conditional) content. Comes before
    /// [`idempotent`](Route::idempotent).
    #[must_use]
    pub fn if_match(self) -> Route<A, IfVersion<I>, K> {
        self.input()
    }
}

impl<A, I, K> Route<A, I, K> {
    /// Says in one line what the route does, for the API's description.
    #[must_use]
    pub fn summary(mut self, summary: &'static str) -> Self {
        // No release build describes itself, so none needs the text.
        if cfg!(debug_assertions) {
            self.summary = summary;
        }
        self
    }

    /// Names errors that don't follow from the parts of the route, for the API's description.
    #[must_use]
    pub fn errors(mut self, errors: impl IntoIterator<Item = ErrorCode>) -> Self {
        if cfg!(debug_assertions) {
            self.errors.extend(errors);
        }
        self
    }

    fn input<J, L>(self) -> Route<A, J, L> {
        let Self { method, path, access, summary, errors, .. } = self;
        Route { method, path, access, summary, errors, kind: PhantomData }
    }

    /// Name of the route, in the log and in keys.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns `true` if the method is safe (RFC 9110, section 9.2.1), so that nothing changes by it.
    pub(super) fn is_safe(&self) -> bool {
        self.method.is_safe()
    }
}
