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
        r#"{"operation":"Query","resource":"notes","attempts":3,"ms":4.3}"#,
    ];
    assert_eq!(calls(part).await.0, expected);
}

#[tokio::test]
async fn dropped_call_is_a_timeout() {
    let part = async {
        drop(OpenCall::start("DynamoDB", "Query", "notes"));
        assert_eq!(last_failure().as_deref(), Some("Query of notes: timeout"));
    };
    assert_eq!(
        calls(part).await.0,
        [r#"{"operation":"Query","resource":"notes","ms":4.3,"failed":"timeout"}"#]
    );
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
            call.attempt((number % 10 == 0).then(|| attempt(Failure::Network)));
            call.end();
        }
    };
    let (calls, omitted) = calls(part).await;
    assert_eq!((calls.len(), omitted), (KEPT_CALLS + 1, 9));
    assert_eq!(calls.iter().filter(|call| call.contains("network")).count(), 6);
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
