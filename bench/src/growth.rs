//! What a request costs when there is much else in the tables. What must stay out: what it costs in itself.

use crate::cold::{count, milliseconds};
use crate::environment::Environment;
use crate::event::Request;
use crate::process::{cpu, peak_memory};
use crate::seeds::{counters, projects};
use crate::series::{Book, Unit};
use crate::stage::{Reach, Stage};
use crate::subject::{LIST, Subject};
use crate::trips::Trips;
use anyhow::{Context, Result, ensure};

/// How much there is.
const SIZES: [usize; 3] = [10, 1_000, 100_000];
/// How many requests are measured together.
const BATCH: usize = 20;
/// More callers than an instance remembers.
const CALLERS: usize = 5_000;

/// Measures pages and counters, `rounds` times some, with little and with much beside them.
///
/// # Errors
/// When an engine does not do what is asked of it, or a request is not answered.
pub(crate) async fn growth(
    stage: &Stage,
    subjects: &[Subject],
    rounds: usize,
    book: &mut Book,
) -> Result<()> {
    let list =
        subjects.iter().find(|subject| subject.name == LIST).context("list-projects is not measured")?;
    pages(stage, list, rounds, book).await?;
    capacity(stage, subjects, book).await?;
    callers(stage, list, rounds, book).await?;
    crowd(stage, list, book).await
}

/// An organization's id says how many projects it has.
fn organization(size: usize) -> String {
    format!("of-{size}")
}

async fn pages(stage: &Stage, list: &Subject, rounds: usize, book: &mut Book) -> Result<()> {
    for size in SIZES {
        projects(stage, &organization(size), size).await?;
    }
    let mut environment = Environment::start(&stage.launch(list, &Reach::Direct)?).await?;
    for _ in 0..rounds {
        for size in SIZES {
            let organization = organization(size);
            let token = stage.stack.token("growth", &[&organization])?;
            // As many as the smallest has, so that all pages are of one size.
            let request = Request::list(&organization, "limit=10").token(&token);
            let case = format!("{size} projects");
            batch(&mut environment, "page of 10", &case, book, |_| Ok(request.clone())).await?;
        }
    }
    environment.stop().await
}

async fn capacity(stage: &Stage, subjects: &[Subject], book: &mut Book) -> Result<()> {
    let mut trips = Trips::new(stage, subjects, book);
    let mut environment = trips.start(LIST, &[]).await?;
    for size in SIZES {
        let organization = organization(size);
        // A caller of whom nothing is known.
        let token = stage.stack.token(&format!("growth of {size}"), &[&organization])?;
        let request = Request::list(&organization, "limit=10").token(&token);
        trips.note(&format!("list, 10 of {size} projects"), &mut environment, &request, 200).await?;
    }
    environment.stop().await
}

/// A table with more and more counters in it, and callers of whom it knows nothing.
async fn callers(stage: &Stage, list: &Subject, rounds: usize, book: &mut Book) -> Result<()> {
    let mut there = 0;
    for size in SIZES {
        counters(stage, size - there).await?;
        there = size;
        let mut environment = Environment::start(&stage.launch(list, &Reach::Direct)?).await?;
        for index in 0..BATCH {
            environment.ask(new_caller(stage, &format!("before-{size}-{index}"))?.event()).await?;
        }
        let case = format!("{size} counters");
        for round in 0..rounds {
            let new = |index| new_caller(stage, &format!("new-{size}-{round}-{index}"));
            batch(&mut environment, "new callers", &case, book, new).await?;
        }
        environment.stop().await?;
    }
    Ok(())
}

/// One instance that more callers come to than it remembers.
async fn crowd(stage: &Stage, list: &Subject, book: &mut Book) -> Result<()> {
    let mut environment = Environment::start(&stage.launch(list, &Reach::Direct)?).await?;
    for first in (0..CALLERS).step_by(BATCH) {
        let case = format!("{} to {} callers before", first / 1000 * 1000, first / 1000 * 1000 + 999);
        let new = |index| new_caller(stage, &format!("crowd-{first}-{index}"));
        batch(&mut environment, "one instance", &case, book, new).await?;
        if first + BATCH == 1000 || first + BATCH == CALLERS {
            let memory = peak_memory(environment.process()?)?;
            let case = format!("{} callers", first + BATCH);
            book.note("growth, one instance: peak memory", Unit::Kibibytes, &case, memory);
        }
    }
    environment.stop().await
}

fn new_caller(stage: &Stage, user: &str) -> Result<Request> {
    Ok(Request::list("nothing", "").token(&stage.stack.token(user, &["nothing"])?))
}

async fn batch(
    environment: &mut Environment,
    measure: &str,
    case: &str,
    book: &mut Book,
    request: impl Fn(usize) -> Result<Request>,
) -> Result<()> {
    environment.settle().await;
    let before = cpu(environment.process()?)?;
    for index in 0..BATCH {
        let answer = environment.ask(request(index)?.event()).await?;
        ensure!(answer.status == 200, "{case} was answered {answer:?}");
        let measure = format!("growth, {measure}: time");
        book.note(&measure, Unit::Milliseconds, case, milliseconds(answer.took));
    }
    environment.settle().await;
    let each = milliseconds(cpu(environment.process()?)?.saturating_sub(before)) / count(BATCH);
    book.note(&format!("growth, {measure}: CPU time"), Unit::Milliseconds, case, each);
    Ok(())
}
