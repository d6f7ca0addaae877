//! Clocks that step or differ. A request counts in the newest window of any environment, up to ten seconds ahead.

use super::*;

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

fn later(now: u64, milliseconds: i64) -> u64 {
    now.saturating_add_signed(milliseconds)
}

#[tokio::test]
async fn clock_back_a_second_gives_nothing_twice() -> Result<()> {
    let table = Table::start().await?;
    let limiter = table.ten_in_ten_seconds();
    assert_eq!(burst(&limiter, "user#alice", START + 9_900).await?, (10, 2));
    assert_eq!(burst(&limiter, "user#alice", START + 15_000).await?, (5, 1));
    // Steps back within a window and over its start. A second that has passed already gives nothing.
    assert_eq!(burst(&limiter, "user#alice", START + 14_000).await?, (0, 2));
    assert_eq!(burst(&limiter, "user#alice", START + 20_200).await?, (5, 2));
    assert_eq!(burst(&limiter, "user#alice", START + 19_200).await?, (0, 3));
    assert_eq!(burst(&limiter, "user#alice", START + 22_000).await?, (1, 2));
    Ok(())
}

#[tokio::test]
async fn clock_forward_follows_the_rule_at_new_time() -> Result<()> {
    let table = Table::start().await?;
    let limiter = table.ten_in_ten_seconds();
    for (now, passed) in [(5_000, 10), (6_000, 0), (15_000, 5), (16_000, 1), (3_600_000, 10)] {
        assert_eq!(burst(&limiter, "user#alice", START + now).await?.0, passed, "{now} ms");
    }
    Ok(())
}

#[tokio::test]
async fn clock_back_blocks_at_most_thirty_seconds() -> Result<()> {
    let table = Table::start().await?;
    for (step, passed) in [(-SECOND, 0), (-10 * SECOND, 0), (-30 * SECOND, 10), (-HOUR, 10)] {
        let (caller, limiter) = (format!("user#{step}"), table.ten_in_ten_seconds());
        assert_eq!(burst(&limiter, &caller, START).await?.0, 10);
        let now = later(START, step);
        let (more, wait) = burst(&limiter, &caller, now).await?;
        assert!(more <= passed && wait <= 30, "{more} passed and {wait} s to wait after {step} ms");
        let elsewhere = burst(&table.ten_in_ten_seconds(), &caller, now).await?;
        assert_eq!(elsewhere, (0, wait), "another limiter with this clock, after {step} ms");
        assert!(count(&limiter, &caller, now + wait * 1_000).await?.is_ok(), "after {step} ms");
    }
    Ok(())
}

/// Returns the number of requests that pass in a minute of bursts to each limiter, five times a second.
async fn pass_in_a_minute(caller: &str, limiters: &[(Limiter, i64)]) -> Result<u64> {
    let mut passed = 0;
    for turn in 0..300 {
        for (limiter, ahead) in limiters {
            passed += burst(limiter, caller, later(START + turn * 200, *ahead)).await?.0;
        }
    }
    Ok(passed)
}

#[tokio::test]
async fn clocks_seconds_apart_share_one_limit() -> Result<()> {
    let table = Table::start().await?;
    let limiter = |ahead| (table.ten_in_ten_seconds(), ahead);
    let alone = pass_in_a_minute("user#alone", &[limiter(0)]).await?;
    for ahead in [SECOND, 5 * SECOND, 10 * SECOND] {
        let caller = format!("user#{ahead}");
        let together = pass_in_a_minute(&caller, &[limiter(0), limiter(ahead)]).await?;
        // The limiter ahead sees that much more than a minute, in which about one request a second passes.
        let most = alone + u64::try_from(ahead / SECOND)?;
        assert!((alone..=most).contains(&together), "{together} passed with clocks {ahead} ms apart");
    }
    Ok(())
}

#[tokio::test]
async fn clock_an_hour_ahead_blocks_no_caller() -> Result<()> {
    let table = Table::start().await?;
    let (right, ahead) = (table.ten_in_ten_seconds(), table.ten_in_ten_seconds());
    assert_eq!(burst(&ahead, "user#alice", later(START, HOUR)).await?.0, 10);
    assert_eq!(burst(&right, "user#alice", START).await?.0, 10);
    // With the right time, it counts like the other.
    assert_eq!(burst(&ahead, "user#alice", START).await?, (0, 11));
    Ok(())
}
