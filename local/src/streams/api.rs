//! Calls of DynamoDB Streams.
//!
//! The SDK has a crate of its own for these three calls, which would slow down the first build. Emulators don't check
//! signatures of DynamoDB, so a header that only looks signed is enough.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html>

use anyhow::{Result, ensure};
use aws_credential_types::Credentials;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::clock;
use crate::template::REGION;

/// Client of a table's stream.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    access_key: String,
    /// ARN of the stream.
    pub(super) arn: String,
}

/// Shard of a stream.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shard {
    pub(super) shard_id: String,
    pub(super) parent_shard_id: Option<String>,
}

/// Records that follow an iterator.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Records {
    pub(super) records: Vec<Value>,
    /// Iterator of the next records; `None` at the end of a closed shard.
    pub(super) next_shard_iterator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    stream_description: Description,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    #[serde(default)]
    shards: Vec<Shard>,
    last_evaluated_shard_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ShardIterator {
    shard_iterator: String,
}

impl Api {
    /// Creates a client of the stream with this ARN in the DynamoDB at `endpoint`.
    pub(crate) fn new(endpoint: &str, credentials: &Credentials, arn: String) -> Self {
        Self {
            client: Client::new(endpoint.trim_end_matches('/')),
            access_key: credentials.access_key_id().to_owned(),
            arn,
        }
    }

    /// Returns all shards.
    pub(super) async fn shards(&self) -> Result<Vec<Shard>> {
        let mut shards = Vec::new();
        let mut request = json!({"StreamArn": self.arn});
        loop {
            let Described { stream_description } = self.call("DescribeStream", &request).await?;
            shards.extend(stream_description.shards);
            match stream_description.last_evaluated_shard_id {
                Some(last) => request["ExclusiveStartShardId"] = last.into(),
                None => return Ok(shards),
            }
        }
    }

    /// Returns an iterator behind the record with this sequence number; without one, at the oldest record.
    pub(super) async fn iterator(&self, shard: &str, after: Option<&str>) -> Result<String> {
        let mut request =
            json!({"StreamArn": self.arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
        if let Some(after) = after {
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
            request["SequenceNumber"] = after.into();
        }
        let ShardIterator { shard_iterator } = self.call("GetShardIterator", &request).await?;
        Ok(shard_iterator)
    }

    /// Returns the records behind an iterator.
    pub(super) async fn records(&self, iterator: &str) -> Result<Records> {
        self.call("GetRecords", &json!({"ShardIterator": iterator})).await
    }

    async fn call<T: for<'de> Deserialize<'de>>(&self, operation: &str, input: &Value) -> Result<T> {
        let now = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let (day, key) = (now.get(..8).unwrap_or_default(), &self.access_key);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={key}/{day}/{REGION}/dynamodb/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-target, Signature={:064}",
            0
        );
        let request =
            self.client.post("/").header("x-amz-target", format!("DynamoDBStreams_20120810.{operation}"));
        let request = request.header("x-amz-date", &now).header("authorization", authorization);
        let response = request.body("application/x-amz-json-1.0", input.to_string()).send().await?;
        ensure!(
            response.status == 200,
            "{operation} failed with {}: {}",
            response.status,
            String::from_utf8_lossy(&response.body)
        );
        Ok(serde_json::from_slice(&response.body)?)
    }
}
