//! Lines of calls, and what a record keeps of them.

use super::*;

fn attempt(failed: Failure) -> Attempt {
    Attempt { failed: Some(failed), ..Attempt::default() }
}

/// Returns the calls that are recorded while `part` runs, as JSON, and the number of those left out.
async fn calls(part: impl Future<Output = ()>) -> (Vec<String>, usize) {
    let record = Record::new(Invocation::default(), None);
    record.scope(part).await;
    let state = record.take();
    let calls = state.calls.into_iter().map(|mut call| {
        call.took = Duration::from_micros(4_260);
        call.json().to_string()
    });
    (calls.collect(), state.omitted)
}

#[tokio::test]
async fn attempts_are_shown_unless_one() {
    let part = async {
        for attempts in [1, 3] {
            let call = OpenCall::start("DynamoDB", "Query", "notes").unwrap();
            (1..attempts).for_each(|_| call.attempt(Some(attempt(Failure::Throttled))));
            call.attempt(None);
            call.end();
        }
    };
    let expected = [
        r#"{"operation":"Query","resource":"notes","ms":4.3}"#,
        r#"{"operation":"Query","resource":"notes","attempts":3,"ms":4.3,"retried":"throttled"}"#,
    ];
    assert_eq!(calls(part).await.0, expected);
}

#[tokio::test]
async fn last_failure_is_that_of_the_last_call() {
    let part = async {
        for (failed, named) in [
            (Some(attempt(Failure::Network)), Some("Query of notes: network")),
            (None, None),
            (Some(Attempt::default()), None),
        ] {
            let call = OpenCall::start("DynamoDB", "Query", "notes").unwrap();
            call.attempt(failed);
            call.end();
            assert_eq!(last_failure().as_deref(), named);
        }
    };
    assert_eq!(calls(part).await.0.len(), 3);
}

#[tokio::test]
async fn dropped_call_is_canceled_unless_timed_out() {
    let part = async {
        for most in [0, 1, 2] {
            for throttled in [true, false] {
                let call = OpenCall::start("DynamoDB", "Query", "notes").unwrap();
                (0..usize::from(throttled)).for_each(|_| call.attempt(Some(attempt(Failure::Throttled))));
            }
            timed_out(most);
            OpenCall::start("DynamoDB", "GetItem", "notes").unwrap().end();
        }
    };
    let kinds = [["canceled", "canceled"], ["canceled", "timeout"], ["timeout", "timeout"]];
    let (calls, _) = calls(part).await;
    for (calls, [first, second]) in calls.chunks(3).zip(kinds) {
        assert!(
            calls[0]
                .ends_with(&format!(r#""attempts":2,"ms":4.3,"failed":"{first}","retried":"throttled"}}"#))
        );
        assert!(calls[1].ends_with(&format!(r#""ms":4.3,"failed":"{second}"}}"#)), "{calls:?}");
    }
}

#[tokio::test]
async fn prepared_call_is_forgotten() {
    let part = async {
        OpenCall::start("S3", "GetObject", "files").unwrap().forget();
    };
    assert_eq!(calls(part).await, (vec![], 0));
}

#[tokio::test]
async fn failed_calls_of_large_batches_are_kept() {
    let part = async {
        for number in 0..KEPT_CALLS + 10 {
            let call = OpenCall::start("DynamoDB", "Query", "notes").unwrap();
            if number % 10 == 0 {
                call.attempt(Some(attempt(Failure::Network)));
            }
            call.attempt((number % 20 == 0).then(|| attempt(Failure::Network)));
            call.end();
        }
        assert_eq!(last_failure(), None, "the last call is left out");
    };
    let (calls, omitted) = calls(part).await;
    assert_eq!((calls.len(), omitted), (KEPT_CALLS + 1, 9));
    assert_eq!(calls.iter().filter(|call| call.contains(r#""failed":"network""#)).count(), 3);
    assert_eq!(calls.iter().filter(|call| call.contains(r#""retried":"network""#)).count(), 3);
}

#[tokio::test]
async fn nothing_is_recorded_outside_of_invocations() {
    assert!(OpenCall::start("DynamoDB", "Query", "notes").is_none());
    assert_eq!(last_failure(), None);
    let record = Record::new(Invocation::default(), None);
    let spawned = || tokio::spawn(async { OpenCall::start("DynamoDB", "Query", "notes").is_none() });
    assert!(record.scope(async { spawned().await }).await.unwrap());
    assert!(record.take().calls.is_empty());
}
