//! The account of a load, for people. What must stay out: measuring and judging.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::memory::Sample;
use super::reconciliation::{Findings, Reconciliation};
use super::tally::Tally;

/// How long a load lasts before the memory that it takes should have settled.
const SETTLED: Duration = Duration::from_secs(30);

/// What memory may move by, in KiB, for no reason.
const NOISE: u64 = 16 * 1024;

/// All that is known of a load.
pub(super) struct Report {
    pub(super) connections: u16,
    pub(super) elapsed: Duration,
    pub(super) tally: Tally,
    pub(super) memory: Vec<Sample>,
    pub(super) findings: Findings,
}

impl Report {
    /// Whether every request was answered as it should be, and all is there once.
    pub(super) fn is_good(&self) -> bool {
        let answered = self.tally.unanswered == 0 && self.tally.failures() == 0;
        answered && self.findings.are_good() && self.growing().is_empty()
    }

    /// The processes that hold much more memory in the end than halfway. In less than half a minute nothing is told of
    /// that, as buffers and pools are still filling.
    fn growing(&self) -> Vec<&str> {
        let (half, end) = (self.memory.get(self.memory.len() / 2), self.memory.last());
        let Some((half, end)) = half.zip(end).filter(|_| self.elapsed >= SETTLED) else { return Vec::new() };
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
        let Findings { wrong, samples, .. } = &self.findings;
        let (failures, unanswered) = (self.tally.failures(), self.tally.unanswered);
        writeln!(f, "\n5xx: {failures}, without a response: {unanswered}, not as they should be: {wrong}")?;
        samples.iter().try_for_each(|mistake| writeln!(f, "  {mistake}"))?;
        self.fates(f)?;
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

    fn fates(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Findings { projects, files, objects, .. } = &self.findings;
        for (name, fate) in [("projects", projects), ("files", files), ("objects", objects)] {
            let Reconciliation { answered, found, lost, doubled } = fate;
            writeln!(f, "{name}: {answered} answered, {found} found, {lost} lost, {doubled} doubled")?;
        }
        writeln!(f, "objects that would be swept: {}", self.findings.swept)?;
        Ok(())
    }

    /// Quarters of the time, as a leak is what goes on growing.
    fn memory(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let last = self.memory.len().saturating_sub(1);
        let quarters: Vec<_> = (0..=4).filter_map(|quarter| self.memory.get(last * quarter / 4)).collect();
        let Some(names) = quarters.last().filter(|sample| !sample.is_empty()) else {
            return writeln!(f, "\nmemory: not known, as there is no /proc here");
        };
        writeln!(f, "\nMiB in the largest process (how many processes), from the beginning to the end")?;
        for name in names.keys() {
            write!(f, "{name:<15}")?;
            for sample in &quarters {
                let group = sample.get(name).copied().unwrap_or_default();
                write!(f, " {:>6} ({:>2})", group.largest / 1024, group.processes)?;
            }
            writeln!(f)?;
        }
        self.growing().into_iter().try_for_each(|name| writeln!(f, "{name} goes on growing"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Group;
    use super::*;

    /// A load of this many seconds in which a process held so many MiB over time.
    fn load(seconds: u64, mib: &[u64]) -> Report {
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
    fn memory_that_goes_on_growing_is_a_fault_and_memory_that_settles_is_none() {
        assert!(load(60, &[30, 60, 80, 85, 90]).is_good());
        assert!(load(60, &[30, 60, 80, 85, 20]).is_good());
        assert!(!load(60, &[30, 60, 90, 120, 150]).is_good());
        assert!(load(20, &[30, 60, 90, 120, 150]).is_good());
        assert!(load(60, &[]).is_good());
    }
}
