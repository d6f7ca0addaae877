//! Report of a load test.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::memory::Sample;
use super::reconciliation::{Findings, Reconciliation};
use super::tally::Tally;

/// Shortest load whose memory is checked, because buffers and pools fill before.
const WARM_UP: Duration = Duration::from_secs(30);

/// Fluctuation of memory, in KiB, that is not growth.
const NOISE: u64 = 16 * 1024;

/// Results of a load test.
pub(super) struct Report {
    pub(super) connections: u16,
    pub(super) elapsed: Duration,
    pub(super) tally: Tally,
    pub(super) memory: Vec<Sample>,
    pub(super) findings: Findings,
}

impl Report {
    /// Returns `true` if all responses were expected, all resources are stored once, and no process leaks memory.
    pub(super) fn passes(&self) -> bool {
        let succeeded = self.tally.no_response == 0 && self.tally.failures() == 0;
        succeeded && self.findings.pass() && self.growing().is_empty()
    }

    /// Returns the processes whose memory grew by over a quarter and [`NOISE`] in the second half of the load.
    fn growing(&self) -> Vec<&str> {
        let (half, end) = (self.memory.get(self.memory.len() / 2), self.memory.last());
        let Some((half, end)) = half.zip(end).filter(|_| self.elapsed >= WARM_UP) else { return Vec::new() };
        let before = |name: &str| half.get(name).map_or(0, |group| group.largest);
        let grows = |name: &str, now: u64| now > before(name) + before(name) / 4 + NOISE;
        let growing = end.iter().filter(|(name, group)| grows(name, group.largest));
        growing.map(|(name, _)| name.as_str()).collect()
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (count, seconds) = (self.tally.count(), self.elapsed.as_secs_f64());
        let rate = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds;
        writeln!(
            f,
            "{count} requests over {} connections in {seconds:.1} s: {rate:.0}/s\n",
            self.connections
        )?;
        self.responses(f)?;
        let Findings { unexpected, samples, .. } = &self.findings;
        let (failures, no_response) = (self.tally.failures(), self.tally.no_response);
        writeln!(f, "\n5xx: {failures}, no response: {no_response}, unexpected: {unexpected}")?;
        samples.iter().try_for_each(|sample| writeln!(f, "  {sample}"))?;
        self.reconciliations(f)?;
        self.memory(f)
    }
}

impl Report {
    fn responses(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<15} {:<27} {:>8} {:>8} {:>8} {:>8}",
            "", "response", "count", "p50 ms", "p99 ms", "max ms"
        )?;
        for line in self.tally.lines() {
            let [p50, p99, max] =
                [line.median, line.p99, line.longest].map(|time| time.as_secs_f64() * 1000.0);
            let (function, status, count) = (line.function, line.status, line.count);
            writeln!(f, "{function:<15} {status:<27} {count:>8} {p50:>8.1} {p99:>8.1} {max:>8.1}")?;
        }
        Ok(())
    }

    fn reconciliations(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (name, counts) in self.findings.kinds() {
            let Reconciliation { acknowledged, deleted, found, lost, duplicated, returned } = counts;
            writeln!(
                f,
                "{name}: {acknowledged} acknowledged, {deleted} deleted, {found} found, {lost} lost, \
                 {duplicated} duplicated, {returned} returned"
            )?;
        }
        writeln!(f, "orphans, which expire: {}", self.findings.orphans)?;
        Ok(())
    }

    /// Prints memory by quarters of the time, because a leak shows as steady growth.
    fn memory(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let last = self.memory.len().saturating_sub(1);
        let quarters: Vec<_> = (0..=4).filter_map(|quarter| self.memory.get(last * quarter / 4)).collect();
        let Some(names) = quarters.last().filter(|sample| !sample.is_empty()) else {
            return writeln!(f, "\nmemory: unknown without /proc");
        };
        writeln!(f, "\nMiB of the largest process (number of processes), by quarters of the time")?;
        for name in names.keys() {
            write!(f, "{name:<15}")?;
            for sample in &quarters {
                let group = sample.get(name).copied().unwrap_or_default();
                write!(f, " {:>6} ({:>2})", group.largest / 1024, group.processes)?;
            }
            writeln!(f)?;
        }
        self.growing().into_iter().try_for_each(|name| writeln!(f, "{name} keeps growing"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Group;
    use super::*;

    /// Returns the report of a load of this many seconds, during which a process used these MiB.
    fn report(seconds: u64, mib: &[u64]) -> Report {
        let sample = |mib: &u64| {
            Sample::from([(
                "local".to_owned(),
                Group { processes: 1, total: mib * 1024, largest: mib * 1024 },
            )])
        };
        let (memory, elapsed) = (mib.iter().map(sample).collect(), Duration::from_secs(seconds));
        Report { connections: 1, elapsed, tally: Tally::default(), memory, findings: Findings::default() }
    }

    #[test]
    fn only_memory_that_keeps_growing_fails() {
        assert!(report(60, &[30, 60, 80, 85, 90]).passes());
        assert!(report(60, &[30, 60, 80, 85, 20]).passes());
        assert!(!report(60, &[30, 60, 90, 120, 150]).passes());
        assert!(report(20, &[30, 60, 90, 120, 150]).passes());
        assert!(report(60, &[]).passes());
    }
}
