//! Each function has exactly the permissions in `template.yaml` that its calls need.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use local::template::{Function, Template};
use serde_json::json;
use testing::{App, PNG, Permission, Prepared, put, takes_key, workspace};
use uuid::Uuid;
use yaml_serde::Value;

/// Returns the template's resources, with intrinsic functions unresolved.
fn resources() -> Result<Value> {
    let text = std::fs::read_to_string(workspace().join("template.yaml"))?;
    Ok(yaml_serde::from_str::<Value>(&text)?["Resources"].clone())
}

/// Returns the argument of `!Ref`, `!GetAtt` or `!Sub`, or the text itself; of `!If` the value for the stack's own
/// resource.
fn text(value: &Value) -> Result<String> {
    let Value::Tagged(tagged) = value else {
        return value.as_str().map(str::to_owned).with_context(|| format!("{value:?} is not a text"));
    };
    let arguments = tagged.value.as_sequence().map(Vec::as_slice);
    match (tagged.tag.to_string().as_str(), arguments) {
        ("!If", Some([condition, own, _])) if text(condition)?.starts_with("Owns") => text(own),
        ("!Sub", Some([pattern, Value::Mapping(values)])) => {
            values.iter().try_fold(text(pattern)?, |pattern, (name, value)| {
                Ok(pattern.replace(&format!("${{{}}}", text(name)?), &text(value)?))
            })
        }
        (_, None) => text(&tagged.value),
        _ => bail!("{value:?} is not a text"),
    }
}

/// Returns the elements of a sequence, or a single value.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Sequence(several) => several.iter().collect(),
        // Also an intrinsic function, whose arguments are not elements.
        single => vec![single],
    }
}

/// Keys that a statement may have. Others could change permissions without these tests.
const STATEMENT_KEYS: [&str; 3] = ["Action", "Effect", "Resource"];
/// Condition keys that a denying statement may have: those of the connection, which is the same for all calls of the SDK.
const CONNECTION_KEYS: [&str; 2] = ["aws:SecureTransport", "s3:TlsVersion"];
/// Properties of a function that change its role besides `Policies`. SAM has more of them;
/// `scripts/template/transform.py` checks the transformed roles.
const ROLE_PROPERTIES: [&str; 4] = ["AssumeRolePolicyDocument", "PermissionsBoundary", "Role", "RolePath"];

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_mapping().into_iter().flatten().filter_map(|(key, _)| key.as_str()).collect()
}

/// Returns the statements of a policy as single permissions.
fn permissions(document: &Value) -> Result<BTreeSet<Permission>> {
    let mut permissions = BTreeSet::new();
    for statement in each(&document["Statement"]) {
        ensure!(text(&statement["Effect"])? == "Allow", "{statement:?}");
        ensure!(keys(statement) == STATEMENT_KEYS.into(), "{statement:?}");
        for (action, resource) in each(&statement["Action"]).into_iter().flat_map(|action| {
            each(&statement["Resource"]).into_iter().map(move |resource| (action, resource))
        }) {
            permissions.insert(Permission { action: text(action)?, resource: text(resource)? });
        }
    }
    Ok(permissions)
}

/// Returns the permissions of a function's own policies, on resources as the template names them.
fn own(resources: &Value, function: &str) -> Result<BTreeSet<Permission>> {
    let mut own = BTreeSet::new();
    for policy in each(&resources[function]["Properties"]["Policies"]) {
        ensure!(
            keys(policy) == ["Statement"].into(),
            "{function} has a policy without statements: {policy:?}"
        );
        for resource in
            each(&policy["Statement"]).into_iter().flat_map(|statement| each(&statement["Resource"]))
        {
            let is_direct = matches!(resource, Value::Tagged(tagged) if tagged.tag == "GetAtt");
            let is_conditional =
                resources[text(resource)?.trim_end_matches(".Arn")].get("Condition").is_some();
            ensure!(
                !(is_direct && is_conditional),
                "{function}: {resource:?} may be an existing one; use its anchor"
            );
        }
        own.extend(permissions(policy)?);
    }
    Ok(own)
}

/// Returns the storage permissions of a function, on tables and buckets by their names in this stack.
fn allowed(app: &App, function: &str) -> Result<BTreeSet<Permission>> {
    let resources = resources()?;
    let named = |resource: &str| {
        // An ARN by name, such as `arn:aws:s3:::UploadsBucket/orgs/*`, or by `!GetAtt`.
        let resource = resource.rsplit(':').next().unwrap_or_default().trim_start_matches("table/");
        let resource = resource.trim_end_matches(".Arn");
        let (id, path) = resource.split_at(resource.find('/').unwrap_or(resource.len()));
        let kind = resources[id]["Type"].as_str().unwrap_or_default();
        let name = if kind == "AWS::S3::Bucket" { app.stack.bucket(id) } else { app.stack.table(id) };
        format!("{name}{path}")
    };
    Ok(own(&resources, function)?
        .into_iter()
        .map(|permission| Permission { resource: named(&permission.resource), ..permission })
        .collect())
}

/// Returns `true` if the allowed permission includes the needed one.
fn covers(allowed: &Permission, needed: &Permission) -> bool {
    let covered = match allowed.resource.strip_suffix('*') {
        Some(start) => needed.resource.starts_with(start),
        None => needed.resource == allowed.resource,
    };
    covered && needed.action == allowed.action
}

/// Returns the permissions that a function needs for every successful path: its example, then the same with an
/// `Idempotency-Key`, its repetition, and a repetition after the files were deleted; and for a refusal that makes calls.
///
/// A URL that the function signs is used with the function's permissions. The example sends that request too, which leads
/// through the proxy.
async fn needed(app: &App, binary: &str) -> Result<BTreeSet<Permission>> {
    let (plain, mut keyed) = (app.prepare(binary).await?, app.prepare(binary).await?);
    keyed.request = keyed.request.key("key");
    app.proxy.clear();
    plain.send().await?;
    keyed.send().await?;
    repeat(binary, &keyed).await?;
    delete_files(app).await?;
    repeat(binary, &keyed).await?;
    let mut needed = app.proxy.permissions();
    if binary == "finish-upload" {
        let (project, upload) = upload_of_another_type(app).await?;
        app.proxy.clear();
        assert_eq!(app.finish(&project, &upload).await?.status, 422);
        needed.extend(app.proxy.permissions());
    }
    Ok(needed)
}

/// Deletes the rows and the objects of all files.
async fn delete_files(app: &App) -> Result<()> {
    for row in app.rows("ProjectsTable", "FILE").await? {
        let key = |name: &str| AttributeValue::S(row[name].as_str().unwrap_or_default().to_owned());
        let delete = app.stack.dynamodb().delete_item().table_name(app.stack.table("ProjectsTable"));
        delete.key("pk", key("pk")).key("sk", key("sk")).send().await?;
    }
    for object in app.objects().await? {
        app.s3().delete_object().bucket(app.stack.bucket("UploadsBucket")).key(object).send().await?;
    }
    Ok(())
}

/// Sends the request of a function again. Without a key the resource may be gone.
async fn repeat(binary: &str, keyed: &Prepared) -> Result<()> {
    let response = keyed.request.clone().send().await?;
    let gone = response.status == 404 && !takes_key(binary)?;
    assert!(response.status < 400 || gone, "{binary} returned {response:?} to a repeated request");
    Ok(())
}

/// Puts text as an image. Returns the project and the upload, which can't be finished.
async fn upload_of_another_type(app: &App) -> Result<(String, serde_json::Value)> {
    let project = app.new_item("acme", &Uuid::new_v4().to_string()).await?;
    let upload = app.begin(&project, "a.png", "image/png", b"text").await?.json()["data"].clone();
    put(&upload, "text").send().await?;
    Ok((project, upload))
}

/// Compares the template's permissions of a function with those that it needs.
fn check(app: &App, function: &Function, needed: &BTreeSet<Permission>) -> Result<()> {
    let (binary, allowed) = (&function.binary, allowed(app, &function.id)?);
    assert!(!needed.is_empty(), "{binary} makes no calls");
    let refused: Vec<_> =
        needed.iter().filter(|needed| !allowed.iter().any(|allowed| covers(allowed, needed))).collect();
    assert!(refused.is_empty(), "template.yaml does not allow {binary}: {refused:#?}");
    let unused: Vec<_> =
        allowed.iter().filter(|allowed| !needed.iter().any(|needed| covers(allowed, needed))).collect();
    assert!(unused.is_empty(), "template.yaml allows {binary}, which never uses it: {unused:#?}");
    Ok(())
}

#[tokio::test]
async fn functions_have_exactly_the_permissions_they_need() -> Result<()> {
    let app = App::start(&[]).await?;
    for function in Template::load(&workspace().join("template.yaml"))?.routed() {
        check(&app, function, &needed(&app, &function.binary).await?)?;
    }
    Ok(())
}

/// Returns a record of a stream about a row with this key.
fn record(event: &str, image: &str, partition: &str, sort: &str) -> serde_json::Value {
    let key = json!({"pk": {"S": partition}, "sk": {"S": sort}});
    json!({"eventName": event, "dynamodb": {"SequenceNumber": "1", "Keys": key, image: key}})
}

/// A project with a file was deleted, a file was deleted, and files were uploaded: one of them to a project that was gone.
#[tokio::test]
async fn clean_up_has_exactly_the_permissions_it_needs() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, kept) = (app.new_item("acme", "Apollo").await?, app.new_item("acme", "Gemini").await?);
    let (mut files, gone) = (Vec::new(), Uuid::new_v4());
    for project in [&project, &kept] {
        let file = app.upload(project, "a.png", "image/png", PNG).await?.json()["data"]["id"].clone();
        files.push(file.as_str().context("there is no file")?.to_owned());
    }
    let list = |project: &dyn std::fmt::Display| format!("ORG#acme#FILE#{project}");
    app.put_row("ProjectsTable", &json!({"pk": list(&gone), "sk": files[0]})).await?;
    let records = [
        record("REMOVE", "OldImage", "ORG#acme#PROJECT", &project),
        record("REMOVE", "OldImage", &list(&project), &files[0]),
        record("INSERT", "NewImage", &list(&gone), &files[0]),
        record("INSERT", "NewImage", &list(&kept), &files[1]),
    ];
    app.proxy.clear();
    let outcome = app.raw("clean-up", &json!({ "Records": records })).await?;
    assert_eq!(outcome, json!({"batchItemFailures": []}));
    let function = app.stack.template().function("clean-up").context("there is no clean-up")?;
    check(&app, function, &app.proxy.permissions())
}

/// Returns the statements of the boundaries: the template's own, and that of the deploying role.
fn boundaries() -> Result<[Vec<Value>; 2]> {
    let bootstrap = std::fs::read_to_string(workspace().join(".github/bootstrap.yaml"))?;
    let bootstrap = yaml_serde::from_str::<Value>(&bootstrap)?["Resources"].clone();
    Ok([resources()?, bootstrap].map(|resources| {
        let document = &resources["FunctionBoundary"]["Properties"]["PolicyDocument"];
        each(&document["Statement"]).into_iter().cloned().collect()
    }))
}

/// Returns the actions of a boundary's statements, some with a star.
fn actions(boundary: &[Value]) -> Vec<&str> {
    boundary.iter().flat_map(|statement| each(&statement["Action"])).filter_map(Value::as_str).collect()
}

/// Returns `true` if a pattern with at most one star matches the action.
fn is_like(action: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => action.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => action == pattern,
    }
}

#[test]
fn boundaries_allow_the_functions_permissions() -> Result<()> {
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

/// Versions restore what a function overwrites or deletes by mistake.
#[test]
fn boundaries_exclude_versions_of_objects() -> Result<()> {
    for boundary in boundaries()? {
        for action in ["s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration", "s3:PutBucketVersioning"] {
            assert!(actions(&boundary).iter().all(|pattern| !is_like(action, pattern)), "{action}");
        }
    }
    Ok(())
}

#[test]
fn functions_may_also_follow_streams_log_and_trace() -> Result<()> {
    let of_storage = ["dynamodb:", "s3:", "kms:"];
    for boundary in boundaries()? {
        let others = actions(&boundary).into_iter();
        let others = others.filter(|action| !of_storage.iter().any(|service| action.starts_with(service)));
        let shared = [
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            // Of changes that Lambda gives up, which it sends with the function's role.
            "sqs:SendMessage",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ];
        assert_eq!(others.collect::<BTreeSet<_>>(), shared.into());
    }
    Ok(())
}

/// Returns `true` if this resource changes no permissions of functions, besides a function's own `Policies`.
fn changes_no_permissions(id: &str, resource: &Value) -> Result<bool> {
    let (kind, properties) = (text(&resource["Type"])?, &resource["Properties"]);
    let statements = || each(&properties["PolicyDocument"]["Statement"]);
    Ok(match kind.as_str() {
        "AWS::S3::BucketPolicy" => statements().into_iter().all(is_for_others),
        // A boundary only limits.
        "AWS::IAM::ManagedPolicy" => {
            id == "FunctionBoundary" && keys(properties) == ["PolicyDocument"].into()
        }
        "AWS::DynamoDB::Table" => properties.get("ResourcePolicy").is_none(),
        "AWS::DynamoDB::GlobalTable" => properties
            .get("Replicas")
            .map(each)
            .unwrap_or_default()
            .iter()
            .all(|replica| replica.get("ResourcePolicy").is_none()),
        "AWS::Serverless::Function" => keys(properties).is_disjoint(&ROLE_PROPERTIES.into()),
        kind => !["AWS::IAM::Policy", "AWS::IAM::RolePolicy"].contains(&kind),
    })
}

/// Returns `true` if a bucket's statement allows only AWS's services, or denies connections that the SDK never has.
fn is_for_others(statement: &Value) -> bool {
    let operators = statement["Condition"].as_mapping().into_iter().flatten();
    let conditions: BTreeSet<_> = operators.flat_map(|(_, conditions)| keys(conditions)).collect();
    match text(&statement["Effect"]).unwrap_or_default().as_str() {
        "Allow" => keys(&statement["Principal"]) == ["Service"].into(),
        _ => !conditions.is_empty() && conditions.is_subset(&CONNECTION_KEYS.into()),
    }
}

#[test]
fn only_a_functions_own_statements_change_its_permissions() -> Result<()> {
    for (id, resource) in resources()?.as_mapping().context("no resources")? {
        let id = text(id)?;
        assert!(
            changes_no_permissions(&id, resource)?,
            "{id} could change permissions without a test of them"
        );
    }
    Ok(())
}
