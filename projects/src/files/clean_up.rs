//! Deletion of what deleted rows leave behind, by following the table's stream.
//!
//! - The row of a project is gone: the rows of its files go.
//! - The row of a file is gone: its object goes.
//! - A file is new, but its project is gone: the row goes. The upload had read the project before that was deleted.
//!
//! Every step can be repeated, and comes after the removal that it follows, so a change that comes twice or late does no
//! harm.

use shared::config::Env;
use shared::domain::Result;
use shared::storage::{Aws, Key, List, ObjectKey, RowChange, Store};

use super::rows::FILE;
use super::store::Files;
use crate::projects::PROJECT;

/// Follower of the table of [`Files`].
#[derive(Debug)]
pub struct CleanUp(Files);

impl Store for CleanUp {
    type Settings = <Files as Store>::Settings;

    fn settings(env: &Env<'_>) -> Option<Self::Settings> {
        Files::settings(env)
    }

    fn open(aws: &Aws, settings: Self::Settings) -> Self {
        Self(Files::open(aws, settings))
    }
}

impl CleanUp {
    /// Deletes what the removed row of a change leaves behind.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](shared::domain::Error::Unavailable) if the bucket or the table is unavailable.
    pub async fn follow(&self, change: &RowChange) -> Result<()> {
        let (Files { table, objects }, scope) = (&self.0, change.scope());
        if let Some([project]) = change.removed(PROJECT) {
            table.delete_list(&List::new(scope, FILE, [&project])).await
        } else if let Some([_, file]) = change.removed(FILE) {
            objects.delete(&ObjectKey::new(scope, file)).await
        } else if let Some([project, file]) = change.created(FILE)
            && table.get(&Key::new(scope, PROJECT, [&project])).await?.is_none()
        {
            table.delete(&Key::new(scope, FILE, [&project, &file])).await
        } else {
            Ok(())
        }
    }
}
