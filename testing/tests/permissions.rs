//! What the functions may do by `template.yaml` is what they do: no call is refused once deployed, and whoever takes a
//! function over gets no further than the function itself.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use local::template::Template;
use testing::{App, Permission, workspace};
use yaml_serde::Value;

/// The resources of the template, untouched.
fn resources() -> Result<Value> {
    let text = std::fs::read_to_string(workspace().join("template.yaml"))?;
    Ok(yaml_serde::from_str::<Value>(&text)?["Resources"].clone())
}

/// What `!Ref`, `!GetAtt` or `!Sub` is about, or the text itself.
fn text(value: &Value) -> Result<&str> {
    let text = match value {
        Value::Tagged(tagged) => tagged.value.as_str(),
        value => value.as_str(),
    };
    text.with_context(|| format!("{value:?} is no text"))
}

/// One or several of something.
fn each(value: &Value) -> Vec<&Value> {
    value.as_sequence().map_or_else(|| vec![value], |several| several.iter().collect())
}

/// The only keys of a statement: anything else could give or take rights unseen.
const OF_A_STATEMENT: [&str; 3] = ["Action", "Effect", "Resource"];
/// What a statement that refuses may ask for: how a call comes, which is the same for all calls of the SDK.
const OF_A_CONNECTION: [&str; 2] = ["aws:SecureTransport", "s3:TlsVersion"];
/// Properties of a function that give its role something else than the statements of its `Policies`. SAM has more that
/// do; `scripts/template/transform.py` looks at what becomes of the roles.
const BESIDES_POLICIES: [&str; 4] = ["AssumeRolePolicyDocument", "PermissionsBoundary", "Role", "RolePath"];

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_mapping().into_iter().flatten().filter_map(|(key, _)| key.as_str()).collect()
}

/// The statements of a policy as single rights, each for what the statement names.
fn permissions(document: &Value) -> Result<BTreeSet<Permission>> {
    let mut permissions = BTreeSet::new();
    for statement in each(&document["Statement"]) {
        ensure!(text(&statement["Effect"])? == "Allow", "{statement:?}");
        ensure!(keys(statement) == OF_A_STATEMENT.into(), "{statement:?}");
        for (action, resource) in each(&statement["Action"]).into_iter().flat_map(|action| {
            each(&statement["Resource"]).into_iter().map(move |resource| (action, resource))
        }) {
            permissions.insert(Permission {
                action: text(action)?.to_owned(),
                resource: text(resource)?.to_owned(),
            });
        }
    }
    Ok(permissions)
}

/// The rights of a function's own policies, on resources as the template names them.
fn own(resources: &Value, function: &str) -> Result<BTreeSet<Permission>> {
    let mut own = BTreeSet::new();
    for policy in each(&resources[function]["Properties"]["Policies"]) {
        ensure!(
            keys(policy) == ["Statement"].into(),
            "{function} has a policy without statements: {policy:?}"
        );
        own.extend(permissions(policy)?);
    }
    Ok(own)
}

/// What the template allows a function to do with storage, on tables and buckets by their names here.
fn allowed(app: &App, function: &str) -> Result<BTreeSet<Permission>> {
    let resources = resources()?;
    let named = |resource: &str| {
        let (id, path) = resource.trim_start_matches("${").split_once(".Arn").unwrap_or((resource, ""));
        let kind = resources[id]["Type"].as_str().unwrap_or_default();
        let name = if kind == "AWS::S3::Bucket" { app.stack.bucket(id) } else { app.stack.table(id) };
        format!("{name}{}", path.trim_start_matches('}'))
    };
    Ok(own(&resources, function)?
        .into_iter()
        .map(|permission| Permission { resource: named(&permission.resource), ..permission })
        .collect())
}

/// Whether this statement is about that call.
fn covers(allowed: &Permission, needed: &Permission) -> bool {
    let covered = match allowed.resource.strip_suffix('*') {
        Some(start) => needed.resource.starts_with(start),
        None => needed.resource == allowed.resource,
    };
    covered && needed.action == allowed.action
}

/// The rights that a function needs on all the ways on which it succeeds: its example, and for a write the same with an
/// `Idempotency-Key`, then as a repetition, then as one that finds no object any more. A URL that it
/// signs is used with its rights too: follow that here, since signing makes no call, and the URL leads through the tap.
async fn needed(app: &App, binary: &str) -> Result<BTreeSet<Permission>> {
    let (plain, keyed) = (app.prepare(binary).await?, app.prepare(binary).await?);
    app.proxy.clear();
    plain.send().await?;
    let keyed = keyed.request.key("key");
    for _ in 0..2 {
        let response = keyed.clone().send().await?;
        assert!(response.status < 300, "{binary} answered a request with an Idempotency-Key {response:?}");
    }
    for object in app.objects().await? {
        app.stack.s3().delete_object().bucket(app.stack.bucket("UploadsBucket")).key(object).send().await?;
    }
    let response = keyed.send().await?;
    assert!(response.status < 300, "{binary} answered, once objects were gone, {response:?}");
    Ok(app.proxy.permissions())
}

#[tokio::test]
async fn each_function_may_do_with_storage_what_its_route_does_and_nothing_else() -> Result<()> {
    let app = App::start(&[]).await?;
    for function in &Template::load(&workspace().join("template.yaml"))?.functions {
        let (binary, allowed) = (&function.binary, allowed(&app, &function.id)?);
        let needed = needed(&app, binary).await?;
        assert!(!needed.is_empty(), "{binary} makes no calls");
        let refused: Vec<_> = needed
            .iter()
            .filter(|needed| !allowed.iter().any(|permission| covers(permission, needed)))
            .collect();
        assert!(refused.is_empty(), "by template.yaml {binary} may not do what it does: {refused:#?}");
        let unused: Vec<_> = allowed
            .iter()
            .filter(|permission| !needed.iter().any(|needed| covers(permission, needed)))
            .collect();
        assert!(unused.is_empty(), "by template.yaml {binary} may do what it never does: {unused:#?}");
    }
    Ok(())
}

/// The statements of the boundaries: the template's own, and that of the deploying role.
fn boundaries() -> Result<[Vec<Value>; 2]> {
    let bootstrap = std::fs::read_to_string(workspace().join(".github/bootstrap.yaml"))?;
    let bootstrap = yaml_serde::from_str::<Value>(&bootstrap)?["Resources"].clone();
    Ok([resources()?, bootstrap].map(|resources| {
        let document = &resources["FunctionBoundary"]["Properties"]["PolicyDocument"];
        each(&document["Statement"]).into_iter().cloned().collect()
    }))
}

/// The actions of a boundary's statements, some with a star.
fn actions(boundary: &[Value]) -> Vec<&str> {
    boundary.iter().flat_map(|statement| each(&statement["Action"])).filter_map(Value::as_str).collect()
}

/// Returns `true` if a pattern with at most one star stands for the action.
fn is_like(action: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => action.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => action == pattern,
    }
}

#[test]
fn boundaries_allow_what_functions_may_do() -> Result<()> {
    let (resources, template) = (resources()?, Template::load(&workspace().join("template.yaml"))?);
    for boundary in boundaries()? {
        let bounds = actions(&boundary);
        for function in &template.functions {
            for Permission { action, .. } in own(&resources, &function.id)? {
                let within = bounds.iter().any(|pattern| is_like(&action, pattern));
                assert!(within, "{} may not {action} within {bounds:?}", function.id);
            }
        }
    }
    Ok(())
}

#[test]
fn besides_storage_functions_may_write_their_log_and_traces() -> Result<()> {
    let of_storage = ["dynamodb:", "s3:", "kms:"];
    for boundary in boundaries()? {
        let others = actions(&boundary).into_iter();
        let others = others.filter(|action| !of_storage.iter().any(|service| action.starts_with(service)));
        let shared = [
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ];
        assert_eq!(others.collect::<BTreeSet<_>>(), shared.into());
    }
    Ok(())
}

/// Whether this resource gives functions no rights, and takes none away, but for a function's own `Policies`.
fn is_no_policy_of_functions(id: &str, resource: &Value) -> Result<bool> {
    let (kind, properties) = (text(&resource["Type"])?, &resource["Properties"]);
    let statements = || each(&properties["PolicyDocument"]["Statement"]);
    Ok(match kind {
        "AWS::S3::BucketPolicy" => statements().into_iter().all(is_for_others),
        // It only bounds.
        "AWS::IAM::ManagedPolicy" => {
            id == "FunctionBoundary" && keys(properties) == ["PolicyDocument"].into()
        }
        "AWS::DynamoDB::Table" => properties.get("ResourcePolicy").is_none(),
        "AWS::Serverless::Function" => keys(properties).is_disjoint(&BESIDES_POLICIES.into()),
        kind => !["AWS::IAM::Policy", "AWS::IAM::RolePolicy"].contains(&kind),
    })
}

/// Whether a bucket's statement is about AWS's services, or about connections that the SDK never has.
fn is_for_others(statement: &Value) -> bool {
    let operators = statement["Condition"].as_mapping().into_iter().flatten();
    let asked: BTreeSet<_> = operators.flat_map(|(_, asked)| keys(asked)).collect();
    match text(&statement["Effect"]).unwrap_or_default() {
        "Allow" => keys(&statement["Principal"]) == ["Service"].into(),
        _ => !asked.is_empty() && asked.is_subset(&OF_A_CONNECTION.into()),
    }
}

#[test]
fn nothing_but_a_functions_own_statements_gives_it_rights_or_takes_them_away() -> Result<()> {
    for (id, resource) in resources()?.as_mapping().context("no resources")? {
        let id = text(id)?;
        assert!(
            is_no_policy_of_functions(id, resource)?,
            "{id} could give permissions that no test here sees"
        );
    }
    Ok(())
}
