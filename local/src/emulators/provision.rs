//! Creation of the template's tables through the SDK, which works with any emulator. Existing tables only get
//! their expiry and their stream, if they have none.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex,
    Projection, ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType, TableDescription,
    TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};

use super::Emulators;
use crate::template::{Index, Key, Names, Table, Template};

/// Maximum polls of a table's status before it must be active.
const MAX_POLLS: u32 = 300;
const POLL_PERIOD: Duration = Duration::from_millis(100);

/// Creates every table of `template` that does not exist yet, under the names in `names`.
pub(crate) async fn provision(emulators: &Emulators, template: &Template, names: &Names) -> Result<()> {
    let dynamodb = emulators.dynamodb();
    for table in &template.tables {
        let name = names.table(&table.id).unwrap_or(&table.id);
        let ensured = ensure_table(&dynamodb, table, name).await;
        ensured.with_context(|| format!("table {name} ({}) at {}", table.id, emulators.dynamodb.endpoint))?;
    }
    Ok(())
}

async fn ensure_table(client: &Client, table: &Table, name: &str) -> Result<()> {
    let created = request(client, table, name)?.send().await;
    if let Err(error) = created.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error)
        && !error.is_resource_in_use_exception()
    {
        return Err(with_message(error)).context("can't create it");
    }
    let found = active(client, name).await?;
    check_key(table, &found)?;
    ensure_stream(client, table, &found, name).await?;
    ensure_expiry(client, table, name).await
}

fn request(
    client: &Client,
    table: &Table,
    name: &str,
) -> Result<aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder> {
    let mut request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    request = request.set_key_schema(Some(key_schema(&table.key)?));
    for attribute in &table.attributes {
        let definition = AttributeDefinition::builder()
            .attribute_name(&attribute.attribute_name)
            .attribute_type(ScalarAttributeType::from(attribute.attribute_type.as_str()));
        request = request.attribute_definitions(definition.build()?);
    }
    for index in &table.global_indexes {
        let definition = GlobalSecondaryIndex::builder().index_name(&index.index_name);
        let definition = definition.set_key_schema(Some(key_schema(&index.key_schema)?));
        request = request.global_secondary_indexes(definition.projection(projection(index)).build()?);
    }
    for index in &table.local_indexes {
        let definition = LocalSecondaryIndex::builder().index_name(&index.index_name);
        let definition = definition.set_key_schema(Some(key_schema(&index.key_schema)?));
        request = request.local_secondary_indexes(definition.projection(projection(index)).build()?);
    }
    let stream = table.stream.as_deref().map(stream_specification).transpose()?;
    Ok(request.set_stream_specification(stream))
}

fn stream_specification(view: &str) -> Result<StreamSpecification> {
    let stream = StreamSpecification::builder().stream_enabled(true);
    Ok(stream.stream_view_type(StreamViewType::from(view)).build()?)
}

fn key_schema(keys: &[Key]) -> Result<Vec<KeySchemaElement>> {
    let element = |key: &Key| {
        KeySchemaElement::builder()
            .attribute_name(&key.attribute_name)
            .key_type(KeyType::from(key.key_type.as_str()))
            .build()
    };
    Ok(keys.iter().map(element).collect::<Result<_, _>>()?)
}

fn projection(index: &Index) -> Projection {
    let kind = index.projection.projection_type.as_deref().unwrap_or("ALL");
    Projection::builder()
        .projection_type(ProjectionType::from(kind))
        .set_non_key_attributes(index.projection.non_key_attributes.clone())
        .build()
}

/// Waits until the table is active, which takes a while with some external emulators.
async fn active(client: &Client, name: &str) -> Result<TableDescription> {
    for _ in 0..MAX_POLLS {
        let response = client.describe_table().table_name(name).send().await.context("can't describe it")?;
        match response.table {
            Some(found) if found.table_status == Some(TableStatus::Active) => return Ok(found),
            _ => tokio::time::sleep(POLL_PERIOD).await,
        }
    }
    bail!("it is still not active after {:?}", POLL_PERIOD * MAX_POLLS)
}

/// Checks that an existing table has the declared key. One of an older template would cause obscure errors later.
fn check_key(table: &Table, found: &TableDescription) -> Result<()> {
    if found.key_schema() != key_schema(&table.key)?.as_slice() {
        bail!("it exists with another key than the template declares; remove it, or use another data folder");
    }
    Ok(())
}

/// Adds the stream that a table of an older template lacks.
async fn ensure_stream(client: &Client, table: &Table, found: &TableDescription, name: &str) -> Result<()> {
    let Some(view) = &table.stream else { return Ok(()) };
    let stream = stream_specification(view)?;
    match &found.stream_specification {
        Some(present) if *present == stream => return Ok(()),
        Some(present) if present.stream_enabled => {
            bail!(
                "its stream has another StreamViewType than the template declares; remove the table, or use another data folder"
            )
        }
        _ => {}
    }
    let request = client.update_table().table_name(name).stream_specification(stream);
    request.send().await.context("can't add its stream")?;
    active(client, name).await.map(drop)
}

async fn ensure_expiry(client: &Client, table: &Table, name: &str) -> Result<()> {
    let Some(attribute) = &table.expires else {
        return Ok(());
    };
    let response =
        client.describe_time_to_live().table_name(name).send().await.context("can't read its expiry")?;
    let status = response.time_to_live_description.and_then(|found| found.time_to_live_status);
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let setting = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build()?;
    let request = client.update_time_to_live().table_name(name).time_to_live_specification(setting);
    request.send().await.context("can't set its expiry")?;
    Ok(())
}

/// Returns an error with the emulator's message. Without one there was no response, and the error's sources explain it.
pub fn with_message(
    error: impl ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
) -> anyhow::Error {
    match error.message() {
        Some(message) => anyhow!("{message}"),
        None => anyhow!(error),
    }
}
