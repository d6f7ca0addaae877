//! Deletion of what deleted rows leave behind, by following the table's stream.
//!
//! - The row of a project is gone: the rows of its files go.
//! - The row of a file is gone: its object goes.
//! - A file is new: its object is committed, because the upload may have ended before that. If its project is gone, the row
//!   goes. The upload had read the project before that was deleted.
//!
//! Every step can be repeated, and comes after the change that it follows, so a change that comes twice or late does no
//! harm.

use shared::domain::Result;
use shared::storage::{Key, List, ObjectKey, RowChange, RowScope};

use super::rows::FILE;
use super::store::Files;
use crate::projects::PROJECT;

impl Files {
    /// Deletes what a removed row leaves behind, and commits the object of a new file.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](shared::domain::Error::Unavailable) if the bucket or the table is unavailable.
    pub async fn clean_up(&self, change: &RowChange) -> Result<()> {
        let (Self { table, objects }, scope) = (self, change.scope());
        if let Some([project]) = change.removed(PROJECT) {
            table.delete_list(&List::new(scope, FILE, [&project])).await
        } else if let Some([_, file]) = change.removed(FILE) {
            objects.delete(&ObjectKey::new(scope, file)).await
        } else if let Some(parts) = change.created(FILE) {
            self.settle(scope, parts).await
        } else {
            Ok(())
        }
    }

    /// Deletes a new file whose project is gone, or commits its object.
    async fn settle(&self, scope: &RowScope, [project, file]: [&str; 2]) -> Result<()> {
        let (Self { table, objects }, object) = (self, ObjectKey::new(scope, file));
        let (key, row) = (Key::new(scope, PROJECT, [&project]), Key::new(scope, FILE, [&project, &file]));
        let (found, file) = tokio::join!(table.get(&key), table.get(&row));
        match (found?, file?) {
            (_, None) => Ok(()),
            (None, Some(_)) => table.delete(&row).await,
            (Some(_), Some(_)) => {
                let committed = objects.commit(&object).await;
                // A client may have put the bytes of a deleted file again before the commit.
                match table.get(&row).await? {
                    // An object that is missing can't be committed later either. Reading the file is 404.
                    Some(_) => committed.map(drop),
                    None => objects.delete(&object).await,
                }
            }
        }
    }
}
