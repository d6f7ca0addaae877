//! What an instance remembers of counters: it is bounded, and nothing that it forgets or believes changes a decision.

use super::*;

#[tokio::test]
async fn what_is_remembered_is_bounded_and_forgetting_it_changes_no_decision() -> Result<()> {
    let table = Table::start().await?;
    let limiter = table.ten_in_ten_seconds();
    assert_eq!(burst(&limiter, "user#alice", START).await?, (10, 11));
    // Whoever has ten thousand addresses can make the instance forget Alice, but not let her pass.
    let counter = Counter { window: START / 10_000, current: 1, previous: 0 };
    for caller in 0..10_000 {
        limiter.cache_counter(&format!("ip#{caller}"), counter);
        assert!(limiter.cache().len() <= CACHE_CAPACITY, "after {caller} callers");
    }
    assert!(!limiter.cache().contains_key("user#alice"));
    assert_eq!(burst(&limiter, "user#alice", START).await?, (0, 11));
    assert!(limiter.cache().contains_key("user#alice"), "one round trip, and it is known again");
    assert!(limiter.check_cached("user#alice", START).is_err());
    Ok(())
}

#[tokio::test]
async fn a_refusal_that_costs_nothing_ends_when_the_table_would_let_the_request_pass() -> Result<()> {
    let table = Table::start().await?;
    let limiters = [table.ten_in_ten_seconds(), table.ten_in_ten_seconds()];
    burst(&limiters[0], "user#alice", START).await?;
    burst(&limiters[1], "user#alice", START).await?;
    for limiter in &limiters {
        assert!(limiter.check_cached("user#alice", START + 10_999).is_err());
        assert!(limiter.check_cached("user#alice", START + 11_000).is_ok());
    }
    // The room is for one: whichever comes first, the other's belief is out of date and costs nobody anything.
    assert_eq!(burst(&limiters[0], "user#alice", START + 11_000).await?, (1, 1));
    assert_eq!(burst(&limiters[1], "user#alice", START + 11_000).await?, (0, 1));
    Ok(())
}
