//! Table that is lost and found again, at times that the tests choose.

use super::*;
use crate::telemetry::{Invocation, Record};

/// Counts a request while the table is lost.
async fn fails(limiter: &Limiter, now: u64) {
    let response = limiter.check("user#alice", async { None }, now).await;
    assert!(matches!(response, Err(Error::Domain(domain::Error::Unavailable(_)))));
}

#[tokio::test]
async fn lost_table_is_probed_every_ten_seconds() -> Result<()> {
    let table = Table::start().await?;
    let mut limiter = table.ten_in_ten_seconds();
    let lost = RateLimitTable::new(&table.aws, "lost".to_owned());
    let found = std::mem::replace(&mut limiter.table, lost);
    for turn in 0..3 {
        fails(&limiter, START + turn).await;
    }
    // The table is back, and the limiter doesn't know.
    let lost = std::mem::replace(&mut limiter.table, found);
    fails(&limiter, START + 10_001).await;
    let found = std::mem::replace(&mut limiter.table, lost);
    fails(&limiter, START + 10_002).await;
    limiter.table = found;
    fails(&limiter, START + 20_001).await;
    assert!(count(&limiter, "user#alice", START + 20_002).await?.is_ok());
    assert_eq!(burst(&limiter, "user#alice", START + 20_003).await?.0, 9);
    Ok(())
}

#[tokio::test]
async fn known_rejection_outlasts_an_outage() -> Result<()> {
    let table = Table::start().await?;
    let mut limiter = table.ten_in_ten_seconds();
    limiter.failure_mode = FailureMode::Open;
    burst(&limiter, "user#alice", START).await?;
    limiter.table = RateLimitTable::new(&table.aws, "lost".to_owned());
    for caller in ["user#bob", "user#carol", "user#dave", "user#erin"] {
        assert_eq!(limiter.check(caller, async { None }, START).await?, None);
    }
    assert!(limiter.check_cached(Limit::Caller, "user#alice", START).is_err());
    Ok(())
}

#[tokio::test]
async fn known_rejection_is_no_sign_of_recovery() -> Result<()> {
    let table = Table::start().await?;
    let mut limiter = table.ten_in_ten_seconds();
    burst(&limiter, "ip#192.0.2.1", START + 1).await?;
    limiter.table = RateLimitTable::new(&table.aws, "lost".to_owned());
    for turn in 0..3 {
        fails(&limiter, START + turn).await;
        assert!(count(&limiter, "ip#192.0.2.1", START + turn).await?.is_err());
    }
    // Not even the request that comes when a probe is due.
    assert!(count(&limiter, "ip#192.0.2.1", START + 10_003).await?.is_err());
    assert!(limiter.breaker().skips(START + 10_001));
    assert!(limiter.breaker().permits(START + 10_003));
    Ok(())
}

#[tokio::test]
async fn two_failing_counters_are_one_failure() -> Result<()> {
    let table = Table::start().await?;
    let organizations = Some("10/86400s".parse()?);
    let limiter = Limiter { organizations, timeout: Duration::ZERO, ..table.ten_in_ten_seconds() };
    for (now, is_closed) in [(1, true), (2, true), (3, false)] {
        assert!(limiter.check("user#alice", async { Some("org#acme".to_owned()) }, now).await.is_err());
        assert_eq!(limiter.breaker().permits(now), is_closed, "{now}");
    }
    Ok(())
}

#[tokio::test]
async fn late_counters_are_timeouts() -> Result<()> {
    let table = Table::start().await?;
    let organizations = Some("10/86400s".parse()?);
    let limiter = Limiter { organizations, timeout: Duration::ZERO, ..table.ten_in_ten_seconds() };
    let record = Record::new(Invocation::default(), None);
    let check = limiter.check("user#alice", async { Some("org#acme".to_owned()) }, START);
    assert!(record.scope(check).await.is_err());
    let calls: Vec<_> = record.take().calls.iter().map(|call| call.json().to_string()).collect();
    assert_eq!(calls.iter().filter(|call| call.contains("\"failed\":\"timeout\"")).count(), 2, "{calls:?}");
    Ok(())
}
