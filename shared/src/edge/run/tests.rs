//! Made-up request of a function whose storage can't be reached.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::config::OriginSecrets;
use crate::edge::{NoContent, OrgMember, OrgRole, Public};
use crate::storage::{Key, Kind, Table, write_permitted};

/// Settings of a function.
fn variable(name: &str) -> Option<String> {
    let value = match name {
        "AUTH_JWT_SECRET" => "a secret of 32 bytes, as they say",
        "AUTH_ISSUER" => "https://issuer.example",
        "AUTH_AUDIENCE" => "projects",
        "RATE_LIMIT_TABLE" => "limits",
        "ORIGIN_SECRET" => "another-secret-of-32-bytes-or-more",
        _ => return None,
    };
    Some(value.to_owned())
}

/// Returns clients of an endpoint at which nothing listens.
fn unreachable() -> Aws {
    Aws::for_endpoint("http://127.0.0.1:9")
}

fn open<A, I, K, S, R, H>(aws: &Aws, route: Route<A, I, K>, handler: H) -> Service<A, I, K, S, H>
where
    A: Access<S>,
    I: FromRequest<Settings = ()>,
    S: Store<Settings = ()>,
    R: IntoResponse,
    H: AsyncFn(RequestContext<A::Granted, S>, I::Value) -> Result<R>,
{
    let settings = Env::read(&variable, Settings::from_env).unwrap();
    Service::open(route, handler, aws, (settings, (), ())).unwrap()
}

struct Notes(Table);

impl Store for Notes {
    type Settings = ();

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    fn open(aws: &Aws, (): ()) -> Self {
        Self(Table::open(aws, "notes".to_owned()))
    }
}

/// Handler that looks up a row, as most do.
async fn look_up(ctx: RequestContext<OrgMember, Notes>, (): ()) -> Result<NoContent> {
    const NOTE: Kind<1> = Kind::new("NOTE");
    assert!(ctx.store().0.get(&Key::new(ctx.scope(), NOTE, [&"-"])).await?.is_none());
    Ok(NoContent)
}

#[tokio::test]
async fn warm_up_calls_no_storage() {
    let aws = unreachable();
    let runs = AtomicUsize::new(0);
    let handler = async |ctx: RequestContext<OrgMember, Notes>, (): ()| {
        let found = look_up(ctx, ()).await;
        runs.fetch_add(usize::from(found.is_ok()), Ordering::Relaxed);
        found
    };
    let service = open(&aws, Route::get("/v1/orgs/{orgId}/notes").org_member().warm_up(), handler);
    service.warm_up(&aws, made_up::TIME).await;
    assert_eq!(runs.load(Ordering::Relaxed), 1, "a call of this endpoint would fail");
    assert!(service.limiter.is_unused());
}

#[tokio::test]
async fn handler_runs_only_if_the_route_says_so() {
    let aws = unreachable();
    let runs = AtomicUsize::new(0);
    let handler = async |_: RequestContext<OrgRole, ()>, (): ()| -> Result<NoContent> {
        write_permitted().await?;
        runs.fetch_add(1, Ordering::Relaxed);
        Ok(NoContent)
    };
    let route = || Route::delete("/v1/orgs/{orgId}/notes").org_role("admin");
    open(&aws, route(), &handler).warm_up(&aws, made_up::TIME).await;
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    open(&aws, route().warm_up(), &handler).warm_up(&aws, made_up::TIME).await;
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn made_up_event_of_a_caller_is_refused() {
    let aws = unreachable();
    let service = open(&aws, Route::get("/v1/orgs/{orgId}/notes").org_member(), look_up);
    service.warm_up(&aws, made_up::TIME).await;
    let event = made_up::event(&service.route, &service.auth.made_up_token(clock::now()));
    let refused = service.respond_to(Literal(event.clone()), Invocation::default()).await.response;
    assert_eq!(refused.status_code, 403, "it has no secret of the proxy");
    let service = Service { origin_secrets: OriginSecrets::default(), ..service };
    let refused = service.respond_to(Literal(event), Invocation::default()).await.response;
    assert_eq!(refused.status_code, 401, "its token is invalid");
}

#[tokio::test]
async fn panic_ends_only_the_warm_up() {
    let aws = unreachable();
    let handler = async |_: RequestContext<Public, ()>, (): ()| -> Result<NoContent> { panic!("made up") };
    open(&aws, Route::get("/v1/health").public().warm_up(), handler).warm_up(&aws, made_up::TIME).await;
    assert!(!warm_up::is_active());
}

#[tokio::test]
async fn hanging_handler_ends_in_time() {
    let aws = unreachable();
    let handler =
        async |_: RequestContext<Public, ()>, (): ()| std::future::pending::<Result<NoContent>>().await;
    open(&aws, Route::get("/v1/health").public().warm_up(), handler).warm_up(&aws, Duration::ZERO).await;
}
