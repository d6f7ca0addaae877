//! Linux's accounting of a running process.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Returns the CPU time of the process's current threads, exact to the nanosecond while none of them runs.
///
/// # Errors
/// There is no such process, or the kernel does not account CPU time.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    let folder = format!("/proc/{process}/task");
    let threads = fs::read_dir(&folder).with_context(|| format!("can't read {folder}"))?;
    let mut nanoseconds = 0;
    for thread in threads {
        let file = thread?.path().join("schedstat");
        // The thread may have ended in between.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let first = text.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
        nanoseconds += first.with_context(|| format!("{} holds no number", file.display()))?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Returns the number of minor page faults, those that read no disk.
///
/// # Errors
/// There is no such process.
pub(crate) fn page_faults(process: u32) -> Result<f64> {
    let file = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&file).with_context(|| format!("can't read {file}"))?;
    // The name is in parentheses and may contain spaces; the number is the eighth field after it.
    let behind = stat.rsplit_once(") ").map(|(_, behind)| behind);
    let number = behind.and_then(|fields| fields.split_whitespace().nth(7)?.parse().ok());
    number.with_context(|| format!("{file} has no minflt"))
}

/// Returns the peak of resident memory so far, in KiB.
///
/// # Errors
/// There is no such process.
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
    fn own_process_has_accounts() -> Result<()> {
        assert!(peak_memory(std::process::id())? > 500.0);
        assert!(cpu(std::process::id()).is_ok());
        assert!(page_faults(std::process::id())? > 100.0);
        Ok(())
    }
}
