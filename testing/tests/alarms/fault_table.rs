//! Table of faults in docs/RUNBOOK.md: each is injected into the real functions, and found by the id that its caller gets.

mod counters;
mod crashes;
mod evidence;
mod issuers;
mod missing;
mod refusals;
mod risen;
mod storage;
mod stream;

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Result, ensure};
use tempfile::TempDir;
use testing::{App, Response, workspace};

use self::evidence::Evidence;
use super::runbook::runbook;

/// Alarms on any 5xx, which have one name in the table.
const ANY_5XX: (&str, [&str; 5]) =
    ("5xx", ["FaultsFast", "FaultsSlow", "FaultsDaily", "OrganizationFaults", "CanaryFaults"]);

/// First lines of the table.
const HEAD: [&str; 2] = ["| fault | response | line | alarms |", "|---|---|---|---|"];

/// Row of the table.
struct Row {
    fault: String,
    response: String,
    line: String,
    alarms: Vec<String>,
}

impl Row {
    /// Describes a fault by the id of the response that it caused.
    async fn of(app: &App, fault: &str, response: &Response) -> Result<Self> {
        Self::with(app, fault, response, &Evidence::by_id(app, response.header("apigw-requestid")).await?)
    }

    /// Describes a fault that makes responses slow.
    async fn of_slow(app: &App, fault: &str, response: &Response) -> Result<Self> {
        let evidence = Evidence::by_id(app, response.header("apigw-requestid")).await?;
        Self::with(app, fault, response, &Evidence { is_slow: true, ..evidence })
    }

    fn with(app: &App, fault: &str, response: &Response, evidence: &Evidence) -> Result<Self> {
        Ok(Self {
            fault: fault.to_owned(),
            response: response.status_and_code(),
            line: evidence.describe(app),
            alarms: risen::alarms(app, evidence)?,
        })
    }

    /// Lists the alarms, with one name for those on any 5xx.
    fn alarms(&self) -> String {
        let (name, all) = ANY_5XX;
        let is_any = all.iter().all(|id| self.alarms.iter().any(|risen| risen == id));
        let others = self.alarms.iter().map(String::as_str).filter(|id| !is_any || !all.contains(id));
        let names: Vec<_> = is_any.then_some(name).into_iter().chain(others).collect();
        if names.is_empty() { "–".to_owned() } else { names.join(", ") }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = if self.line.is_empty() { "–" } else { &self.line };
        write!(formatter, "| {} | {} | {line} | {} |", self.fault, self.response, self.alarms())
    }
}

/// Copies a template with a part replaced. Returns the path of the copy.
fn changed_template(folder: &Path, template: &str, part: &str, by: &str) -> Result<PathBuf> {
    let text = fs::read_to_string(workspace().join(template))?;
    ensure!(text.contains(part), "{template} has no {part}");
    let copy = folder.join(template.replace('/', "-"));
    fs::write(&copy, text.replace(part, by))?;
    Ok(copy)
}

/// Injects all faults.
async fn rows() -> Result<Vec<Row>> {
    let (app, folder) = (App::start(&[]).await?, TempDir::new()?);
    let (storage, missing, allow, deny, issuers, refusals, crashes, stream) = tokio::try_join!(
        storage::rows(&app),
        missing::rows(&app, &folder),
        counters::rows(&app, "allow"),
        counters::rows(&app, "deny"),
        issuers::rows(&app),
        refusals::rows(&app),
        crashes::rows(&app, &folder),
        stream::rows(),
    )?;
    Ok([storage, missing, allow, deny, issuers, refusals, crashes, stream].into_iter().flatten().collect())
}

#[tokio::test]
async fn runbook_has_the_table_of_faults() -> Result<()> {
    let rows = Box::pin(rows()).await?;
    let table: Vec<_> =
        HEAD.map(str::to_owned).into_iter().chain(rows.iter().map(ToString::to_string)).collect();
    let runbook = runbook()?;
    let section = runbook.split("\n## Faults\n").nth(1).and_then(|rest| rest.split("\n## ").next());
    let section = section.unwrap_or_default();
    let written: Vec<_> = section.lines().filter(|line| line.starts_with('|')).collect();
    ensure!(
        written == table,
        "docs/RUNBOOK.md has another table of faults than this:\n\n{}\n",
        table.join("\n")
    );
    let (name, all) = ANY_5XX;
    let named = all.iter().all(|id| section.contains(&format!("`{id}`")));
    ensure!(named, "the section does not say that {name} stands for {all:?}");
    Ok(())
}
