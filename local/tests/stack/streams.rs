//! Functions that a table's stream feeds, with `examples/follower.rs` as function and `tests/streams.yaml`.

mod command_line;
mod delivery;
mod failures;
mod recorder;
mod sources;

use anyhow::Result;
use aws_sdk_dynamodb::types::AttributeValue;
use local::stack::{Options, Stack};
use local::streams::Mode;
use recorder::Recorder;

use super::common::{options, package};

/// Returns options of a stack whose function talks to `recorder`, and whose streams are read on demand.
fn following(recorder: &Recorder) -> Result<Options> {
    let mut options = options()?;
    options.template = package().join("tests/streams.yaml");
    options.variables.insert("RECORDER".to_owned(), recorder.address());
    options.streams = Mode::Manual;
    Ok(options)
}

/// Starts a stack whose function talks to `recorder`.
async fn follow(recorder: &Recorder) -> Result<Stack> {
    Stack::start(following(recorder)?).await
}

/// Puts a row of this kind.
async fn put(stack: &Stack, key: &str, kind: &str) -> Result<()> {
    let [key, kind] = [key, kind].map(|text| AttributeValue::S(text.to_owned()));
    let put = stack.dynamodb().put_item().table_name(stack.table("RowsTable"));
    put.item("pk", key).item("rowKind", kind).send().await?;
    Ok(())
}

/// Puts a file's row for each letter.
async fn put_files(stack: &Stack, keys: &str) -> Result<()> {
    for key in keys.chars() {
        put(stack, &key.to_string(), "FILE").await?;
    }
    Ok(())
}

async fn delete(stack: &Stack, key: &str) -> Result<()> {
    let delete = stack.dynamodb().delete_item().table_name(stack.table("RowsTable"));
    delete.key("pk", AttributeValue::S(key.to_owned())).send().await?;
    Ok(())
}
