//! The rate limiter beside many counters, and with many callers in one environment.

use anyhow::Result;
use bytes::Bytes;

use super::{BATCH, Case, SIZES, batch, start};
use crate::event::Request;
use crate::fixture::{Fixture, Network};
use crate::process::peak_memory;
use crate::seeds::counters;
use crate::series::{Samples, Unit};
use crate::target::{LIST, Target};

/// Number of callers: more than an execution environment caches.
const CALLERS: usize = 5_000;

/// Measures new callers, in `rounds` batches, beside a growing number of counters.
///
/// # Errors
/// An emulator fails, or a request does not succeed.
pub(super) async fn callers(
    fixture: &Fixture,
    targets: &[Target],
    rounds: usize,
    samples: &mut Samples,
) -> Result<()> {
    let mut existing = 0;
    for size in SIZES {
        counters(fixture, size - existing).await?;
        existing = size;
        let mut environment = start(fixture, targets, LIST, &Network::Direct).await?;
        for index in 0..BATCH {
            environment.invoke(new_caller(fixture, &format!("before-{size}-{index}"))?).await?;
        }
        let case = Case { measure: "new callers", size: &format!("{size} counters") };
        for round in 0..rounds {
            let new = |index| new_caller(fixture, &format!("new-{size}-{round}-{index}"));
            batch(&mut environment, case, samples, 200, new).await?;
        }
        environment.stop().await?;
    }
    Ok(())
}

/// Measures one execution environment with more callers than it caches.
///
/// # Errors
/// A request does not succeed.
pub(super) async fn crowd(fixture: &Fixture, targets: &[Target], samples: &mut Samples) -> Result<()> {
    let mut environment = start(fixture, targets, LIST, &Network::Direct).await?;
    for first in (0..CALLERS).step_by(BATCH) {
        let size = format!("{} to {} callers before", first / 1000 * 1000, first / 1000 * 1000 + 999);
        let case = Case { measure: "one environment", size: &size };
        let new = |index| new_caller(fixture, &format!("crowd-{first}-{index}"));
        batch(&mut environment, case, samples, 200, new).await?;
        if first + BATCH == 1000 || first + BATCH == CALLERS {
            let (size, memory) = (format!("{} callers", first + BATCH), peak_memory(environment.process()?)?);
            Case { size: &size, ..case }.note(samples, "peak memory", Unit::Kibibytes, memory);
        }
    }
    environment.stop().await
}

fn new_caller(fixture: &Fixture, user: &str) -> Result<Bytes> {
    Ok(Request::list("nothing", "").token(&fixture.stack.token(user, &["nothing"])?).event())
}
