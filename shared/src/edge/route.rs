//! Specification of a route: callers, input, and parts that don't follow from its types.

use std::marker::PhantomData;

use http::Method;
use schemars::JsonSchema;

use super::access::{AccessUnset, Everybody, MembersOnly, RoleOnly, SignedInOnly};
use super::error::ErrorCode;
use super::input::{Content, DirectUpload, IfVersion, Json, MergePatch, NoInput, Query, Upload, WithKey};
use crate::domain::validation::Input;

/// Route with its access rule `A` and its input `I`. `K` is [`KeyStated`] once its use of `Idempotency-Key` is stated.
///
/// ```no_run
/// use shared::domain::validation::Input;
/// use shared::edge::{Idempotent, NoContent, OrgMember, RequestContext, Result, Route, run};
///
/// #[derive(Input, serde::Serialize, schemars::JsonSchema)]
/// struct NewNote {
///     text: String,
/// }
///
/// async fn add_note(ctx: RequestContext<OrgMember, ()>, new: Idempotent<NewNote>) -> Result<NoContent> {
///     let (new, request) = new.open(&ctx)?;
///     # drop((new, request));
///     Ok(NoContent)
/// }
///
/// let route = Route::post("/v1/orgs/{orgId}/notes").org_member().json::<NewNote>().idempotent();
/// run(route.summary("Adds a note"), add_note);
/// ```
///
/// A route without an access rule does not compile:
///
/// ```compile_fail,E0277
/// # use shared::edge::{NoContent, OrgMember, RequestContext, Result, Route, run};
/// async fn delete(ctx: RequestContext<OrgMember, ()>, (): ()) -> Result<NoContent> {
///     Ok(NoContent)
/// }
/// run(Route::delete("/v1/orgs/{orgId}/notes"), delete);
/// ```
///
/// Nor does a handler that needs more access than the route checks:
///
/// ```compile_fail,E0271
/// # use shared::edge::{NoContent, OrgRole, RequestContext, Result, Route, run};
/// async fn delete(ctx: RequestContext<OrgRole, ()>, (): ()) -> Result<NoContent> {
///     Ok(NoContent)
/// }
/// run(Route::delete("/v1/orgs/{orgId}/notes").org_member(), delete);
/// ```
///
/// Nor does a `POST` or `PATCH` that leaves `Idempotency-Key` open:
///
/// ```compile_fail,E0277
/// # use shared::edge::{NoContent, OrgMember, RequestContext, Result, Route, run};
/// async fn archive(ctx: RequestContext<OrgMember, ()>, (): ()) -> Result<NoContent> {
///     Ok(NoContent)
/// }
/// run(Route::post("/v1/orgs/{orgId}/archive").org_member(), archive);
/// ```
#[derive(Debug)]
pub struct Route<A, I, K> {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) access: A,
    pub(super) summary: &'static str,
    pub(super) errors: Vec<ErrorCode>,
    reads_first: bool,
    /// Media type and body of the made-up request, if the handler runs on it.
    pub(super) made_up: Option<(&'static str, &'static str)>,
    kind: PhantomData<(I, K)>,
}

/// State of a `POST` or `PATCH` whose use of `Idempotency-Key` is not stated yet.
#[derive(Debug)]
pub struct KeyUnset;

/// State of a route that honors `Idempotency-Key`, or ignores it on purpose.
#[derive(Debug)]
pub struct KeyStated;

/// State of a route that can be run. Only [`KeyStated`] implements it.
#[diagnostic::on_unimplemented(
    message = "this route does not state its use of `Idempotency-Key`",
    label = "add `.idempotent()` or `.ignores_idempotency_key()` to the route"
)]
pub trait Stated {}

impl Stated for KeyStated {}

impl Route<AccessUnset, NoInput, KeyStated> {
    /// Returns a route that reads. Its handler must not write, because it runs concurrently with the rate limit's counter.
    ///
    /// ```
    /// use shared::domain::PageRequest;
    /// use shared::edge::Route;
    ///
    /// let list = Route::get("/v1/orgs/{orgId}/invoices").org_member().query::<PageRequest>();
    /// ```
    #[must_use]
    pub fn get(path: &'static str) -> Self {
        Self::new(Method::GET, path)
    }

    /// Returns a route that writes a resource at a path that the caller chooses. Repeating the request must change nothing.
    ///
    /// ```
    /// # use shared::domain::validation::Input;
    /// # use shared::edge::Route;
    /// # #[derive(Input, schemars::JsonSchema)]
    /// # struct Motto { text: String }
    /// let put = Route::put("/v1/orgs/{orgId}/motto").org_role("admin").json::<Motto>();
    /// ```
    #[must_use]
    pub fn put(path: &'static str) -> Self {
        Self::new(Method::PUT, path)
    }

    /// Returns a route that deletes a resource.
    ///
    /// ```
    /// # use shared::edge::Route;
    /// let delete = Route::delete("/v1/orgs/{orgId}/notes/{noteId}").org_member().if_match();
    /// ```
    #[must_use]
    pub fn delete(path: &'static str) -> Self {
        Self::new(Method::DELETE, path)
    }
}

impl Route<AccessUnset, NoInput, KeyUnset> {
    /// Returns a route that writes. Its handler runs after the rate limit has counted the request.
    ///
    /// ```
    /// # use shared::domain::validation::Input;
    /// # use shared::edge::Route;
    /// # #[derive(Input, schemars::JsonSchema)]
    /// # struct NewNote { text: String }
    /// let create = Route::post("/v1/orgs/{orgId}/notes").org_member().json::<NewNote>().idempotent();
    /// ```
    #[must_use]
    pub fn post(path: &'static str) -> Self {
        Self::new(Method::POST, path)
    }

    /// Returns a route that changes a resource.
    ///
    /// ```
    /// # use shared::domain::validation::{Input, Patch};
    /// # use shared::edge::Route;
    /// # #[derive(Input, schemars::JsonSchema)]
    /// # struct NoteChange { text: Patch<String> }
    /// let update = Route::patch("/v1/orgs/{orgId}/notes/{noteId}").org_member();
    /// let update = update.merge_patch::<NoteChange>().if_match().ignores_idempotency_key();
    /// ```
    #[must_use]
    pub fn patch(path: &'static str) -> Self {
        Self::new(Method::PATCH, path)
    }
}

impl<K> Route<AccessUnset, NoInput, K> {
    fn new(method: Method, path: &'static str) -> Self {
        Self {
            method,
            path,
            access: AccessUnset,
            summary: "",
            errors: Vec::new(),
            reads_first: false,
            made_up: None,
            kind: PhantomData,
        }
    }
}

impl<I, K> Route<AccessUnset, I, K> {
    /// Lets in members of the organization in the path's `{orgId}`. The handler gets an [`OrgMember`](super::OrgMember).
    #[must_use]
    pub fn org_member(self) -> Route<MembersOnly, I, K> {
        self.access(MembersOnly)
    }

    /// Lets in members of the organization in the path's `{orgId}` that have this role. Roles come from the claim that
    /// `AUTH_ROLES_CLAIM` names and from the organizations claim. The handler gets an [`OrgRole`](super::OrgRole).
    #[must_use]
    pub fn org_role(self, role: &'static str) -> Route<RoleOnly, I, K> {
        self.access(RoleOnly(role))
    }

    /// Lets in callers with a valid token. The handler gets a [`SignedIn`](super::SignedIn).
    ///
    /// ```
    /// # use shared::edge::Route;
    /// let me = Route::get("/v1/me").signed_in();
    /// ```
    #[must_use]
    pub fn signed_in(self) -> Route<SignedInOnly, I, K> {
        self.access(SignedInOnly)
    }

    /// Lets everyone in. The rate limit counts by address. The handler gets a [`Public`](super::Public).
    ///
    /// ```
    /// # use shared::edge::Route;
    /// let health = Route::get("/v1/health").public();
    /// ```
    #[must_use]
    pub fn public(self) -> Route<Everybody, I, K> {
        self.access(Everybody)
    }

    /// Lets in callers by a rule of your own, see [`Access`](super::Access).
    #[must_use]
    pub fn access<A>(self, access: A) -> Route<A, I, K> {
        let Self { method, path, summary, errors, reads_first, made_up, .. } = self;
        Route { method, path, access, summary, errors, reads_first, made_up, kind: PhantomData }
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

    /// Takes one file as `multipart/form-data`.
    ///
    /// ```
    /// # use shared::edge::Route;
    /// let upload = Route::post("/v1/orgs/{orgId}/notes/{noteId}/files").org_member().upload().idempotent();
    /// ```
    #[must_use]
    pub fn upload(self) -> Route<A, Upload, K> {
        self.input()
    }

    /// Takes the description of a file that the client will put into the bucket itself, as JSON.
    ///
    /// ```
    /// # use shared::edge::Route;
    /// let begin = Route::post("/v1/orgs/{orgId}/notes/{noteId}/uploads").org_member().direct_upload().idempotent();
    /// ```
    #[must_use]
    pub fn direct_upload(self) -> Route<A, DirectUpload, K> {
        self.input()
    }
}

impl<A, I> Route<A, I, KeyUnset> {
    /// Honors `Idempotency-Key`. The handler gets an [`Idempotent`](super::Idempotent) content. Call it after the methods
    /// that add inputs.
    #[must_use]
    pub fn idempotent(self) -> Route<A, WithKey<I>, KeyStated> {
        self.input()
    }

    /// Ignores `Idempotency-Key`, for requests that do no harm if repeated.
    ///
    /// ```
    /// # use shared::edge::Route;
    /// let archive = Route::post("/v1/orgs/{orgId}/notes/{noteId}/archive").org_member().ignores_idempotency_key();
    /// ```
    #[must_use]
    pub fn ignores_idempotency_key(self) -> Route<A, I, KeyStated> {
        self.input()
    }
}

impl<A, I: Content, K> Route<A, I, K> {
    /// Honors `If-Match`. The handler gets a [`Conditional`](super::Conditional) content. Call it before
    /// [`idempotent`](Route::idempotent).
    #[must_use]
    pub fn if_match(self) -> Route<A, IfVersion<I>, K> {
        self.input()
    }
}

impl<A, I, K> Route<A, I, K> {
    /// Sets the summary of the route in the API's description.
    #[must_use]
    pub fn summary(mut self, summary: &'static str) -> Self {
        // Release builds have no description.
        if cfg!(debug_assertions) {
            self.summary = summary;
        }
        self
    }

    /// Adds error codes of the handler to the API's description. Those of the route's parts are there already.
    ///
    /// ```
    /// use shared::edge::{ErrorCode, Route};
    ///
    /// let get = Route::get("/v1/orgs/{orgId}/motto").org_member();
    /// let get = get.summary("Returns the motto").errors([ErrorCode::NOT_FOUND]);
    /// ```
    #[must_use]
    pub fn errors(mut self, errors: impl IntoIterator<Item = ErrorCode>) -> Self {
        if cfg!(debug_assertions) {
            self.errors.extend(errors);
        }
        self
    }

    /// Runs the handler while the rate limit counts the request, so that its reads add no latency. Its writes wait until
    /// the request is counted, see [`write_permitted`](crate::storage::write_permitted). For handlers of writes that read
    /// first.
    ///
    /// ```
    /// # use shared::edge::Route;
    /// let delete = Route::delete("/v1/orgs/{orgId}/notes/{noteId}").org_member().if_match().reads_first();
    /// ```
    #[must_use]
    pub fn reads_first(self) -> Self {
        Self { reads_first: true, ..self }
    }

    /// Runs the access check and the handler once before the first request, so that its caller doesn't wait until their
    /// code is loaded. Storage sends nothing meanwhile, finds no row and accepts every write, and nothing is logged. Caller
    /// and ids are made up. After half a second it ends.
    ///
    /// Only for handlers, access rules and stores of which all of this is true: their only effects are calls of storage,
    /// they await these calls in the same task, and they keep nothing of what they read for later requests.
    ///
    /// ```
    /// # use shared::edge::Route;
    /// let get = Route::get("/v1/orgs/{orgId}/notes/{noteId}").org_member().warm_up();
    /// ```
    #[must_use]
    pub fn warm_up(self) -> Self {
        self.warm_up_with("", "")
    }

    /// Does the same for a handler that takes a body: a valid one.
    ///
    /// ```
    /// # use shared::domain::validation::Input;
    /// # use shared::edge::Route;
    /// # #[derive(Input, schemars::JsonSchema)]
    /// # struct NewNote { text: String }
    /// let create = Route::post("/v1/orgs/{orgId}/notes").org_member().json::<NewNote>().idempotent();
    /// let create = create.warm_up_with("application/json", r#"{"text":"-"}"#);
    /// ```
    #[must_use]
    pub fn warm_up_with(self, media_type: &'static str, body: &'static str) -> Self {
        Self { made_up: Some((media_type, body)), ..self }
    }

    fn input<J, L>(self) -> Route<A, J, L> {
        let Self { method, path, access, summary, errors, reads_first, made_up, .. } = self;
        Route { method, path, access, summary, errors, reads_first, made_up, kind: PhantomData }
    }

    /// Returns the name of the route in the log and in keys.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns `true` if the handler runs concurrently with the counter of the rate limit.
    pub(super) fn is_concurrent(&self) -> bool {
        self.is_safe() || self.reads_first
    }

    /// Returns `true` if the method is safe (RFC 9110, section 9.2.1), which means that it changes nothing.
    pub(super) fn is_safe(&self) -> bool {
        self.method.is_safe()
    }
}
