//! Functions without a route, which follow the stream of a table.
//!
//! Lambda invokes such a function with a batch of records, and again with those that it names as failed, until they are too
//! old or were attempted too often. So every record may come twice, and late. Changes of one row come in their order.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt, stream};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use tracing::Level;

use super::middleware::log::error_chain;
use super::pipeline::time_left;
use super::run::{current_thread, exit_with, invocation, polled};
use crate::clock;
use crate::config::{self, AwsSettings, Env, LogSettings};
use crate::domain::json::Literal;
use crate::domain::{BoxError, Error, Result};
use crate::storage::{Aws, RowChange, Store, timeout_error};
use crate::telemetry::{self, Invocation, Line, Metric, Record, count};

/// Rows of a batch whose changes are handled concurrently.
const CONCURRENCY: usize = 10;

/// Response to a batch. Lambda repeats the batch from the first failed record on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchResponse {
    batch_item_failures: Vec<Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// Runs a function that handles each change of a table's rows, until Lambda ends it. A change whose handler returns an
/// error, or does not end in time, is handled again later.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use shared::config::Env;
/// use shared::domain::Result;
/// use shared::edge::run_changes;
/// use shared::storage::{Aws, Kind, List, RowChange, Store, Table};
///
/// const INVOICE: Kind<1> = Kind::new("INVOICE");
/// const LINE: Kind<2> = Kind::new("LINE");
///
/// struct Invoices(Table);
/// # impl Store for Invoices {
/// #     type Settings = String;
/// #     fn settings(env: &Env<'_>) -> Option<String> { env.required("INVOICES_TABLE") }
/// #     fn open(aws: &Aws, table: String) -> Self { Self(Table::open(aws, table)) }
/// # }
///
/// impl Invoices {
///     async fn clean_up(&self, change: &RowChange) -> Result<()> {
///         match change.removed(INVOICE) {
///             Some([invoice]) => self.0.delete_list(&List::new(change.scope(), LINE, [&invoice])).await,
///             None => Ok(()),
///         }
///     }
/// }
///
/// fn main() -> ExitCode {
///     run_changes(Invoices::clean_up)
/// }
/// ```
pub fn run_changes<S, H>(handler: H) -> ExitCode
where
    S: Store,
    H: AsyncFn(&S, &RowChange) -> Result<()>,
{
    exit_with(serve(handler))
}

/// Starts the function and serves batches.
///
/// # Errors
///
/// Invalid settings or certificates.
fn serve<S, H>(handler: H) -> std::result::Result<ExitCode, BoxError>
where
    S: Store,
    H: AsyncFn(&S, &RowChange) -> Result<()>,
{
    let (log, own, aws) = Env::read(&config::process_variable, |env| {
        let (log, own, aws) = (LogSettings::from_env(env), S::settings(env), AwsSettings::from_env(env));
        Some((log?, own?, aws?))
    })?;
    telemetry::init(log);
    current_thread()?.block_on(async move {
        let store = S::open(&Aws::open(aws)?, own);
        let handle = async |event: LambdaEvent<Literal<false>>| {
            let LambdaEvent { payload: Literal(event), context } = event;
            Box::pin(respond(&store, &handler, &event, invocation(context))).await
        };
        Ok(polled(lambda_runtime::run(service_fn(handle)).await))
    })
}

/// Batch in progress.
struct Batch<'b, S, H> {
    store: &'b S,
    handler: &'b H,
    start: Instant,
    left: Duration,
}

/// Handles a batch: the changes of one row in their order, different rows concurrently.
///
/// # Errors
///
/// If the event is no batch of records. Lambda repeats it and at last reports it.
async fn respond<S, H>(
    store: &S,
    handler: &H,
    event: &Value,
    invocation: Invocation,
) -> std::result::Result<BatchResponse, BoxError>
where
    H: AsyncFn(&S, &RowChange) -> Result<()>,
{
    let left = time_left(invocation.deadline, clock::now()).unwrap_or(Duration::MAX);
    let batch = Batch { store, handler, start: clock::monotonic(), left };
    let record = Record::new(invocation, None);
    let records = event["Records"].as_array().ok_or("the event is no batch of records")?;
    let rows = stream::iter(by_row(records)).map(|records| batch.follow(records));
    let failed: Vec<_> = record.scope(rows.buffer_unordered(CONCURRENCY).concat()).await;
    log(&record, records.len(), failed.len());
    let number = |record: &Value| record["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
    let failures = failed.into_iter().map(|record| Some(Failure { item_identifier: number(record)? }));
    let batch_item_failures = failures.collect::<Option<_>>().ok_or("a failed record has no number")?;
    Ok(BatchResponse { batch_item_failures })
}

/// Logs a batch: the number of its changes, and of those that are to be repeated.
fn log(record: &Record, changes: usize, failed: usize) {
    let mut line = Line::new(if failed > 0 { Level::ERROR } else { Level::INFO }, "changes");
    line.invocation(record);
    line.object.raw("changes", &changes);
    line.object.raw("duration_ms", &record.milliseconds());
    if failed > 0 {
        line.metric("failed_changes", &failed);
    }
    line.end(&record.take(), r#"[["service"]]"#);
}

impl<S, H: AsyncFn(&S, &RowChange) -> Result<()>> Batch<'_, S, H> {
    /// Handles the changes of a row. Returns the records that failed, and those behind the first of them.
    async fn follow<'r>(&self, records: Vec<&'r Value>) -> Vec<&'r Value> {
        for (index, record) in records.iter().enumerate() {
            let (row, change) = (&record["dynamodb"]["Keys"], RowChange::parse(record));
            let (outcome, is_readable) = match &change {
                Ok(change) => (self.handle(change).await, true),
                Err(_) => (change.map(drop), false),
            };
            let Err(error) = outcome else { continue };
            let error = error_chain(&error);
            // A record that can't be read would hold up all that follow it, each time that it is repeated.
            if is_readable {
                tracing::error!(row = %row, error, "a change could not be handled");
                return records[index..].to_vec();
            }
            count(Metric::UnreadableRows);
            tracing::error!(row = %row, error, "unreadable row: its change is skipped");
        }
        Vec::new()
    }

    /// Handles a change. A panic and a timeout are errors.
    async fn handle(&self, change: &RowChange) -> Result<()> {
        let handling = AssertUnwindSafe((self.handler)(self.store, change)).catch_unwind();
        match tokio::time::timeout(self.left.saturating_sub(self.start.elapsed()), handling).await {
            Ok(outcome) => outcome.unwrap_or_else(|_| Err(Error::internal("the handler panicked"))),
            Err(elapsed) => Err(timeout_error(elapsed)),
        }
    }
}

/// Groups the records by row. Each group keeps the order.
fn by_row(records: &[Value]) -> impl Iterator<Item = Vec<&Value>> {
    let mut rows = BTreeMap::<String, Vec<&Value>>::new();
    for record in records {
        rows.entry(record["dynamodb"]["Keys"].to_string()).or_default().push(record);
    }
    rows.into_values()
}
