//! When an issuer is asked for its keys, and what holds while it is asked, down or slow.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::Semaphore;

use super::*;

/// An issuer that serves one key, whose id a test may change, and that a test may take down or hold up.
struct Served {
    serves: Mutex<Option<&'static str>>,
    asked: AtomicUsize,
    /// Whoever has all permits holds up the answers.
    responses: Semaphore,
}

impl Source for Arc<Served> {
    async fn fetch(&self) -> Result<KeySet, BoxError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let _permit = self.responses.acquire().await?;
        let serves = *self.serves.lock().unwrap();
        serves.map(set).ok_or_else(|| "the issuer is down".into())
    }
}

/// A set with one key of this id.
fn set(id: &str) -> KeySet {
    let x = "ZVRXb9jn9XcIZEz5Yk-GrtatbY8LRR8rftye3u3yugI";
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": id});
    KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap()
}

/// A cache and its issuer at a time that goes on as a test says.
struct World {
    source: Arc<Served>,
    cache: Arc<Cache<Arc<Served>>>,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        let source = Arc::new(Served {
            serves: Mutex::new(Some("1")),
            asked: AtomicUsize::default(),
            responses: Semaphore::new(1_000),
        });
        let cache = Arc::new(Cache::new(Arc::clone(&source)));
        Self { source, cache, now: Timestamp::from_second(1_700_000_000).unwrap() }
    }

    fn serves(&self, id: Option<&'static str>) {
        *self.source.serves.lock().unwrap() = id;
    }

    fn asked(&self) -> usize {
        self.source.asked.load(Ordering::SeqCst)
    }

    /// Holds up every answer until [`Self::let_go`].
    async fn hold(&self) {
        self.source.responses.acquire_many(1_000).await.unwrap().forget();
    }

    fn let_go(&self) {
        self.source.responses.add_permits(1_000);
    }

    fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// Whether a token that names the key `id` finds it.
    async fn finds(&self, id: &str) -> bool {
        self.cache.keys(Some(id), self.now).await.is_ok_and(|set| set.contains(id))
    }

    /// Lets everything that runs in the background get as far as it can.
    async fn settle(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn keys_are_fetched_once_and_kept() {
    let mut world = World::new();
    for _ in 0..299 {
        assert!(world.finds("1").await);
        world.pass(1);
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn keys_that_were_fetched_ahead_are_not_fetched_again() {
    let world = World::new();
    world.cache.refresh(world.now);
    assert!(world.finds("1").await);
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn aging_keys_are_refreshed_beside_the_request() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.pass(300);
    world.hold().await;
    world.serves(Some("2"));
    for _ in 0..5 {
        assert!(world.finds("1").await, "no request waits for it");
        world.settle().await;
    }
    assert_eq!(world.asked(), 2, "one refresh is under way");
    world.let_go();
    world.settle().await;
    assert!(world.finds("2").await);
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn old_keys_are_not_used_before_the_issuer_was_asked() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.pass(600);
    world.serves(Some("2"));
    assert!(!world.finds("1").await, "a key that the issuer withdrew is over");
    assert!(world.finds("2").await);
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn keys_serve_on_while_the_issuer_is_down_and_it_is_asked_now_and_then() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.serves(None);
    for _ in 0..3_600 {
        world.pass(1);
        assert!(world.finds("1").await);
        world.settle().await;
    }
    let fetches = world.asked() - 1;
    assert!((100..=3_300 / 30 + 1).contains(&fetches), "{fetches} fetches in an hour");
    world.serves(Some("2"));
    world.pass(30);
    assert!(world.finds("2").await, "it is back");
}

#[tokio::test]
async fn without_keys_the_issuer_is_asked_once_a_second_until_it_is_there() {
    let mut world = World::new();
    world.serves(None);
    for fetches in 1..=3 {
        for _ in 0..5 {
            assert!(world.cache.keys(Some("1"), world.now).await.is_err());
            assert_eq!(world.asked(), fetches);
        }
        world.pass(1);
    }
    world.serves(Some("1"));
    assert!(world.finds("1").await);
}

#[tokio::test]
async fn a_new_key_is_found_at_once() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.pass(1);
    world.serves(Some("2"));
    assert!(world.finds("2").await);
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn made_up_keys_ask_the_issuer_once_in_a_cool_down() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    for (second, asked) in [(0, 2), (1, 2), (28, 2), (1, 3), (29, 3), (1, 4)] {
        world.pass(second);
        for made_up in ["a", "b", "a"] {
            assert!(!world.finds(made_up).await);
            assert!(world.finds("1").await);
        }
        assert_eq!(world.asked(), asked);
    }
}

#[tokio::test]
async fn a_first_request_with_a_made_up_key_asks_once() {
    let world = World::new();
    assert!(!world.finds("a").await);
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_token_without_a_key_id_makes_nobody_ask() {
    let world = World::new();
    for _ in 0..3 {
        assert!(world.cache.keys(None, world.now).await.is_ok());
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_failed_search_is_repeated_after_a_second() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.serves(None);
    for asked in 2..=4 {
        for _ in 0..5 {
            assert!(!world.finds("2").await);
            assert!(world.finds("1").await);
            assert_eq!(world.asked(), asked);
        }
        world.pass(1);
    }
    world.serves(Some("2"));
    assert!(world.finds("2").await, "the new key is not locked out");
    assert_eq!(world.asked(), 5);
}

#[tokio::test]
async fn a_failed_search_leaves_the_cool_down_of_an_answered_one() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    assert!(!world.finds("forged").await);
    world.serves(None);
    world.pass(30);
    assert!(!world.finds("forged").await);
    world.serves(Some("1"));
    world.pass(1);
    assert!(!world.finds("forged").await);
    assert_eq!(world.asked(), 4);
    world.pass(29);
    assert!(!world.finds("forged").await);
    assert_eq!(world.asked(), 4, "the issuer answered 29 s ago");
}

/// What twenty requests at once for the key `id` come to.
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
async fn requests_at_once_ask_for_the_first_keys_once() {
    let world = World::new();
    assert_eq!(send_concurrently(&world, "1").await, [true; 20]);
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn requests_at_once_with_a_new_key_ask_for_it_once_and_all_find_it() {
    let world = World::new();
    assert!(world.finds("1").await);
    world.serves(Some("2"));
    assert_eq!(send_concurrently(&world, "2").await, [true; 20]);
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn requests_at_once_don_t_ask_an_issuer_that_is_down_one_after_the_other() {
    let world = World::new();
    world.serves(None);
    assert_eq!(send_concurrently(&world, "1").await, [false; 20]);
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_request_that_was_given_up_does_not_hold_up_the_next() {
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
async fn a_clock_that_is_set_back_makes_keys_neither_eternal_nor_old() {
    let mut world = World::new();
    assert!(world.finds("1").await);
    world.pass(-60);
    assert!(world.finds("1").await);
    assert_eq!(world.asked(), 1);
    world.pass(-86_400);
    world.serves(Some("2"));
    assert!(world.finds("2").await);
    assert_eq!(world.asked(), 2);
}
