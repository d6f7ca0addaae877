//! Delivery of a stream's records to one function, with Lambda's retries.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::api::Api;
use super::batch::{Failure, failure};
use super::reader::Reader;
use super::record::{description, event_record};
use crate::clock::Stopwatch;
use crate::journal::{Entry, Journal, Status};
use crate::lambda::{Logs, Pool, Trace};
use crate::template::Stream;

/// Maximum retries, so that a batch that always fails does not block its shard for a day.
const MAX_RETRIES: u32 = 10;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Consumer of a stream.
#[derive(Debug)]
pub(crate) struct Consumer {
    reader: Reader,
    delivery: Delivery,
    /// Set while the stream can't be read, which is logged only once.
    fails: bool,
}

#[derive(Debug)]
struct Delivery {
    stream: Stream,
    pool: Arc<Pool>,
    logs: Logs,
    journal: Journal,
}

/// Records to deliver together, and the number of attempts that failed.
#[derive(Clone, Copy)]
struct Batch<'r> {
    records: &'r [Value],
    attempts: u32,
}

impl Consumer {
    /// Creates a consumer that feeds the function of `pool`.
    pub(crate) fn new(api: Api, stream: Stream, pool: Arc<Pool>, logs: Logs) -> Self {
        let delivery = Delivery { stream, pool, journal: Journal::new(&logs), logs };
        Self { reader: Reader::new(api), delivery, fails: false }
    }

    /// Delivers all records that exist, and returns how many were read.
    pub(super) async fn drain(&mut self) -> Result<usize> {
        let mut read = 0;
        while let Some(page) = self.reader.next().await? {
            let records = page.records.records.iter();
            let records: Vec<_> = records
                .map(|record| event_record(record, self.reader.arn()))
                .filter(|it| self.delivery.wants(it))
                .collect();
            for batch in records.chunks(self.delivery.stream.batch_size) {
                self.delivery.deliver(batch).await;
            }
            self.reader.advance(&page);
            read += page.records.records.len();
        }
        Ok(read)
    }

    /// Delivers all records that exist, and logs a failure.
    pub(super) async fn poll(&mut self) {
        let drained = self.drain().await;
        if let Err(error) = &drained
            && !self.fails
        {
            self.delivery.log(&format!("can't read the stream of {}: {error:#}", self.delivery.stream.table));
        }
        self.fails = drained.is_err();
    }
}

impl Delivery {
    fn wants(&self, record: &Value) -> bool {
        let filters = &self.stream.filters;
        filters.is_empty() || filters.iter().any(|filter| filter.matches(record))
    }

    /// Delivers records in their order. Retries and splits do not overtake.
    async fn deliver(&self, records: &[Value]) {
        let mut batches = vec![Batch { records, attempts: 0 }];
        while let Some(batch) = batches.pop() {
            if let Some(failure) = self.invoke(batch.records).await {
                batches.extend(self.failed(batch, failure).await);
            }
        }
    }

    async fn invoke(&self, records: &[Value]) -> Option<Failure> {
        let (trace, watch) = (Trace::of_invocation(), Stopwatch::start());
        // A function that doesn't compile goes on with its last build, because its records would be given up.
        drop(self.pool.refresh(&trace).await);
        let outcome = self.pool.invoke(json!({ "Records": records }).to_string().into(), &trace).await;
        let failure = failure(&outcome, records, self.stream.reports_failures);
        let entry = Entry {
            binary: Some(self.pool.binary().to_owned()),
            status: if failure.is_none() { Status::Succeeded } else { Status::Failed },
            subject: format!("stream {}", self.pool.binary()),
            took: watch.elapsed(),
            id: trace.id.clone(),
            notes: outcome.problem().into_iter().collect(),
        };
        self.journal.add(entry, Some(trace));
        failure
    }

    /// Returns what follows a failure, the first batch last. Splitting is no retry.
    async fn failed<'r>(&self, batch: Batch<'r>, failure: Failure) -> Vec<Batch<'r>> {
        match failure {
            Failure::Whole(_) if self.stream.bisects && batch.records.len() > 1 => {
                let (first, second) = batch.records.split_at(batch.records.len() / 2);
                [second, first].map(|records| Batch { records, attempts: 0 }).into()
            }
            Failure::Whole(reason) => self.retry(batch, batch.records.len(), &reason).await,
            Failure::From(index) => {
                // Those before the first failure are done, so their attempts do not count.
                let attempts = if index == 0 { batch.attempts } else { 0 };
                let rest = Batch { records: batch.records.get(index..).unwrap_or_default(), attempts };
                self.retry(rest, 1, "its response names the record").await
            }
        }
    }

    /// Waits and repeats a batch, or gives its first `failed` records up.
    async fn retry<'r>(&self, batch: Batch<'r>, failed: usize, reason: &str) -> Vec<Batch<'r>> {
        let attempts = batch.attempts + 1;
        if attempts <= self.stream.retries.unwrap_or(MAX_RETRIES).min(MAX_RETRIES) {
            tokio::time::sleep(backoff(attempts)).await;
            return vec![Batch { attempts, ..batch }];
        }
        let (given_up, rest) = batch.records.split_at(failed);
        for record in given_up {
            self.log_loss(record, attempts, reason);
        }
        if rest.is_empty() { Vec::new() } else { vec![Batch { records: rest, attempts: 0 }] }
    }

    /// Logs a record that is given up. On AWS it goes to a queue, which the stack does not have.
    fn log_loss(&self, record: &Value, attempts: u32, reason: &str) {
        let queue = self.stream.failure_queue.as_ref();
        let queue = queue.map_or_else(|| "is lost".to_owned(), |queue| format!("goes to {queue}"));
        self.log(&format!(
            "gave up after {attempts} attempts; on AWS the record {queue}: {} of {}: {reason}",
            description(record),
            self.stream.table
        ));
    }

    fn log(&self, line: &str) {
        self.logs.note(self.pool.binary(), line);
    }
}

fn backoff(attempts: u32) -> Duration {
    FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1))).min(MAX_BACKOFF)
}
