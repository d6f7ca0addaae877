//! Rate limit of a user: a counter for each fixed window, one conditional `UpdateItem` a request.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use lambda_http::Error;
use lambda_http::tracing;

use crate::refusal::{RateLimitStatus, Refusal};

pub struct Limiter {
    client: Client,
    table: String,
    requests: u64,
    seconds: u64,
}

impl Limiter {
    pub fn new(client: Client, table: String, limit: Option<String>) -> Result<Self, Error> {
        let limit = limit.filter(|text| !text.is_empty()).unwrap_or_else(|| "10/10s".to_owned());
        let parts = limit.strip_suffix('s').and_then(|limit| limit.split_once('/'));
        let (requests, seconds) = parts.ok_or("RATE_LIMIT must be like 10/10s")?;
        Ok(Self { client, table, requests: requests.parse()?, seconds: seconds.parse()? })
    }

    pub async fn count(&self, user: &str) -> Result<RateLimitStatus, Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let (window, reset) = (now / self.seconds, self.seconds - now % self.seconds);
        let key = format!("list-projects#{}s#user#{user}#{window}", self.seconds);
        let counted = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key))
            .update_expression("ADD #current :one SET expiresAt = :expiry")
            .condition_expression("attribute_not_exists(#current) OR #current < :limit")
            .expression_attribute_names("#current", "current")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":limit", AttributeValue::N(self.requests.to_string()))
            .expression_attribute_values(":expiry", AttributeValue::N((now + 2 * self.seconds).to_string()))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await;
        match counted {
            Ok(output) => {
                let current = output.attributes.as_ref().and_then(|row| row.get("current")?.as_n().ok());
                let used = current.and_then(|used| used.parse().ok()).unwrap_or(self.requests);
                Ok(self.rate_limit(used, reset))
            }
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                Err(Refusal::RateLimited(self.rate_limit(self.requests, reset)))
            }
            Err(error) => {
                tracing::error!(%error, "the rate limit table is unavailable");
                Err(Refusal::Unavailable)
            }
        }
    }

    fn rate_limit(&self, used: u64, reset: u64) -> RateLimitStatus {
        let Self { requests, seconds, .. } = *self;
        RateLimitStatus { requests, seconds, remaining: requests.saturating_sub(used), reset }
    }
}
