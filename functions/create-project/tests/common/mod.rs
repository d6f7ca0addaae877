//! What tests of faults and of kills look at in the table.

use anyhow::Result;
use testing::App;

/// How many projects, names and recorded answers the organization has.
pub(crate) async fn stored(app: &App, organization: &str) -> Result<[usize; 3]> {
    let rows = app.rows("ProjectsTable", "").await?;
    let own: Vec<_> = rows.iter().filter(|row| row["pk"] == format!("ORG#{organization}")).collect();
    let count =
        |kind| own.iter().filter(|row| row["sk"].as_str().is_some_and(|sk| sk.starts_with(kind))).count();
    Ok(["PROJECT#", "NAME#", "IDEMPOTENCY#"].map(count))
}
