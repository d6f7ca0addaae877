//! Description of a route in `OpenAPI` 3.1, derived from its types: schemas with their rules, responses, headers and
//! errors. `--describe` prints it. Release builds don't contain it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::access::Access;
use super::caller::sealed::Sealed;
use super::error::ErrorCode;
use super::input::FromRequest;
use super::operation::Operation;
use super::response::{IntoResponse, error_response};
use super::route::Route;
use crate::config::{AwsSettings, Env, LogSettings, Settings};
use crate::storage::Store;

/// Error codes of every route.
const COMMON: [ErrorCode; 3] =
    [ErrorCode::RATE_LIMITED, ErrorCode::INTERNAL_ERROR, ErrorCode::SERVICE_UNAVAILABLE];

/// Returns the description of a function: `method`, `path`, the `variables` that it reads, and a `document` with this one
/// operation.
pub(super) fn describe<A, I, K, S, R>(route: &Route<A, I, K>) -> Value
where
    A: Access<S>,
    I: FromRequest,
    S: Store,
    R: IntoResponse,
{
    let mut operation = Operation::new(route.summary, |error| error_response(error).ok()?.body);
    I::describe(&mut operation);
    R::describe(&mut operation);
    operation.refusals(COMMON);
    operation.refusals(A::REFUSALS.iter().copied());
    operation.refusals(route.errors.iter().copied());
    if A::Identity::HAS_TOKEN {
        operation.refusals([ErrorCode::UNAUTHORIZED, ErrorCode::CROSS_SITE_REQUEST]);
    } else {
        operation.public();
    }
    let parameters: Vec<_> = route.path.split(['{', '}']).skip(1).step_by(2).collect();
    let resources: Vec<_> = parameters.iter().copied().filter(|name| *name != "orgId").collect();
    if !resources.is_empty() {
        operation.refusals([ErrorCode::NOT_FOUND]);
    }
    json!({
        "method": route.method.as_str(),
        "path": route.path,
        "variables": variables(|env| drop((S::settings(env), I::settings(env)))),
        "document": operation.document(&route.method, route.path, &parameters, &resources),
    })
}

/// Returns the names of the variables that a function reads, except the SDK's.
fn variables(own: impl FnOnce(&Env<'_>)) -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    let lookup = |name: &str| {
        names.borrow_mut().insert(name.to_owned());
        None
    };
    let read = Env::read(&lookup, |env| {
        own(env);
        drop((LogSettings::from_env(env), Settings::from_env(env), AwsSettings::from_env(env)));
        Some(())
    });
    drop(read);
    names.into_inner().into_iter().filter(|name| !name.starts_with("AWS_")).collect()
}
