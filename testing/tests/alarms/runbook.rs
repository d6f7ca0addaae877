//! docs/RUNBOOK.md has a section for each alarm, and the text of each saved query.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use testing::workspace;

use super::{alarms, of_type, resources, resources_of_both, text};

/// Returns the text of the runbook.
pub(crate) fn runbook() -> Result<String> {
    Ok(std::fs::read_to_string(workspace().join("docs/RUNBOOK.md"))?)
}

/// Returns the sections of the alarms, by the anchors that GitHub gives their headings.
fn sections(runbook: &str) -> Result<BTreeMap<String, &str>> {
    let alarms = runbook.split("\n## Alarms\n").nth(1).context("there is no part for alarms")?;
    let alarms = alarms.split("\n## ").next().unwrap_or_default();
    let sections = alarms.split("\n### ").skip(1);
    Ok(sections.map(|section| (section.lines().next().unwrap_or_default().to_lowercase(), section)).collect())
}

#[test]
fn every_alarm_links_to_its_section() -> Result<()> {
    let (both, runbook) = (resources_of_both()?, runbook()?);
    let (sections, mut linked) = (sections(&runbook)?, BTreeSet::new());
    for (id, alarm) in both.iter().flat_map(alarms) {
        let description = text(&alarm["AlarmDescription"]);
        let (sentence, anchor) = description.split_once(" ${RunbookUrl}#").with_context(|| id.to_owned())?;
        assert!(sentence.ends_with('.') && sentence.len() < 120, "{id}: {sentence}");
        let section = sections.get(anchor).with_context(|| format!("no section {anchor} for {id}"))?;
        let is_named = section.lines().next() == Some(id) || section.contains(&format!("`{id}`"));
        assert!(is_named, "the section {anchor} does not name {id}");
        linked.insert(anchor.to_owned());
    }
    assert_eq!(linked, sections.into_keys().collect(), "sections without an alarm");
    Ok(())
}

#[test]
fn every_section_has_its_four_parts() -> Result<()> {
    for (anchor, section) in sections(&runbook()?)? {
        for part in ["- **Means**: ", "- **Query**: ", "- **First**: ", "- **Tell**: "] {
            assert_eq!(section.matches(part).count(), 1, "{anchor}: {part}");
        }
    }
    Ok(())
}

#[test]
fn runbook_and_template_have_equal_queries() -> Result<()> {
    let (resources, runbook) = (resources()?, runbook()?);
    let queries = of_type(&resources, "AWS::Logs::QueryDefinition");
    let queries: BTreeMap<_, _> = queries
        .map(|(_, query)| {
            let name = text(&query["Name"]).replace("${AWS::StackName}", "STACK");
            (name, text(&query["QueryString"]))
        })
        .collect();
    for (name, query) in &queries {
        assert!(runbook.contains(&format!("\n`{name}`\n\n```text\n{query}```\n")), "{name} has another text");
    }
    let mentioned = runbook.split('`').filter(|word| word.starts_with("STACK/") && !word.contains('\n'));
    assert_eq!(mentioned.collect::<BTreeSet<_>>(), queries.keys().map(String::as_str).collect());
    Ok(())
}

#[test]
fn dashboard_shows_every_paging_alarm() -> Result<()> {
    let resources = resources()?;
    let dashboard = text(&resources["Dashboard"]["Properties"]["DashboardBody"]);
    let numbers = dashboard.replace("${LatencyAlarmMs}", "1").replace("${AvailabilityObjective}", "1");
    serde_json::from_str::<serde_json::Value>(&numbers).context("the dashboard is not JSON")?;
    let shown = |id: &str| dashboard.contains(&format!("\"${{{id}.Arn}}\""));
    for (id, alarm) in alarms(&resources) {
        // An alarm with a condition may not exist.
        let expected = alarm.get("AlarmActions").is_some() && resources[id].get("Condition").is_none();
        assert_eq!(shown(id), expected, "{id}");
    }
    Ok(())
}
