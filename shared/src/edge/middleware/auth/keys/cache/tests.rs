//! Fetches of an issuer's keys while it is up, down or slow.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::Semaphore;

use super::*;

/// Issuer of one key. A test can change its id, take the issuer down or delay it.
struct FakeIssuer {
    key_id: Mutex<Option<&'static str>>,
    fetches: AtomicUsize,
    /// Responses wait while a test has all permits.
    responses: Semaphore,
}

impl Source for Arc<FakeIssuer> {
    async fn fetch(&self) -> Result<KeySet, BoxError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let _permit = self.responses.acquire().await?;
        let key_id = *self.key_id.lock().unwrap();
        key_id.map(set).ok_or_else(|| "the issuer is down".into())
    }
}

/// Returns a set with one key of this id.
fn set(id: &str) -> KeySet {
    let x = "ZVRXb9jn9XcIZEz5Yk-GrtatbY8LRR8rftye3u3yugI";
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": id});
    json!({ "keys": [key] }).to_string().parse().unwrap()
}

/// Cache and its issuer, at a time that tests advance.
struct World {
    source: Arc<FakeIssuer>,
    cache: Arc<Cache<Arc<FakeIssuer>>>,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        let source = Arc::new(FakeIssuer {
            key_id: Mutex::new(Some("1")),
            fetches: AtomicUsize::default(),
            responses: Semaphore::new(1_000),
        });
        let cache = Arc::new(Cache::new(Arc::clone(&source)));
        Self { source, cache, now: Timestamp::from_second(1_700_000_000).unwrap() }
    }

    fn serve(&self, id: Option<&'static str>) {
        *self.source.key_id.lock().unwrap() = id;
    }

    fn fetches(&self) -> usize {
        self.source.fetches.load(Ordering::SeqCst)
    }

    /// Delays every response until [`Self::let_go`].
    async fn hold(&self) {
        self.source.responses.acquire_many(1_000).await.unwrap().forget();
    }

    fn let_go(&self) {
        self.source.responses.add_permits(1_000);
    }

    fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// Returns `true` if a token with the key id `id` finds its key.
    async fn finds(&self, id: &str) -> bool {
        self.cache.keys(Some(id), self.now).await.is_ok_and(|set| set.contains(id))
    }

    /// Runs the background tasks until they wait.
    async fn settle(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn keys_are_fetched_once() {
    let mut world = World::new();
    for _ in 0..299 {
        assert!(world.finds("1").await);
        world.pass(1);
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn prefetched_keys_are_not_fetched_again() {
    let world = World::new();
    world.cache.refresh(world.now);
    assert!(world.finds("1").await);
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn aging_keys_are_refreshed_in_background() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.pass(300);
    world.hold().await;
    world.serve(Some("2"));
    for _ in 0..5 {
        assert!(world.finds("1").await, "no request waits for it");
        world.settle().await;
    }
    assert_eq!(world.fetches(), 2, "one refresh is under way");
    world.let_go();
    world.settle().await;
    assert!(world.finds("2").await);
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn old_keys_wait_for_a_fetch() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.pass(600);
    world.serve(Some("2"));
    assert!(!world.finds("1").await, "a key that the issuer withdrew is over");
    assert!(world.finds("2").await);
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn keys_stay_in_use_while_issuer_is_down() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.serve(None);
    for _ in 0..3_600 {
        world.pass(1);
        assert!(world.finds("1").await);
        world.settle().await;
    }
    let fetches = world.fetches() - 1;
    assert!((100..=3_300 / 30 + 1).contains(&fetches), "{fetches} fetches in an hour");
    world.serve(Some("2"));
    world.pass(30);
    assert!(world.finds("2").await, "it is back");
}

#[tokio::test]
async fn missing_keys_are_fetched_once_a_second() {
    let mut world = World::new();
    world.serve(None);
    for fetches in 1..=3 {
        for _ in 0..5 {
            assert!(world.cache.keys(Some("1"), world.now).await.is_err());
            assert_eq!(world.fetches(), fetches);
        }
        world.pass(1);
    }
    world.serve(Some("1"));
    assert!(world.finds("1").await);
}

#[tokio::test]
async fn new_key_is_found_immediately() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.pass(1);
    world.serve(Some("2"));
    assert!(world.finds("2").await);
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn forged_key_ids_fetch_once_per_cool_down() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    for (seconds, fetches) in [(0, 2), (1, 2), (28, 2), (1, 3), (29, 3), (1, 4)] {
        world.pass(seconds);
        for forged in ["a", "b", "a"] {
            assert!(!world.finds(forged).await);
            assert!(world.finds("1").await);
        }
        assert_eq!(world.fetches(), fetches);
    }
}

#[tokio::test]
async fn first_request_with_forged_key_id_fetches_once() {
    let world = World::new();
    assert!(!world.finds("a").await);
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn token_without_key_id_causes_no_fetch() {
    let world = World::new();
    for _ in 0..3 {
        assert!(world.cache.keys(None, world.now).await.is_ok());
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn failed_search_is_retried_after_a_second() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.serve(None);
    for fetches in 2..=4 {
        for _ in 0..5 {
            assert!(!world.finds("2").await);
            assert!(world.finds("1").await);
            assert_eq!(world.fetches(), fetches);
        }
        world.pass(1);
    }
    world.serve(Some("2"));
    assert!(world.finds("2").await, "the new key is not locked out");
    assert_eq!(world.fetches(), 5);
}

#[tokio::test]
async fn failed_search_keeps_the_running_cool_down() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    assert!(!world.finds("forged").await);
    world.serve(None);
    world.pass(30);
    assert!(!world.finds("forged").await);
    world.serve(Some("1"));
    world.pass(1);
    assert!(!world.finds("forged").await);
    assert_eq!(world.fetches(), 4);
    world.pass(29);
    assert!(!world.finds("forged").await);
    assert_eq!(world.fetches(), 4, "the issuer responded 29 s ago");
}

/// Sends twenty concurrent requests for the key `id`. Returns `true` for each that found it.
async fn send_concurrently(world: &World, id: &'static str) -> Vec<bool> {
    world.hold().await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (cache, now) = (Arc::clone(&world.cache), world.now);
            tokio::spawn(async move { cache.keys(Some(id), now).await.is_ok_and(|set| set.contains(id)) })
        })
        .collect();
    world.settle().await;
    world.let_go();
    let mut found = Vec::new();
    for task in tasks {
        found.push(task.await.unwrap());
    }
    found
}

#[tokio::test]
async fn concurrent_first_requests_fetch_once() {
    let world = World::new();
    assert_eq!(send_concurrently(&world, "1").await, [true; 20]);
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn concurrent_requests_with_new_key_fetch_once() {
    let world = World::new();
    assert!(world.finds("1").await);
    world.serve(Some("2"));
    assert_eq!(send_concurrently(&world, "2").await, [true; 20]);
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn concurrent_requests_share_one_failed_fetch() {
    let world = World::new();
    world.serve(None);
    assert_eq!(send_concurrently(&world, "1").await, [false; 20]);
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn cancelled_request_does_not_block_the_next() {
    let world = World::new();
    world.hold().await;
    let (cache, now) = (Arc::clone(&world.cache), world.now);
    let given_up = tokio::spawn(async move { cache.keys(Some("1"), now).await.map(drop) });
    world.settle().await;
    given_up.abort();
    world.let_go();
    assert!(world.finds("1").await);
}

#[tokio::test]
async fn clock_set_back_keeps_keys_expiring() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.pass(-60);
    assert!(world.finds("1").await);
    assert_eq!(world.fetches(), 1);
    world.pass(-86_400);
    world.serve(Some("2"));
    assert!(world.finds("2").await);
    assert_eq!(world.fetches(), 2);
}
