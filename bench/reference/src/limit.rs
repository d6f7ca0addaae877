//! Rate limit of a user: a counter for each fixed window, one conditional `UpdateItem` a request.

use lambda_runtime::Error;
use serde::Deserialize;

use crate::dynamodb::{CallError, DynamoDb, Number, Operation, json};
use crate::log::Record;
use crate::process::{now, required, variable};
use crate::refusal::{RateLimitStatus, Refusal};

const UPDATE: Operation = Operation { name: "UpdateItem", target: "DynamoDB_20120810.UpdateItem" };

/// Constant part of the call.
const RULE: &str = concat!(
    r##""UpdateExpression":"ADD #current :one SET expiresAt = :expiry","##,
    r##""ConditionExpression":"attribute_not_exists(#current) OR #current < :limit","##,
    r##""ExpressionAttributeNames":{"#current":"current"},"ReturnValues":"UPDATED_NEW""##,
);

pub(crate) struct Limiter {
    table: String,
    requests: u64,
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Updated<'a> {
    #[serde(borrow)]
    attributes: Counter<'a>,
}

#[derive(Deserialize)]
struct Counter<'a> {
    #[serde(borrow)]
    current: Number<'a>,
}

impl Limiter {
    /// Reads the settings.
    ///
    /// # Errors
    /// One is missing or invalid.
    pub(crate) fn open() -> Result<Self, Error> {
        let limit = variable("RATE_LIMIT").unwrap_or_else(|| "10/10s".to_owned());
        let parts = limit.strip_suffix('s').and_then(|limit| limit.split_once('/'));
        let (requests, seconds) = parts.ok_or("RATE_LIMIT must be like 10/10s")?;
        Ok(Self {
            table: required("RATE_LIMIT_TABLE")?,
            requests: requests.parse()?,
            seconds: seconds.parse()?,
        })
    }

    /// Counts a request of a user.
    ///
    /// # Errors
    /// The user is over the limit, or the table is unavailable.
    pub(crate) async fn count(
        &self,
        dynamodb: &DynamoDb,
        user: &str,
        record: &Record,
    ) -> Result<RateLimitStatus, Refusal> {
        let now = u64::try_from(now().as_second()).unwrap_or_default();
        let reset = self.seconds - now % self.seconds;
        match dynamodb.call(&UPDATE, self.input(user, now), &self.table, record).await {
            Ok(body) => {
                let output = serde_json::from_slice::<Updated<'_>>(&body).ok();
                let count = output.and_then(|output| output.attributes.current.digits.parse().ok());
                Ok(self.status(count.unwrap_or(self.requests), reset))
            }
            Err(CallError::ConditionFailed) => Err(Refusal::RateLimited(self.status(self.requests, reset))),
            Err(CallError::Other(error)) => Err(Refusal::Unavailable(error)),
        }
    }

    fn input(&self, user: &str, now: u64) -> String {
        let Self { table, requests, seconds } = self;
        let key = format!("list-projects#{seconds}s#user#{user}#{}", now / seconds);
        let (table, key, expiry) = (json(table), json(&key), now + 2 * seconds);
        format!(
            "{{\"TableName\":{table},\"Key\":{{\"pk\":{{\"S\":{key}}}}},{RULE},\"ExpressionAttributeValues\":\
            {{\":one\":{{\"N\":\"1\"}},\":limit\":{{\"N\":\"{requests}\"}},\":expiry\":{{\"N\":\"{expiry}\"}}}}}}"
        )
    }

    fn status(&self, used: u64, reset: u64) -> RateLimitStatus {
        let Self { requests, seconds, .. } = *self;
        RateLimitStatus { requests, seconds, remaining: requests.saturating_sub(used), reset }
    }
}
