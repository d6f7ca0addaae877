//! The projects of an organization, and the names that they hold.
//!
//! A project is the row `PROJECT#{id}` in its organization's partition; the row `NAME#{hash}` beside it holds its name.
//! Both are written in one transaction, so that of any number of creators of one name exactly one succeeds.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;

use super::Store;
use super::aws::Aws;
use super::fault::failed;
use super::idempotency::{record, recorded};
use super::item::{Item, item, key, must, number, partition, read_number, read_text, text};
use super::transaction::{self, Transaction, took_effect};
use crate::config::Settings;
use crate::domain::time::format_millis;
use crate::domain::{
    Cursor, Error, OrgScope, PageRequest, Project, ProjectId, ProjectPage, Repeatable, Result, UserId,
    Written, name_key,
};

/// The projects table.
#[derive(Clone)]
pub struct Projects {
    client: Client,
    table: String,
}

impl Store for Projects {
    type Settings = ();

    fn settings(_: &crate::config::Env<'_>) -> Option<()> {
        Some(())
    }

    fn open(aws: &Aws, settings: &Settings, (): ()) -> Self {
        Self { client: aws.dynamodb(), table: settings.projects_table.clone() }
    }

    async fn connect(&self) {}
}

impl Projects {
    #[cfg(feature = "uploads")]
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    #[cfg(feature = "uploads")]
    pub(super) fn table(&self) -> &str {
        &self.table
    }

    /// A page of the organization's projects, newest first. Reads its own writes.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a bad cursor; otherwise if the table can't answer.
    pub async fn list(&self, scope: &OrgScope, page: &PageRequest) -> Result<ProjectPage> {
        let after = page.after(scope)?;
        let limit = usize::from(page.limit());
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :projects)")
            .expression_attribute_values(":pk", partition(scope))
            .expression_attribute_values(":projects", text("PROJECT#"))
            .set_exclusive_start_key(after.map(|last| project_key(scope, last)))
            .scan_index_forward(false)
            .consistent_read(true)
            // One more than asked for tells whether there is a next page.
            .limit(i32::from(page.limit()) + 1);
        let output = query.send().await.map_err(failed)?;
        let more = output.items().len() > limit || output.last_evaluated_key().is_some();
        let projects =
            output.items().iter().take(limit).map(|row| from_row(scope, row)).collect::<Result<Vec<_>>>()?;
        let next_cursor = projects.last().filter(|_| more).map(|last| Cursor::after(last.id, scope));
        Ok(ProjectPage { projects, next_cursor })
    }

    /// Creates a project, once for a request that may be repeated.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if the organization has a project of this name, [`Error::Unprocessable`] if the request's key
    /// was used for another one; otherwise if the table can't answer.
    pub async fn create(
        &self,
        scope: &OrgScope,
        project: Project,
        repeatable: Option<&Repeatable>,
    ) -> Result<Written<Project>> {
        let mut puts = vec![self.name(scope, &project)?, self.row(scope, &project)?];
        if let Some(repeatable) = repeatable {
            puts.push(record(&self.table, scope, repeatable, to_row(&project))?);
        }
        match transaction::write(&self.client, puts).await? {
            Transaction::Done => Ok(Written::Now(project)),
            Transaction::Refused(refusals) if took_effect(&refusals, &project.id) => {
                Ok(Written::Now(project))
            }
            Transaction::Refused(refusals) => {
                let earlier = refusals.get(2).and_then(Option::as_ref).zip(repeatable);
                let Some((refusal, repeatable)) = earlier else {
                    must(refusals.first().and_then(Option::as_ref), "reason for the refusal")?;
                    return Err(name_taken());
                };
                let row = must(recorded(repeatable, &refusal.row)?, "answer")?;
                from_row(scope, row).map(Written::Before)
            }
        }
    }

    fn name(&self, scope: &OrgScope, project: &Project) -> Result<Put> {
        let holder = item([("id", text(project.id))]);
        let row = key(scope, format!("NAME#{}", name_key(&project.name))).into_iter().chain(holder).collect();
        self.put_new(row)
    }

    fn row(&self, scope: &OrgScope, project: &Project) -> Result<Put> {
        self.put_new(project_key(scope, project.id).into_iter().chain(to_row(project)).collect())
    }

    /// Writes a row that must not be there yet.
    pub(super) fn put_new(&self, row: Item) -> Result<Put> {
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(row))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(Error::internal)
    }
}

fn name_taken() -> Error {
    Error::Conflict { field: Some("name"), message: "A project with this name already exists" }
}

/// The key of a project.
pub(super) fn project_key(scope: &OrgScope, id: ProjectId) -> Item {
    key(scope, format!("PROJECT#{id}"))
}

fn to_row(project: &Project) -> Item {
    let optional = [("description", &project.description), ("color", &project.color)];
    let optional =
        optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value.as_ref()?))));
    let always = item([
        ("id", text(project.id)),
        ("name", text(&project.name)),
        ("version", number(project.version)),
        ("createdBy", text(project.created_by.as_str())),
        ("createdAt", text(format_millis(project.created_at))),
        ("updatedAt", text(format_millis(project.updated_at))),
    ]);
    always.into_iter().chain(optional).collect()
}

fn from_row(scope: &OrgScope, row: &Item) -> Result<Project> {
    Ok(Project {
        id: must(read_text(row, "id").and_then(ProjectId::parse), "id")?,
        org_id: scope.organization().clone(),
        name: must(read_text(row, "name"), "name")?.to_owned(),
        description: read_text(row, "description").map(str::to_owned),
        color: read_text(row, "color").map(str::to_owned),
        version: must(read_number(row, "version"), "version")?,
        created_by: must(read_text(row, "createdBy").and_then(UserId::parse), "createdBy")?,
        created_at: read_time(row, "createdAt")?,
        updated_at: read_time(row, "updatedAt")?,
    })
}

/// A time of a row.
pub(super) fn read_time(row: &Item, name: &str) -> Result<Timestamp> {
    must(read_text(row, name).and_then(|time| time.parse().ok()), name)
}
