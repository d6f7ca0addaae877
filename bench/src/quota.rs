//! CPU quota of a process, by one of Linux's control groups, of version 1 or 2.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// Memory that gets a whole core, in MB.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const CORE_MB: usize = 1769;
/// Period of Lambda's quotas, in microseconds.
const PERIOD: usize = 20_000;
/// Weight beside this machine's other programs, a hundred times the default or ten times it: their load is none of
/// Lambda's.
const WEIGHT: usize = 10_000;
/// Least quota that the kernel accepts, in microseconds.
const LEAST: usize = 1_000;

/// Folders of the controller: of version 1, by itself or with another one, and of version 2.
const ROOTS: [&str; 3] = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"];

/// Shell script that joins a group, `$0`, and executes a program on the first line of its input.
const JOIN: &str = r#"echo $$ >"$0" && read -r line && exec "$@" </dev/null"#;

/// Waits for a process that has been killed to leave its group.
const LEAVING: Duration = Duration::from_millis(10);
const CHECKS: usize = 100;

/// Number of groups so far, for their names.
static CREATED: AtomicUsize = AtomicUsize::new(0);

/// Control group of one process, without a limit until [`CpuQuota::apply`]. Dropping this removes the group.
#[derive(Debug)]
pub(crate) struct CpuQuota {
    folder: PathBuf,
    /// Name of a file of the group, and what limits the CPU if it is written there.
    limit: (&'static str, String),
}

impl CpuQuota {
    /// Creates a group for a function with so many MB of memory.
    ///
    /// # Errors
    /// This process may not create one, or the system has no such controller.
    pub(crate) fn create(memory: usize) -> Result<Self> {
        let found = ROOTS.iter().find_map(|root| Self::below(Path::new(root), microseconds(memory)));
        found.with_context(|| {
            format!("no control group with a CPU quota can be created in {}", ROOTS.join(", "))
        })
    }

    fn below(root: &Path, quota: usize) -> Option<Self> {
        // Version 2 has a controller only in groups whose parent passes it on.
        fs::write(root.join("cgroup.subtree_control"), "+cpu").unwrap_or_default();
        let name = format!("bench-{}-{}", process::id(), CREATED.fetch_add(1, Ordering::Relaxed));
        let folder = root.join(name);
        fs::create_dir(&folder).ok()?;
        let is_old = folder.join("cpu.cfs_quota_us").is_file();
        let (limit, [period, weight]) = if is_old {
            let files = [("cpu.cfs_period_us", PERIOD.to_string()), ("cpu.shares", WEIGHT.to_string())];
            (("cpu.cfs_quota_us", quota.to_string()), files)
        } else {
            let files = [("cpu.max", format!("max {PERIOD}")), ("cpu.weight", WEIGHT.to_string())];
            (("cpu.max", format!("{quota} {PERIOD}")), files)
        };
        let group = Self { folder, limit };
        // A folder that is no group must stay empty, because it is removed again.
        let set = |(file, value): (&str, String)| {
            let file = group.folder.join(file);
            file.is_file() && fs::write(file, value).is_ok()
        };
        (set(period) && set(weight)).then_some(group)
    }

    /// Returns a program that joins the group, and executes its arguments on the first line of its input.
    pub(crate) fn runner(&self) -> Vec<String> {
        ["sh", "-c", JOIN, &self.processes().display().to_string()].map(str::to_owned).into()
    }

    /// Waits until a process is in the group.
    ///
    /// # Errors
    /// The group can't be read.
    pub(crate) async fn filled(&self) -> Result<()> {
        while fs::read_to_string(self.processes()).context("the control group can't be read")?.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Limits the CPU from now on.
    ///
    /// # Errors
    /// The kernel refuses the quota.
    pub(crate) fn apply(&self) -> Result<()> {
        let (file, quota) = &self.limit;
        fs::write(self.folder.join(file), quota).with_context(|| format!("the kernel refuses {file} {quota}"))
    }

    fn processes(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }
}

impl Drop for CpuQuota {
    fn drop(&mut self) {
        for _ in 0..CHECKS {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            thread::sleep(LEAVING);
        }
    }
}

/// Returns the CPU time of a function with so many MB of memory, for each period.
fn microseconds(memory: usize) -> usize {
    (PERIOD * memory / CORE_MB).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::{CpuQuota, microseconds};

    #[test]
    fn quota_is_proportional_to_memory() {
        assert_eq!([128, 256, 1769, 3538].map(microseconds), [1_447, 2_894, 20_000, 40_000]);
        assert_eq!(microseconds(1), 1_000);
    }

    #[test]
    fn dropped_groups_are_removed() {
        // Only root may create one.
        if let Ok(quota) = CpuQuota::create(128) {
            let folder = quota.folder.clone();
            assert!(quota.apply().is_ok() && folder.is_dir());
            drop(quota);
            assert!(!folder.exists());
        }
    }
}
