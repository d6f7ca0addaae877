//! Table of rate limit counters. `domain::rate_limit` decides when one changes, this module makes the call.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::aws::{Aws, timeouts};
use super::error::sdk_error;
use super::row::{Item, number, read_number, require, text};
use crate::domain::Result;
use crate::domain::rate_limit::{Attempt, Counter};

/// Condition for resetting a counter. It holds for a missing row, too. A row that lacks a number is invalid and is
/// overwritten, because otherwise no request of its caller could be counted.
const RESET_CONDITION: &str = "#window < :before OR #window > :newest OR NOT attribute_type(#window, :number) \
    OR NOT attribute_type(#current, :number) OR NOT attribute_type(#previous, :number)";

/// Table of rate limit counters.
#[derive(Debug)]
pub struct RateLimitTable {
    client: Client,
    table: String,
}

/// Outcome of an attempt to count a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The request was counted. This is the new counter.
    Counted(Counter),
    /// The condition did not hold. This is the unchanged counter, if there is one.
    ConditionFailed(Option<Counter>),
}

impl RateLimitTable {
    /// Opens the table of this name. No connection is made yet.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { client: aws.dynamodb(), table }
    }

    /// Attempts to count one request. `expiry` is the Unix time in seconds from which the counter may be deleted. `times`
    /// are the maximum times of one call and of the call with its retries.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::domain::Error::Unavailable) if the table is unavailable.
    pub async fn attempt(
        &self,
        caller: &str,
        attempt: Attempt,
        expiry: u64,
        times: [Duration; 2],
    ) -> Result<Outcome> {
        let request = self.client.update_item().table_name(&self.table).key("pk", text(caller));
        let request = conditional(request, attempt, expiry)
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let [call, with_retries] = times;
        let times = Builder::new().timeout_config(timeouts(call, with_retries));
        match request.customize().config_override(times).send().await {
            Ok(output) => Ok(Outcome::Counted(counted(attempt, &output.attributes.unwrap_or_default())?)),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_conditional_check_failed_exception() => {
                    Ok(Outcome::ConditionFailed(current_counter(error.into_service_error())))
                }
                _ => Err(sdk_error(error)),
            },
        }
    }
}

fn conditional(request: UpdateItemFluentBuilder, attempt: Attempt, expiry: u64) -> UpdateItemFluentBuilder {
    let request = request
        .expression_attribute_names("#window", "window")
        .expression_attribute_names("#current", "current")
        .expression_attribute_names("#previous", "previous")
        .expression_attribute_values(":one", number(1));
    match attempt {
        Attempt::StartWindow { window, newest } => request
            .condition_expression(RESET_CONDITION)
            .update_expression(
                "SET #window = :window, #current = :one, #previous = :none, expiresAt = :expiry",
            )
            .expression_attribute_values(":before", number(window.saturating_sub(1)))
            .expression_attribute_values(":newest", number(newest))
            .expression_attribute_values(":number", text("N"))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":window", number(window))
            .expression_attribute_values(":expiry", number(expiry)),
        Attempt::AdvanceWindow { window, max_previous } => request
            .condition_expression("#window = :before AND #current <= :most")
            .update_expression(
                "SET #previous = #current, #current = :one, #window = :window, expiresAt = :expiry",
            )
            .expression_attribute_values(":before", number(window.saturating_sub(1)))
            .expression_attribute_values(":most", number(max_previous))
            .expression_attribute_values(":window", number(window))
            .expression_attribute_values(":expiry", number(expiry)),
        Attempt::Count { window, previous, max_current } => request
            .condition_expression("#window = :window AND #previous = :previous AND #current <= :most")
            .update_expression("SET #current = #current + :one")
            .expression_attribute_values(":window", number(window))
            .expression_attribute_values(":previous", number(previous))
            .expression_attribute_values(":most", number(max_current)),
    }
}

/// Returns the counter after a successful attempt. The condition guarantees the numbers that the call doesn't return.
fn counted(attempt: Attempt, returned: &Item) -> Result<Counter> {
    let changed = |name| require(read_number(returned, name), name);
    Ok(match attempt {
        Attempt::StartWindow { window, .. } => Counter { window, current: 1, previous: 0 },
        Attempt::AdvanceWindow { window, .. } => {
            Counter { window, current: 1, previous: changed("previous")? }
        }
        Attempt::Count { window, previous, .. } => Counter { window, current: changed("current")?, previous },
    })
}

fn current_counter(error: aws_sdk_dynamodb::operation::update_item::UpdateItemError) -> Option<Counter> {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
    let UpdateItemError::ConditionalCheckFailedException(failure) = error else {
        return None;
    };
    let item = failure.item?;
    let read = |name| read_number(&item, name);
    Some(Counter { window: read("window")?, current: read("current")?, previous: read("previous")? })
}
