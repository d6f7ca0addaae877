//! Event sources of functions: streams of tables.
//!
//! `StartingPosition` is not read. The stack has no checkpoints that survive it, so each start begins at the oldest record.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use yaml_serde::Value;

use super::Pattern;
use super::expression::Expression;
use super::parameters::Parameters;

/// Number of records in a batch if the template has none.
const DEFAULT_BATCH_SIZE: usize = 100;
/// Response type of a function that names the records that failed.
const REPORTS: &str = "ReportBatchItemFailures";

/// Stream of a table that feeds a function.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Logical id of the table.
    pub table: String,
    /// Maximum number of records in an event.
    pub batch_size: usize,
    /// Maximum retries of a batch; `None` for no limit.
    pub retries: Option<u32>,
    /// Splits a batch in two if the function fails with it.
    pub bisects: bool,
    /// The response names records that failed.
    pub reports_failures: bool,
    /// Logical id of the queue for records that are given up.
    pub failure_queue: Option<String>,
    /// Patterns of which a record must match one. Without patterns the function gets all records.
    pub filters: Vec<Pattern>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    stream: Value,
    enabled: Option<Value>,
    batch_size: Option<Value>,
    maximum_retry_attempts: Option<Value>,
    bisect_batch_on_function_error: Option<Value>,
    #[serde(default)]
    function_response_types: Vec<String>,
    #[serde(default)]
    destination_config: DestinationConfig,
    #[serde(default)]
    filter_criteria: FilterCriteria,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OnFailure {
    destination: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    pattern: Value,
}

/// Reader of values that must not refer to resources.
struct Literals<'p>(&'p Parameters);

impl Stream {
    /// Reads the properties of an event; `None` if it is disabled.
    pub(super) fn read(properties: Value, parameters: &Parameters) -> Result<Option<Self>> {
        let (read, properties): (_, Properties) = (Literals(parameters), yaml_serde::from_value(properties)?);
        if read.text("Enabled", properties.enabled.as_ref())?.as_deref() == Some("false") {
            return Ok(None);
        }
        let bisects = properties.bisect_batch_on_function_error.as_ref();
        let retries = read.number("MaximumRetryAttempts", properties.maximum_retry_attempts.as_ref())?;
        let batch_size = read.number("BatchSize", properties.batch_size.as_ref())?;
        let queue = Expression::read(&properties.destination_config.on_failure.destination, parameters);
        let filters = properties.filter_criteria.filters.iter();
        Ok(Some(Self {
            table: table(&Expression::read(&properties.stream, parameters))?,
            batch_size: batch_size.map_or(DEFAULT_BATCH_SIZE, |size| size.unsigned_abs().max(1)),
            // -1 stands for no limit.
            retries: retries.and_then(|retries| u32::try_from(retries).ok()),
            bisects: read.text("BisectBatchOnFunctionError", bisects)?.as_deref() == Some("true"),
            reports_failures: properties.function_response_types.iter().any(|kind| kind == REPORTS),
            failure_queue: queue.attribute().map(|(id, _)| id.to_owned()),
            filters: filters.map(|filter| read.pattern(filter)).collect::<Result<_>>()?,
        }))
    }
}

impl Literals<'_> {
    fn text(&self, name: &str, value: Option<&Value>) -> Result<Option<String>> {
        let Some(value) = value else { return Ok(None) };
        let text = Expression::read(value, self.0).literal();
        text.map(Some).with_context(|| format!("{name} is not a literal value"))
    }

    fn number(&self, name: &str, value: Option<&Value>) -> Result<Option<isize>> {
        let Some(text) = self.text(name, value)? else { return Ok(None) };
        text.parse().map(Some).with_context(|| format!("{name} is not a whole number"))
    }

    fn pattern(&self, filter: &Filter) -> Result<Pattern> {
        Pattern::parse(&self.text("Pattern", Some(&filter.pattern))?.unwrap_or_default())
    }
}

/// Returns the logical id of the table.
fn table(stream: &Expression) -> Result<String> {
    match stream.attribute() {
        Some((id, "StreamArn")) => Ok(id.to_owned()),
        _ => bail!("its Stream is not the StreamArn of a table of this template"),
    }
}
