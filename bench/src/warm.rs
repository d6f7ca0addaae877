//! What a request costs an environment that has served some: time, CPU, memory. What must stay out: its start.

use crate::cold::{count, milliseconds};
use crate::environment::Environment;
use crate::process::{cpu, peak_memory};
use crate::series::{Book, Unit};
use crate::stage::{Reach, Stage};
use crate::subject::{LARGE, Subject, Work};
use anyhow::{Context, Result};

/// How many requests an environment has served before anything is measured.
const BEFORE: usize = 20;
/// How often memory is measured. It hardly varies.
const MEMORY_RUNS: usize = 5;

/// How many requests are worth one look at the CPU time.
fn batch(work: Work) -> usize {
    if work == Work::Upload(LARGE) { 4 } else { 20 }
}

/// Measures requests to one environment of every executable, `rounds` times some of each kind, in turns.
///
/// # Errors
/// When an executable does not start or answer.
pub(crate) async fn requests(
    stage: &Stage,
    subjects: &[Subject],
    rounds: usize,
    tls: bool,
    book: &mut Book,
) -> Result<()> {
    let (way, suffix) = (stage.way(tls).await?, if tls { ", TLS" } else { "" });
    let reach = if tls { Reach::By(&way) } else { Reach::Direct };
    let mut environments = Vec::new();
    for subject in subjects {
        let mut environment = Environment::start(&stage.launch(subject, &reach)?).await?;
        for _ in 0..BEFORE {
            stage.ask(&mut environment, subject.works[0]).await?;
        }
        environments.push((subject, environment));
    }
    for _ in 0..rounds {
        for (subject, environment) in &mut environments {
            for work in &subject.works {
                let label = format!("warm {}{suffix}", work.label());
                some(stage, subject, environment, (*work, &label), book)
                    .await
                    .with_context(|| subject.name.clone())?;
            }
        }
        // Another begins each round, so that none always follows the same.
        environments.rotate_left(1);
    }
    Ok(())
}

async fn some(
    stage: &Stage,
    subject: &Subject,
    environment: &mut Environment,
    (work, label): (Work, &str),
    book: &mut Book,
) -> Result<()> {
    let (process, requests) = (environment.process()?, batch(work));
    environment.settle().await;
    let before = cpu(process)?;
    for _ in 0..requests {
        let took = stage.ask(environment, work).await?.took;
        book.note(&format!("{label}: time"), Unit::Milliseconds, &subject.name, milliseconds(took));
    }
    environment.settle().await;
    let each = milliseconds(cpu(process)?.saturating_sub(before)) / count(requests);
    book.note(&format!("{label}: CPU time"), Unit::Milliseconds, &subject.name, each);
    Ok(())
}

/// Measures the peak of memory after init, after some requests, and what large uploads add: over TLS, as on Lambda.
///
/// # Errors
/// When an executable does not start or answer.
pub(crate) async fn memory(stage: &Stage, subjects: &[Subject], book: &mut Book) -> Result<()> {
    let way = stage.way(true).await?;
    for _ in 0..MEMORY_RUNS {
        for subject in subjects {
            let mut note = |measure: &str, sample| book.note(measure, Unit::Kibibytes, &subject.name, sample);
            let mut environment = Environment::start(&stage.launch(subject, &Reach::By(&way))?).await?;
            note("peak memory after init", peak_memory(environment.process()?)?);
            for _ in 0..BEFORE {
                stage.ask(&mut environment, subject.works[0]).await?;
            }
            let before = peak_memory(environment.process()?)?;
            note("peak memory after 20 requests", before);
            if subject.works.contains(&Work::Upload(LARGE)) {
                stage.ask(&mut environment, Work::Upload(LARGE)).await?;
                note(
                    "peak memory that the first upload of 4 MiB adds",
                    peak_memory(environment.process()?)? - before,
                );
                for _ in 0..3 {
                    stage.ask(&mut environment, Work::Upload(LARGE)).await?;
                }
                note(
                    "peak memory that four uploads of 4 MiB add",
                    peak_memory(environment.process()?)? - before,
                );
            }
            environment.stop().await?;
        }
    }
    Ok(())
}
