//! Deletion of a project with many files: the caller's wait, and the work of `clean-up` for each file, which the removed
//! rows reach in batches as from the table's stream.

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use local::template::Template;
use serde_json::{Map, Value, json};

use super::{Case, Kind, start};
use crate::changes::removal;
use crate::cold::{count, milliseconds};
use crate::environment::{Environment, Response};
use crate::fixture::{self, Fixture, Network};
use crate::process::{cpu, peak_memory};
use crate::seeds::{PROJECTS, Row, UPLOADS, all, files, newest, objects, put};
use crate::series::{Samples, Unit};
use crate::target::{CREATE, Target};

/// Numbers of files, each with the number of deletions.
const SIZES: [(usize, usize); 3] = [(10, 10), (1_000, 2), (10_000, 1)];
/// Number of requests that delete a project. Its rows are put again in between.
const REQUESTS: usize = 10;
/// Organization whose projects are deleted.
const ORGANIZATION: &str = "deletions";
/// Largest number of invocations with one batch.
const ATTEMPTS: usize = 20;

const CREATION: Kind<'_> = Kind { function: CREATE, query: "", status: 201 };
const DELETION: Kind<'_> = Kind { function: "delete-project", query: "", status: 204 };
const CLEAN_UP: &str = "clean-up";

/// Running functions.
struct Functions {
    creator: Environment,
    deleter: Environment,
    cleaner: Environment,
    batch_size: usize,
}

/// Project that exists, and the records of its removal.
struct Removals {
    id: String,
    /// Rows that the request deletes.
    rows: Vec<Row>,
    project: Value,
    files: Vec<Value>,
}

/// Measures deletions of projects with each number of files.
///
/// # Errors
/// An emulator fails, a request does not succeed, or something is left.
pub(super) async fn deletion(fixture: &Fixture, targets: &[Target], samples: &mut Samples) -> Result<()> {
    let template = fixture.stack.template();
    let streams = template.function(CLEAN_UP).map(|function| function.streams.as_slice());
    let stream = streams.unwrap_or_default().first().context("no stream feeds clean-up")?;
    let mut functions = Functions {
        creator: start(fixture, targets, CREATION.function, &Network::Direct).await?,
        deleter: start(fixture, targets, DELETION.function, &Network::Watched).await?,
        cleaner: start(fixture, targets, CLEAN_UP, &Network::Watched).await?,
        batch_size: stream.batch_size,
    };
    // The first requests open connections.
    functions.delete(fixture, 1, "", &mut Samples::default()).await?;
    for (size, times) in SIZES {
        for _ in 0..times {
            functions.delete(fixture, size, &format!("{size} files"), samples).await?;
        }
    }
    functions.stop().await
}

impl Functions {
    async fn delete(
        &mut self,
        fixture: &Fixture,
        files: usize,
        size: &str,
        samples: &mut Samples,
    ) -> Result<()> {
        let Removals { id, rows, project, files } = self.fill(fixture, files).await?;
        let case = Case { measure: "deletion of a project", size };
        self.request(fixture, &id, case, samples).await?;
        for _ in 1..REQUESTS {
            put(fixture, &rows).await?;
            self.request(fixture, &id, case, samples).await?;
        }
        let (rows, bytes) = (
            Case { measure: "clean-up, rows, of a file", size },
            Case { measure: "clean-up, objects, of a file", size },
        );
        let mut invocations = self.clean(fixture, &[project], files.len(), rows, samples).await?;
        for batch in files.chunks(self.batch_size) {
            invocations += self.clean(fixture, batch, batch.len(), bytes, samples).await?;
        }
        let cleaning = Case { measure: "clean-up", size };
        let hundreds = count(files.len()) / 100.0;
        cleaning.note(samples, "invocations for 100 files", Unit::Times, count(invocations) / hundreds);
        cleaning.note(samples, "peak memory", Unit::Kibibytes, peak_memory(self.cleaner.process()?)?);
        check_gone(fixture, &id).await
    }

    /// Measures the request that deletes a project.
    async fn request(
        &mut self,
        fixture: &Fixture,
        project: &str,
        case: Case<'_>,
        samples: &mut Samples,
    ) -> Result<()> {
        let event = DELETION.event(fixture, &[("orgId", ORGANIZATION), ("projectId", project)])?;
        fixture.proxy.clear();
        let (response, used) = timed(&mut self.deleter, event).await?;
        ensure!(response.status == DELETION.status, "{response:?}");
        case.note(samples, "time", Unit::Milliseconds, milliseconds(response.took));
        case.note(samples, "CPU time", Unit::Milliseconds, used);
        case.note_spent(samples, &fixture.proxy.timings(), 1);
        Ok(())
    }

    /// Creates a project with so many files, rows and objects.
    async fn fill(&mut self, fixture: &Fixture, number: usize) -> Result<Removals> {
        let created = self.creator.invoke(CREATION.event(fixture, &[("orgId", ORGANIZATION)])?).await?;
        ensure!(created.status == CREATION.status, "{created:?}");
        let own = all(fixture, &format!("ORG#{ORGANIZATION}#")).await?;
        let template = fixture.stack.template();
        let project = newest(fixture, &format!("ORG#{ORGANIZATION}#PROJECT")).await?;
        let id = text(&project, "id")?.to_owned();
        let rows = files(fixture, ORGANIZATION, &id, number).await?;
        let names = rows.iter().map(|row| text(row, "id")).collect::<Result<Vec<_>>>()?;
        objects(fixture, ORGANIZATION, &names).await?;
        let files = rows.iter().map(|row| removed(template, row)).collect();
        Ok(Removals { id, rows: own, project: removed(template, &project), files })
    }

    /// Invokes `clean-up` with these records until it names none as failed, as Lambda does. Returns the number of
    /// invocations, and adds the costs of each of `number` files.
    async fn clean(
        &mut self,
        fixture: &Fixture,
        records: &[Value],
        number: usize,
        case: Case<'_>,
        samples: &mut Samples,
    ) -> Result<usize> {
        fixture.proxy.clear();
        let (mut time, mut used) = (0.0, 0.0);
        for invocation in 1..=ATTEMPTS {
            let (response, more) = timed(&mut self.cleaner, fixture::batch(records)).await?;
            time += milliseconds(response.took);
            used += more;
            if response.status == 200 {
                case.note(samples, "time", Unit::Milliseconds, time / count(number));
                case.note(samples, "CPU time", Unit::Milliseconds, used / count(number));
                case.note_spent(samples, &fixture.proxy.timings(), number);
                return Ok(invocation);
            }
        }
        bail!("{case:?}: clean-up still failed after {ATTEMPTS} invocations")
    }

    async fn stop(self) -> Result<()> {
        self.creator.stop().await?;
        self.deleter.stop().await?;
        self.cleaner.stop().await
    }
}

/// Sends an event. Returns the response and the milliseconds of CPU time.
async fn timed(environment: &mut Environment, event: Bytes) -> Result<(Response, f64)> {
    environment.settle().await;
    let before = cpu(environment.process()?)?;
    let response = environment.invoke(event).await?;
    environment.settle().await;
    Ok((response, milliseconds(cpu(environment.process()?)?.saturating_sub(before))))
}

/// Checks that neither a row of the project's files nor an object is left.
async fn check_gone(fixture: &Fixture, project: &str) -> Result<()> {
    let row = newest(fixture, &format!("ORG#{ORGANIZATION}#FILE#{project}")).await;
    ensure!(row.is_err(), "{row:?} is left");
    let objects = fixture.stack.list_objects(UPLOADS, &format!("orgs/{ORGANIZATION}/")).await?;
    ensure!(objects.is_empty(), "{} objects are left", objects.len());
    Ok(())
}

/// Returns the record of a removed row.
fn removed(template: &Template, row: &Row) -> Value {
    let attribute = |value: &AttributeValue| match value {
        AttributeValue::N(number) => json!({ "N": number }),
        value => json!({ "S": value.as_s().ok() }),
    };
    let row: Map<_, _> = row.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    removal(template, PROJECTS, &row)
}

fn text<'r>(row: &'r Row, name: &str) -> Result<&'r str> {
    let value = row.get(name).and_then(|value| value.as_s().ok());
    value.map(String::as_str).with_context(|| format!("a row has no {name}"))
}
