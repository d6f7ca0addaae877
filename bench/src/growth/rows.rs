//! Requests beside many rows: projects of an organization, files of a project.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;

use super::{BATCH, Case, Kind, SIZES, batch, start};
use crate::fixture::{Fixture, Network};
use crate::seeds::{files, objects, projects};
use crate::series::Samples;
use crate::target::{LIST, Target, UPLOAD};

/// Largest number of batches of requests that add rows, so that the number of rows stays far from the next.
const ADDING: usize = 5;

/// Kinds of requests, each with its measure, and with what there are many of.
const KINDS: [(Kind<'_>, &str, &str); 5] = [
    (Kind { function: LIST, query: "limit=10", status: 200 }, "page of 10 projects", "projects"),
    (Kind { function: "list-files", query: "limit=10", status: 200 }, "page of 10 files", "files"),
    (Kind { function: "get-file", query: "", status: 200 }, "one file", "files"),
    (Kind { function: "begin-upload", query: "", status: 201 }, "new direct upload", "files"),
    (Kind { function: UPLOAD, query: "", status: 201 }, "new file", "files"),
];

/// Organization with so many projects, of which one has so many files.
struct Crowded {
    size: usize,
    organization: String,
    project: String,
    file: String,
}

/// Measures each kind of request in `rounds` batches beside each number of rows.
///
/// # Errors
/// An emulator fails, or a request does not succeed.
pub(super) async fn requests(
    fixture: &Fixture,
    targets: &[Target],
    rounds: usize,
    samples: &mut Samples,
) -> Result<()> {
    let mut all = Vec::new();
    for size in SIZES {
        all.push(Crowded::fill(fixture, size).await?);
    }
    for (kind, measure, things) in &KINDS {
        let cases: Vec<_> = all.iter().map(|it| (it, format!("{} {things}", it.size))).collect();
        let mut environment = start(fixture, targets, kind.function, &Network::Direct).await?;
        for _ in 0..if kind.status == 201 { rounds.min(ADDING) } else { rounds } {
            for (crowded, size) in &cases {
                let event = |_| crowded.event(fixture, kind);
                batch(&mut environment, Case { measure, size }, samples, kind.status, event).await?;
            }
        }
        environment.stop().await?;
        let mut environment = start(fixture, targets, kind.function, &Network::Watched).await?;
        for (crowded, size) in &cases {
            // From the second request on, the environment knows the caller's counter.
            environment.invoke(crowded.event(fixture, kind)?).await?;
            fixture.proxy.clear();
            for _ in 0..BATCH {
                let response = environment.invoke(crowded.event(fixture, kind)?).await?;
                ensure!(response.status == kind.status, "{measure} returned {response:?}");
            }
            Case { measure, size }.note_spent(samples, &fixture.proxy.timings(), BATCH);
        }
        environment.stop().await?;
    }
    Ok(())
}

impl Crowded {
    async fn fill(fixture: &Fixture, size: usize) -> Result<Self> {
        let organization = format!("of-{size}");
        let project = projects(fixture, &organization, size).await?;
        let rows = files(fixture, &organization, &project, size).await?;
        let file = rows.first().and_then(|row| row.get("id")?.as_s().ok()).context("there is no file")?;
        objects(fixture, &organization, &[file]).await?;
        Ok(Self { size, organization, project, file: file.clone() })
    }

    fn event(&self, fixture: &Fixture, kind: &Kind<'_>) -> Result<Bytes> {
        let Self { organization, project, file, .. } = self;
        kind.event(fixture, &[("orgId", organization), ("projectId", project), ("fileId", file)])
    }
}
