//! Export and erasure of an organization by the command `tenant`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use local::cargo::Build;
use local::clock::Stopwatch;
use tempfile::TempDir;
use testing::workspace;

use super::{Case, launch};
use crate::cold::{count, milliseconds};
use crate::fixture::{Fixture, Network};
use crate::process::{cpu, peak_memory};
use crate::seeds::{PROJECTS, UPLOADS, objects, projects};
use crate::series::{Samples, Unit};
use crate::target::{LIST, Target};

/// Numbers of rows. Every tenth row comes with an object.
const SIZES: [usize; 3] = [10, 1_000, 10_000];
const ROWS_OF_AN_OBJECT: usize = 10;
/// Time between two looks at the command's memory and CPU time.
const LOOK: Duration = Duration::from_millis(2);
const ORGANIZATION: &str = "leaving";

/// Costs of a process that has ended.
#[derive(Default)]
struct Costs {
    took: Duration,
    cpu: Duration,
    memory: f64,
}

/// Measures both commands, with emulators of their own for each size, because scans read whole tables.
///
/// # Errors
/// The command can't be built, or fails.
pub(super) async fn tenant(targets: &[Target], samples: &mut Samples) -> Result<()> {
    // As docs/TENANTS.md builds it.
    let build = Build { profile: Some("dev".to_owned()), target_dir: None };
    let executable = build.run(&workspace(), &["tenant"]).await?.remove("tenant").context("no tenant")?;
    for rows in SIZES {
        let (fixture, folder) = (Fixture::start(targets).await?, TempDir::new()?);
        projects(&fixture, ORGANIZATION, rows).await?;
        let names: Vec<_> = (0..rows / ROWS_OF_AN_OBJECT).map(|number| format!("{number:036}")).collect();
        objects(&fixture, ORGANIZATION, &names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let export = folder.path().join("export");
        let export = ["--to", export.to_str().context("a path is UTF-8")?];
        let erase = ["--confirm", ORGANIZATION, "--settle", "0"];
        for (measure, command, options) in
            [("export, of a row", "export", &export[..]), ("erasure, of a row", "erase", &erase)]
        {
            fixture.proxy.clear();
            let costs = run(&fixture, targets, &executable, command, options).await?;
            let case = Case { measure, size: &format!("{rows} rows") };
            let each = |time| milliseconds(time) / count(rows);
            case.note(samples, "time", Unit::Milliseconds, each(costs.took));
            case.note(samples, "CPU time", Unit::Milliseconds, each(costs.cpu));
            case.note(samples, "peak memory", Unit::Kibibytes, costs.memory);
            case.note_spent(samples, &fixture.proxy.timings(), rows);
        }
    }
    Ok(())
}

/// Runs a command until it has ended.
async fn run(
    fixture: &Fixture,
    targets: &[Target],
    executable: &Path,
    command: &str,
    options: &[&str],
) -> Result<Costs> {
    let stack = &fixture.stack;
    let mut tenant = Command::new(executable);
    tenant.args([command, ORGANIZATION, "--table", stack.table(PROJECTS), "--bucket", stack.bucket(UPLOADS)]);
    tenant.args(options).env_clear().envs(launch(fixture, targets, LIST, &Network::Watched)?.variables);
    tenant.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let (watch, mut costs) = (Stopwatch::start(), Costs::default());
    let mut child = tenant.spawn().context("can't run tenant")?;
    while child.try_wait()?.is_none() {
        // It may end in between, and has no memory then.
        let (time, memory) = (cpu(child.id()), peak_memory(child.id()));
        costs.cpu = costs.cpu.max(time.unwrap_or_default());
        costs.memory = costs.memory.max(memory.unwrap_or_default());
        tokio::time::sleep(LOOK).await;
    }
    costs.took = watch.elapsed();
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(costs)
}
