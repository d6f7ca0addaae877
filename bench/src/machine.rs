//! The machine that the figures were measured on.

use std::fmt::{Display, Formatter, Result};
use std::fs;
use std::process::Command;

use serde::Serialize;

/// Hardware, kernel and compiler of this machine.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory: String,
    kernel: String,
    compiler: String,
    #[serde(rename = "loadAtStart")]
    load: String,
}

impl Machine {
    /// Reads Linux's and the compiler's data. Unknown values are empty.
    pub(crate) fn detect() -> Self {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        Self {
            processor: value(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: value(&read("/proc/meminfo"), "MemTotal"),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            compiler: compiler(),
            load: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}

impl Display for Machine {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let Self { processor, cores, memory, kernel, compiler, load } = self;
        let architecture = std::env::consts::ARCH;
        writeln!(
            formatter,
            "{processor}, {cores} cores ({architecture}), {memory}, Linux {kernel}, load {load}; {compiler}"
        )
    }
}

fn value(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim());
    value.unwrap_or_default().to_owned()
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
