//! Cache of counters: it is bounded, and changes no decision.

use super::*;

#[tokio::test]
async fn cache_is_bounded_and_clearing_changes_no_decision() -> Result<()> {
    let table = Table::start().await?;
    let limiter = table.ten_in_ten_seconds();
    assert_eq!(burst(&limiter, "user#alice", START).await?, (10, 11));
    // Ten thousand addresses clear the cache, but Alice stays over the limit.
    let counter = Counter { window: START / 10_000, current: 1, previous: 0 };
    for caller in 0..10_000 {
        limiter.cache_counter(&format!("ip#{caller}"), counter);
        assert!(limiter.cache().len() <= CACHE_CAPACITY, "after {caller} callers");
    }
    assert!(!limiter.cache().contains_key("user#alice"));
    assert_eq!(burst(&limiter, "user#alice", START).await?, (0, 11));
    assert!(limiter.cache().contains_key("user#alice"), "one round trip, and it is cached again");
    assert!(limiter.check_cached(Limit::Caller, "user#alice", START).is_err());
    Ok(())
}

#[tokio::test]
async fn cached_rejection_ends_when_the_table_allows() -> Result<()> {
    let table = Table::start().await?;
    let limiters = [table.ten_in_ten_seconds(), table.ten_in_ten_seconds()];
    burst(&limiters[0], "user#alice", START).await?;
    burst(&limiters[1], "user#alice", START).await?;
    for limiter in &limiters {
        assert!(limiter.check_cached(Limit::Caller, "user#alice", START + 10_999).is_err());
        assert!(limiter.check_cached(Limit::Caller, "user#alice", START + 11_000).is_ok());
    }
    // One request fits, so the cache of the other limiter is out of date. It still rejects.
    assert_eq!(burst(&limiters[0], "user#alice", START + 11_000).await?, (1, 1));
    assert_eq!(burst(&limiters[1], "user#alice", START + 11_000).await?, (0, 1));
    Ok(())
}
