//! Storage of projects, with unique names.
//!
//! A `PROJECT` row in the organization's list is a project. A `NAME` row, by a hash, reserves its name. One transaction
//! writes both, so exactly one of several concurrent requests for the same name succeeds.

use jiff::Timestamp;
use shared::config::Env;
use shared::domain::{
    Error, IdempotentRequest, OrgScope, Outcome, PageRequest, ResourceId, Result, Scope, name_key,
};
use shared::edge::{Conditional, Versions};
use shared::storage::{Aws, Condition, Key, Kind, List, Row, Store, Table, Unlisted};

use super::{Project, ProjectChange, ProjectId, ProjectPage};

/// Kind of the rows of projects, by id.
pub(crate) const PROJECT: Kind<1> = Kind::new("PROJECT");

/// Reservations of names.
const NAME: Unlisted<1> = Unlisted::new("NAME");

const NAME_TAKEN: Error =
    Error::Conflict { field: Some("name"), message: "A project with this name already exists" };

/// Maximum number of attempts to change a project. Of concurrent changes one takes effect in each round.
const MAX_ATTEMPTS: usize = 10;

/// Projects, in the table `PROJECTS_TABLE`.
#[derive(Debug)]
pub struct Projects(Table);

impl Store for Projects {
    type Settings = String;

    fn settings(env: &Env<'_>) -> Option<String> {
        env.required("PROJECTS_TABLE")
    }

    fn open(aws: &Aws, table: String) -> Self {
        Self(Table::open(aws, table))
    }
}

impl Projects {
    /// Returns a page of the organization's projects, newest first, strongly consistent.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a cursor of another list. [`Error::Unavailable`] if the table is unavailable.
    pub async fn list(&self, scope: &OrgScope, page: &PageRequest) -> Result<ProjectPage> {
        let list = List::new(scope, PROJECT, []);
        self.0.page(&list, page, |row| from_row(scope, row)).await.map(Into::into)
    }

    /// Returns one of the organization's projects.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there is none with this id. [`Error::Unavailable`] if the table is unavailable.
    pub async fn get(&self, scope: &OrgScope, id: ProjectId) -> Result<Project> {
        let row = self.0.get(&project_key(scope, id)).await?;
        from_row(scope, &row.ok_or(Error::NotFound(ProjectId::RESOURCE))?)
    }

    /// Changes a project at `now`. A new name frees the old one in the same transaction.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the organization has no such project. [`Error::VersionMismatch`] if the change is for another
    /// version, or other changes keep overtaking it. [`Error::Conflict`] if the name is taken; otherwise if DynamoDB fails.
    pub async fn update(
        &self,
        scope: &OrgScope,
        id: ProjectId,
        change: &Conditional<ProjectChange>,
        now: Timestamp,
    ) -> Result<Project> {
        attempt(&change.versions, async || self.update_once(scope, id, change, now).await).await
    }

    async fn update_once(
        &self,
        scope: &OrgScope,
        id: ProjectId,
        change: &Conditional<ProjectChange>,
        now: Timestamp,
    ) -> Result<Project> {
        let row = self.0.get(&project_key(scope, id)).await?.ok_or(Error::NotFound(ProjectId::RESOURCE))?;
        let before = from_row(scope, &row)?;
        change.versions.check(before.version)?;
        let project = before.changed(&change.content, now);
        if project == before {
            return Ok(project);
        }
        let condition = Condition::Version(before.version);
        let (key, row) = (project_key(scope, id), with_project(row, &project));
        let writes = self.0.transaction().replace(&key, row, condition, stale);
        let (old, new) = (name_reservation(scope, &before.name), name_reservation(scope, &project.name));
        let writes = if old == new {
            writes
        } else {
            let reservation = Row::of(NAME).with_text("id", id);
            writes.create(&new, reservation, |_| NAME_TAKEN).delete(&old, Condition::Exists, unreserved)
        };
        writes.commit().await?;
        Ok(project)
    }

    /// Deletes a project, and frees its name in the same transaction. Its files can't be reached from then on. The function
    /// that follows the table's stream deletes them.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the organization has no such project. [`Error::VersionMismatch`] if the request is for another
    /// version, or changes keep overtaking it; otherwise if DynamoDB fails.
    pub async fn delete(&self, scope: &OrgScope, id: ProjectId, versions: &Versions) -> Result<()> {
        attempt(versions, async || self.delete_once(scope, id, versions).await).await
    }

    async fn delete_once(&self, scope: &OrgScope, id: ProjectId, versions: &Versions) -> Result<()> {
        let project = self.get(scope, id).await?;
        versions.check(project.version)?;
        let writes = self
            .0
            .transaction()
            .delete(&project_key(scope, id), Condition::Version(project.version), stale)
            .delete(&name_reservation(scope, &project.name), Condition::Exists, unreserved);
        writes.commit().await.map(drop)
    }

    /// Creates a project, once for equal requests with a key.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if the organization has a project of this name. [`Error::Unprocessable`] if the request's key
    /// was used for another request. [`Error::Unavailable`] if the table is unavailable.
    pub async fn create(
        &self,
        scope: &OrgScope,
        project: Project,
        request: Option<&IdempotentRequest>,
    ) -> Result<Outcome<Project>> {
        let row = with_project(Row::of(PROJECT), &project);
        let reservation = Row::of(NAME).with_text("id", project.id);
        let commit = self
            .0
            .transaction()
            .create(&name_reservation(scope, &project.name), reservation, |_| NAME_TAKEN)
            .create(&project_key(scope, project.id), row.clone(), |_| NAME_TAKEN)
            .idempotent(request, row)
            .commit();
        commit.await?.outcome(project, |row| from_row(scope, row))
    }
}

/// Repeats a change that others overtake. The new version may be one that the request is for.
async fn attempt<T>(versions: &Versions, once: impl AsyncFn() -> Result<T>) -> Result<T> {
    for _ in 1..MAX_ATTEMPTS {
        match once().await {
            Err(Error::VersionMismatch { current }) if versions.check(current).is_ok() => {}
            // Other transactions held the row. The next read tells if one of them changed the version.
            Err(Error::Conflict { field: None, .. }) => {}
            outcome => return outcome,
        }
    }
    once().await
}

/// Returns the key of a project.
pub(crate) fn project_key(scope: &impl Scope, id: ProjectId) -> Key {
    Key::new(scope, PROJECT, [&id])
}

/// Returns the key of a name's reservation.
fn name_reservation(scope: &OrgScope, name: &str) -> Key {
    Key::new(scope, NAME, [&name_key(name)])
}

/// Returns the error of a project whose name has no reservation.
fn unreserved(_: Option<Row>) -> Error {
    Error::internal("the name of a project was not reserved")
}

/// Returns the error of a write to a project that has changed since it was read.
fn stale(row: Option<Row>) -> Error {
    let Some(row) = row else { return Error::NotFound(ProjectId::RESOURCE) };
    row.number("version").map_or_else(|error| error, |current| Error::VersionMismatch { current })
}

/// Sets the attributes of a project, and keeps others: a later version of the functions may have added them.
fn with_project(row: Row, project: &Project) -> Row {
    row.with_text("id", project.id)
        .with_text("name", &project.name)
        .with_optional("description", project.description.as_ref())
        .with_optional("color", project.color.as_ref())
        .with_number("version", project.version)
        .with_text("createdBy", project.created_by.as_str())
        .with_time("createdAt", project.created_at)
        .with_time("updatedAt", project.updated_at)
}

fn from_row(scope: &OrgScope, row: &Row) -> Result<Project> {
    row.format(PROJECT)?;
    Ok(Project {
        id: row.parsed("id")?,
        org_id: scope.organization().clone(),
        name: row.text("name")?.to_owned(),
        description: row.optional("description").map(str::to_owned),
        color: row.optional("color").map(str::to_owned),
        version: row.number("version")?,
        created_by: row.parsed("createdBy")?,
        created_at: row.time("createdAt")?,
        updated_at: row.time("updatedAt")?,
    })
}
