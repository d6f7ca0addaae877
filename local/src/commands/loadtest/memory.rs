//! Memory of the stack's processes over time, from Linux's `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// Period of the samples.
const PERIOD: Duration = Duration::from_millis(500);

/// Resident memory of all processes of one name, in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// Number of processes.
    pub(super) processes: u64,
    /// Memory of all processes.
    pub(super) total: u64,
    /// Memory of the largest process.
    pub(super) largest: u64,
}

/// Processes at one time, by name.
pub(super) type Sample = BTreeMap<String, Group>;

/// Running watch of memory.
pub(super) struct Watch {
    samples: Arc<Mutex<Vec<Sample>>>,
    stop: oneshot::Sender<()>,
}

/// Watches a process and its children.
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
    /// Stops the watch, takes a last sample, and returns all in their order.
    pub(super) fn finish(self, process: u32) -> Vec<Sample> {
        drop(self.stop);
        let mut samples = std::mem::take(&mut *self.samples.lock().unwrap_or_else(PoisonError::into_inner));
        samples.push(sample(process));
        samples
    }
}

/// Takes a sample; empty without `/proc`.
fn sample(process: u32) -> Sample {
    let mut sample = Sample::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        // A process may have ended meanwhile.
        let Ok(status) = fs::read_to_string(entry.path().join("status")) else { continue };
        if let Some((name, memory)) = process_memory(&status, process) {
            let group = sample.entry(name).or_default();
            group.processes += 1;
            group.total += memory;
            group.largest = group.largest.max(memory);
        }
    }
    sample
}

/// Parses name and resident memory from a `status` file; `None` unless it is of the process or a child.
fn process_memory(status: &str, process: u32) -> Option<(String, u64)> {
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
    fn only_the_process_and_its_children_count() {
        let status =
            |id: u32, parent: u32| format!("Name:\techo\nPid:\t{id}\nPPid:\t{parent}\nVmRSS:\t  120 kB\n");
        let echo = Some(("echo".to_owned(), 120));
        assert_eq!(process_memory(&status(7, 1), 7), echo);
        assert_eq!(process_memory(&status(8, 7), 7), echo);
        assert_eq!(process_memory(&status(9, 8), 7), None);
        assert_eq!(process_memory("Name:\tended\nPid:\t7\nPPid:\t1\n", 7), None);
    }
}
