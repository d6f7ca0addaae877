//! What Linux knows of a running process. What must stay out: starting and ending it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// The CPU time of all threads that the process has, to the nanosecond while none of them runs.
///
/// # Errors
/// When there is no such process, or the kernel keeps no such account.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    let folder = format!("/proc/{process}/task");
    let threads = fs::read_dir(&folder).with_context(|| format!("can't read {folder}"))?;
    let mut nanoseconds = 0;
    for thread in threads {
        let file = thread?.path().join("schedstat");
        // A thread may have ended in between.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let first = text.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
        nanoseconds += first.with_context(|| format!("{} holds no number", file.display()))?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// How often the process has touched a page of memory that wasn't there yet, reading from a disk not counted.
///
/// # Errors
/// When there is no such process.
pub(crate) fn page_faults(process: u32) -> Result<f64> {
    let file = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&file).with_context(|| format!("can't read {file}"))?;
    // The name stands in parentheses and may hold spaces; the number is the eighth behind it.
    let behind = stat.rsplit_once(") ").map(|(_, behind)| behind);
    let number = behind.and_then(|fields| fields.split_whitespace().nth(7)?.parse().ok());
    number.with_context(|| format!("{file} has no minflt"))
}

/// The most memory that the process has had at any time so far, in KiB.
///
/// # Errors
/// When there is no such process.
pub(crate) fn peak_memory(process: u32) -> Result<f64> {
    let file = format!("/proc/{process}/status");
    let status = fs::read_to_string(&file).with_context(|| format!("can't read {file}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("{file} has no VmHWM"))
}

#[cfg(test)]
mod tests {
    use super::{cpu, page_faults, peak_memory};
    use anyhow::Result;

    #[test]
    fn this_process_has_a_memory_and_a_past() -> Result<()> {
        assert!(peak_memory(std::process::id())? > 500.0);
        assert!(cpu(std::process::id()).is_ok());
        assert!(page_faults(std::process::id())? > 100.0);
        Ok(())
    }
}
