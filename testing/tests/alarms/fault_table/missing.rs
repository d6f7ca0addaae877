//! Services that refuse connections, tables and buckets that don't exist, and rows that can't be read.

use anyhow::Result;
use local::stack::Options;
use serde_json::json;
use tempfile::TempDir;
use testing::{App, FORM, PNG, Response, files, form, projects};

use super::{Row, changed_template};

/// Loopback port without a listener.
const NOWHERE: &str = "http://127.0.0.1:9";

const NO_BUCKET: &str = "no-such-bucket";

async fn list(app: &App, organization: &str) -> Result<Response> {
    app.request_of("maker", &[organization], "GET", &projects(organization)).send().await
}

async fn upload(app: &App, organization: &str, project: &str) -> Result<Response> {
    let request = app.request_of("maker", &[organization], "POST", &files(organization, project));
    request.body(FORM, form("a.png", "image/png", PNG)).send().await
}

pub(super) async fn rows(app: &App, folder: &TempDir) -> Result<Vec<Row>> {
    let project = app.new_item("missing", "Apollo").await?;
    let (tables, buckets, refused, rows) = tokio::try_join!(
        tables(app),
        bucket(app, folder, &project),
        refused(app, &project),
        unreadable(app)
    )?;
    Ok([refused, tables, vec![buckets], vec![rows]].into_iter().flatten().collect())
}

/// Refused connections.
async fn refused(app: &App, project: &str) -> Result<Vec<Row>> {
    let without_tables = app.second_environment(&[("AWS_ENDPOINT_URL_DYNAMODB", NOWHERE)]).await?;
    let without_bucket = app.second_environment(&[("AWS_ENDPOINT_URL_S3", NOWHERE)]).await?;
    let listed = list(&without_tables, "missing").await?;
    let uploaded = upload(&without_bucket, "missing", project).await?;
    Ok(vec![
        Row::of(&without_tables, "DynamoDB: connection refused", &listed).await?,
        Row::of(&without_bucket, "S3: connection refused", &uploaded).await?,
    ])
}

/// Tables that were deleted. They are the environment's own.
async fn tables(app: &App) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (variable, table, fault) in [
        ("PROJECTS_TABLE", "ProjectsTable", "DynamoDB: no table"),
        ("RATE_LIMIT_TABLE", "RateLimitTable", "counter (allow): no table"),
    ] {
        let app = app.second_environment(&[(variable, "lost")]).await?;
        app.lose_table(table).await?;
        rows.push(Row::of(&app, fault, &list(&app, "missing").await?).await?);
    }
    Ok(rows)
}

/// Uploads to a bucket that is given as an existing one.
async fn bucket(app: &App, folder: &TempDir, project: &str) -> Result<Row> {
    let parameter = "  ExistingUploadsBucket:\n    Type: String\n    Default: \"\"\n";
    let given = parameter.replace("\"\"", NO_BUCKET);
    let template = changed_template(folder.path(), "template.yaml", parameter, &given)?;
    let options = |options| Options { template, ..options };
    let app = app.second_environment_with(&[("UPLOADS_BUCKET", NO_BUCKET)], options).await?;
    Row::of(&app, "S3: no bucket", &upload(&app, "missing", project).await?).await
}

async fn unreadable(app: &App) -> Result<Row> {
    app.new_item("unreadable", "Apollo").await?;
    let mut row = app.rows_of("unreadable", "ProjectsTable", "PROJECT").await?.remove(0);
    row["createdAt"] = json!("yesterday");
    app.put_row("ProjectsTable", &row).await?;
    Row::of(app, "DynamoDB: a row of a list can't be read", &list(app, "unreadable").await?).await
}
