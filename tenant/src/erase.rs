//! `tenant erase`: deletes all that an organization has, and proves that nothing is left.
//!
//! A pass reads all rows and all versions of objects, and deletes those of the organization. Passes are repeated until one
//! finds nothing, which is the proof. If that is the first, it may as well be the wrong id or account. Deleting twice does
//! no harm, so a command that ended anywhere is run again.
//!
//! A function that follows a table's stream deletes objects of rows that are gone. In a bucket with versions that leaves
//! delete markers, also of objects that are gone. So there is a wait between passes.

mod batches;

use anyhow::{Result, bail, ensure};
use batches::Batches;

use crate::arguments::{Data, Erase};
use crate::aws::Aws;
use crate::report::{Tally, say};
use crate::sources::{say_sources, say_unchecked};

/// Maximum number of passes.
const PASSES: u32 = 10;

/// Erases an organization.
///
/// # Errors
/// When the id isn't confirmed, a call fails, the first pass finds nothing, unless that is allowed, or the last still found
/// something, because somebody writes.
pub(crate) async fn erase(Erase { data, confirm, settle, allow_empty }: &Erase) -> Result<()> {
    let id = data.organization.id();
    ensure!(confirm == id, "--confirm {confirm} is not the organization {id}; nothing was erased");
    let aws = Aws::open().await?;
    say_sources(&aws, data).await?;
    let batches = Batches { aws, organization: &data.organization, parallel: data.parallel() };
    let mut erased = Tally::default();
    for pass in 1..=PASSES {
        let found = erase_found(&batches, data).await?;
        erased += found;
        if found.is_empty() {
            ensure!(
                *allow_empty || !erased.is_empty(),
                "nothing of {id} was found; compare the id, and the accounts, regions and buckets above, with those that \
                 you mean; if {id} has nothing indeed, add --allow-empty"
            );
            say(&format!("pass {pass}: nothing is left in the tables and buckets above"));
            say_unchecked(data);
            say(&format!("erased of {id}: {erased}"));
            return Ok(());
        }
        say(&format!("pass {pass}: erased {found}"));
        tokio::time::sleep(*settle).await;
    }
    bail!("{id} still gets new data after {PASSES} passes; revoke its access, then run this again")
}

/// Erases what a pass finds. Returns the numbers.
async fn erase_found(batches: &Batches<'_>, data: &Data) -> Result<Tally> {
    let mut found = Tally::default();
    for (table, kind) in data.tables() {
        found += batches.erase_rows(table, kind).await?;
    }
    for bucket in &data.buckets {
        found += batches.erase_versions(bucket).await?;
    }
    Ok(found)
}
