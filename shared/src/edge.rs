//! HTTP and Lambda: routes, access, the pipeline of checks, inputs, responses and descriptions. What must stay out:
//! resources of an application, and calls to AWS.

mod access;
mod caller;
mod changes;
mod context;
mod describe;
pub(crate) mod error;
mod event;
pub(crate) mod input;
mod made_up;
pub(crate) mod middleware;
mod operation;
mod path;
mod pipeline;
mod refusal;
pub(crate) mod request;
pub(crate) mod response;
mod route;
mod run;

pub use ::http::{HeaderName, StatusCode};
pub use access::{
    Access, AccessUnset, Everybody, MembersOnly, OrgMember, OrgRole, Proof, Public, RoleOnly, Scoped,
    SignedIn, SignedInOnly,
};
pub use caller::{Anonymous, Identity};
pub use changes::run_changes;
pub use context::RequestContext;
pub use error::{Error, ErrorCode, Result};
pub use input::{
    Conditional, Content, DirectUpload, FromRequest, Idempotent, IfVersion, Json, MergePatch, NoInput, Paged,
    Query, Upload, Versions, WithKey,
};
pub use operation::Operation;
pub use refusal::Refusal;
pub use request::Request;
pub use response::{
    Created, CreatedJson, IntoResponse, NoContent, OkJson, OkResource, Redirect, Resource, Response, path,
};
pub use route::{KeyStated, KeyUnset, Route, Stated};
pub use run::run;
