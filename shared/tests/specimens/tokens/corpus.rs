//! Corpus of tokens, replayed on functions with a secret and with a key set.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use testing::{App, jwks, notes, workspace};

use super::case::{Case, Keys, Trust};

/// Reads all cases, one for each value of `each`.
fn cases() -> Result<Vec<(String, Case)>> {
    let folder = workspace().join("shared/tests/specimens/tokens/corpus");
    let mut cases = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path)?;
            let file: Vec<Value> =
                yaml_serde::from_str(&text).with_context(|| format!("can't read {}", path.display()))?;
            for case in file {
                cases.extend(expanded(case).with_context(|| format!("in {}", path.display()))?);
            }
        }
    }
    Ok(cases)
}

/// Expands a case into one for each value of its `each`.
fn expanded(mut case: Value) -> Result<Vec<(String, Case)>> {
    let each = case.as_object_mut().and_then(|case| case.remove("each"));
    let values = match each {
        None => vec![Value::Null],
        Some(Value::Array(values)) if !values.is_empty() => values,
        Some(each) => bail!("each is {each}, not a list of values"),
    };
    let cases = values.iter().map(|value| {
        let case: Case = serde_json::from_value(filled(&case, value)).with_context(|| case.to_string())?;
        Ok((format!("{} ({value})", case.name), case))
    });
    cases.collect()
}

/// Replaces "$each" in the case, alone or within a text, with this value.
fn filled(case: &Value, value: &Value) -> Value {
    match case {
        Value::String(text) if text == "$each" => value.clone(),
        Value::String(text) => match value {
            Value::String(value) => text.replace("$each", value).into(),
            _ => case.clone(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, value)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), filled(member, value))).collect()
        }
        _ => case.clone(),
    }
}

async fn replay(trust: Trust, app: &App, keys: &Keys) -> Result<()> {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, case) in cases()?.iter().filter(|(_, case)| [trust, Trust::Both].contains(&case.trust)) {
        let request = app.client.get(&notes("acme"));
        let request = case.sent(request, trust, keys).with_context(|| name.clone())?;
        let response = request.send().await.with_context(|| name.clone())?;
        count += 1;
        if response.status != case.response {
            wrong.push(format!("{name}: {} instead of {}", response.status, case.response));
        }
    }
    ensure!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    ensure!(count > 150, "only {count} cases were found");
    Ok(())
}

#[tokio::test]
async fn every_token_gets_its_status_with_a_secret() -> Result<()> {
    replay(Trust::Secret, &App::specimens(&[]).await?, &Keys::generate()?).await
}

#[tokio::test]
async fn every_token_gets_its_status_with_keys() -> Result<()> {
    let keys = Keys::generate()?;
    let public: Vec<_> = keys.known.iter().filter(|key| key.id() != "secret").collect();
    let app = App::specimens(&[("AUTH_JWKS", &jwks(&public).to_string())]).await?;
    replay(Trust::Set, &app, &keys).await
}
