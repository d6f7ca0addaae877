//! The memory of the stack's processes over time, from Linux's `/proc`. What must stay out: what is much.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How often the memory is read.
const PERIOD: Duration = Duration::from_millis(500);

/// The resident memory of all processes of one name, in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// How many processes there are.
    pub(super) processes: u64,
    /// What all of them hold.
    pub(super) total: u64,
    /// What the largest one holds.
    pub(super) largest: u64,
}

/// The processes at one time, by name.
pub(super) type Sample = BTreeMap<String, Group>;

/// Reads the memory until it is told to stop.
pub(super) struct Watch {
    samples: Arc<Mutex<Vec<Sample>>>,
    stop: oneshot::Sender<()>,
}

/// Watches a process and those that it started.
pub(super) fn watch(process: u32) -> Watch {
    let samples = Arc::<Mutex<Vec<_>>>::default();
    let (stop, mut stopped) = oneshot::channel();
    let kept = Arc::clone(&samples);
    tokio::spawn(async move {
        while stopped.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(sample(process));
            tokio::time::sleep(PERIOD).await;
        }
    });
    Watch { samples, stop }
}

impl Watch {
    /// All samples, in their order; the last one is of now.
    pub(super) fn finish(self, process: u32) -> Vec<Sample> {
        drop(self.stop);
        let mut samples = std::mem::take(&mut *self.samples.lock().unwrap_or_else(PoisonError::into_inner));
        samples.push(sample(process));
        samples
    }
}

/// Nothing where there is no `/proc`.
fn sample(process: u32) -> Sample {
    let mut sample = Sample::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        // A process may end in between.
        let Ok(status) = fs::read_to_string(entry.path().join("status")) else { continue };
        if let Some((name, memory)) = member(&status, process) {
            let group = sample.entry(name).or_default();
            group.processes += 1;
            group.total += memory;
            group.largest = group.largest.max(memory);
        }
    }
    sample
}

/// Name and resident memory of what a `status` file describes, if that is the process or one that it started.
fn member(status: &str, process: u32) -> Option<(String, u64)> {
    let fields: BTreeMap<_, _> = status.lines().filter_map(|line| line.split_once(':')).collect();
    let number = |name: &str| fields.get(name)?.split_whitespace().next()?.parse::<u64>().ok();
    let process = Some(u64::from(process));
    let ours = number("Pid") == process || number("PPid") == process;
    ours.then_some((fields.get("Name")?.trim().to_owned(), number("VmRSS")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_and_its_children_count_and_nobody_else() {
        let status =
            |id: u32, parent: u32| format!("Name:\techo\nPid:\t{id}\nPPid:\t{parent}\nVmRSS:\t  120 kB\n");
        let echo = Some(("echo".to_owned(), 120));
        assert_eq!(member(&status(7, 1), 7), echo);
        assert_eq!(member(&status(8, 7), 7), echo);
        assert_eq!(member(&status(9, 8), 7), None);
        assert_eq!(member("Name:\tended\nPid:\t7\nPPid:\t1\n", 7), None);
    }
}
