//! `local new` and `local remove` in a small workspace. `.ci/routes` builds and tests their results in the real one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use local::example::Example;
use local::scaffold::Workspace;
use local::template::Template;
use tempfile::TempDir;

const TEMPLATE: &str = r#"Resources:
  # A comment above the functions.
  ListThings:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: list-things}}
    Properties:
      Events:
        Route:
          Type: HttpApi
          Properties: {Method: GET, Path: "/v1/orgs/{orgId}/things"}

  CreateThing:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: create-thing}}
    Properties:
      Policies:
        - Statement: [{Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Things.Arn}]
      Events:
        Route:
          Type: HttpApi
          Properties: {Method: POST, Path: "/v1/orgs/{orgId}/things"}

  # A comment below the functions.
  Logs:
    Type: AWS::Logs::LogGroup
"#;

/// Other files of the workspace.
const FILES: [(&str, &str); 4] = [
    (
        "Cargo.toml",
        "[workspace.dependencies]\nshared = { path = \"shared\" }\nthings = { path = \"things\" }\nserde = \"1\"\n",
    ),
    ("Cargo.lock", "[[package]]\nname = \"aws-config\"\nversion = \"1.0.0\"\n"),
    (
        "functions/list-things/example.json",
        r#"{"given": {"thingId": "create-thing"}, "response": {"status": 204}}"#,
    ),
    (
        "functions/create-thing/example.json",
        r#"{"response": {"status": 204}, "seed": {"id": "seeded", "rows": {}}}"#,
    ),
];

/// Path that is too long for a block on one line.
const LONG: &str =
    "/v1/orgs/{orgId}/things/{thingId}/files/{fileId}/previews/{previewId}/annotations/{annotationId}";

fn workspace() -> Result<TempDir> {
    let workspace = TempDir::new()?;
    for (file, text) in [("template.yaml", TEMPLATE)].iter().chain(&FILES) {
        let file = workspace.path().join(file);
        fs::create_dir_all(file.parent().context("no folder")?)?;
        fs::write(file, text)?;
    }
    Ok(workspace)
}

fn add(folder: &Path, name: &str, method: &str, path: &str) -> Result<()> {
    Workspace::read(&folder.join("template.yaml"))?.add(name, method, path)
}

fn remove(folder: &Path, names: &[&str]) -> Result<()> {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    Workspace::read(&folder.join("template.yaml"))?.remove(&names)
}

/// Reads the texts of all files in a folder.
fn contents(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut contents = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            contents.extend(self::contents(&path)?);
        } else {
            contents.insert(path.clone(), fs::read_to_string(&path)?);
        }
    }
    Ok(contents)
}

#[test]
fn new_route_is_a_function_and_a_block() -> Result<()> {
    let workspace = workspace()?;
    let before = contents(workspace.path())?;
    add(workspace.path(), "get-part", "get", "/v1/orgs/{orgId}/things/{thingId}/parts/{partId}")?;
    let after = contents(workspace.path())?;
    let own = workspace.path().join("functions/get-part");
    let written: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert_eq!(written, [&own.join("Cargo.toml"), &own.join("example.json"), &own.join("src/main.rs")]);

    let template = Template::load(&workspace.path().join("template.yaml"))?;
    let function = template.functions.last().context("no function")?;
    assert_eq!((&*function.id, &*function.binary, function.routes.len()), ("GetPart", "get-part", 1));
    let example = Example::load(&template, "get-part")?;
    assert_eq!(example.given.get("thingId").map(String::as_str), Some("create-thing"));
    // No example creates a part, so its id is the placeholder.
    let path = example.seeded(&template)?.path;
    assert!(path.starts_with("/v1/orgs/acme/things/seeded/parts/01900000-0000-7000-8000-"), "{path}");
    let manifest = fs::read_to_string(own.join("Cargo.toml"))?;
    assert!(manifest.contains("\nshared.workspace = true\nthings.workspace = true\n\n"), "{manifest}");
    Ok(())
}

#[test]
fn new_routes_declare_access_and_idempotency() -> Result<()> {
    let workspace = workspace()?;
    for (name, method, path, expected) in [
        ("get-thing", "GET", "/v1/orgs/{orgId}/x", "Route::get(\"/v1/orgs/{orgId}/x\").org_member();"),
        ("show-me", "GET", "/v1/me", "Route::get(\"/v1/me\").signed_in();"),
        ("add-thing", "POST", "/v1/me", "Route::post(\"/v1/me\").signed_in().ignores_idempotency_key();"),
        ("alter-thing", "PATCH", "/v1/me", "Route::patch(\"/v1/me\").signed_in().ignores_idempotency_key();"),
        ("put-thing", "PUT", "/v1/me", "Route::put(\"/v1/me\").signed_in();"),
        ("drop-thing", "DELETE", "/v1/me", "Route::delete(\"/v1/me\").signed_in();"),
    ] {
        add(workspace.path(), name, method, path)?;
        let main = fs::read_to_string(workspace.path().join("functions").join(name).join("src/main.rs"))?;
        assert!(main.contains(expected), "{main}");
    }
    Ok(())
}

#[test]
fn removing_a_route_restores_the_workspace() -> Result<()> {
    let workspace = workspace()?;
    let before = contents(workspace.path())?;
    add(workspace.path(), "get-preview", "GET", LONG)?;
    add(workspace.path(), "get-thing", "GET", "/v1/me")?;
    let template = fs::read_to_string(workspace.path().join("template.yaml"))?;
    assert!(template.lines().all(|line| line.len() <= 120), "{template}");
    remove(workspace.path(), &["get-preview"])?;
    remove(workspace.path(), &["get-thing"])?;
    assert_eq!(contents(workspace.path())?, before);
    Ok(())
}

#[test]
fn invalid_and_conflicting_routes_are_refused() -> Result<()> {
    let workspace = workspace()?;
    let before = contents(workspace.path())?;
    for (name, method, path, reason) in [
        ("get", "GET", "/v1/x", "is not a valid name"),
        ("Get-x", "GET", "/v1/x", "is not a valid name"),
        ("get-x-", "GET", "/v1/x", "is not a valid name"),
        ("get-../x", "GET", "/v1/x", "is not a valid name"),
        ("get-all-projects12", "GET", "/v1/x", ""),
        ("get-all-projects123", "GET", "/v1/x", "longer than 16"),
        ("list-things", "GET", "/v1/x", "already exists"),
        ("aws-config", "GET", "/v1/x", "Cargo.lock"),
        ("put-item", "GET", "/v1/x", "uses the word PutItem"),
        ("get-x", "FETCH", "/v1/x", "not one of the methods"),
        ("get-x", "GET", "v1/x", "is not a valid path"),
        ("get-x", "GET", "/", "is not a valid path"),
        ("get-x", "GET", "/v1//x", "is not a valid path"),
        ("get-x", "GET", "/v1/x/", "is not a valid path"),
        ("get-x", "GET", "/v1/x{id}", "is not a valid path"),
        ("get-x", "GET", "/v1/{rest+}", "is not a valid path"),
        ("get-x", "GET", "/v1/{}", "is not a valid path"),
        ("get-x", "GET", "/v1/x?y", "is not a valid path"),
        ("get-x", "GET", "/v1/\"\n", "is not a valid path"),
        ("get-x", "GET", "/v1/{id}/{id}", "two parameters"),
        ("get-x", "GET", "/v1/orgs/{orgId}/things", "list-things already has the route"),
        ("get-x", "PUT", "/v1/orgs/{id}/things", "other names for the parameters"),
    ] {
        let refused = add(workspace.path(), name, method, path).err().map(|error| format!("{error:#}"));
        if reason.is_empty() {
            assert_eq!(refused, None, "{name}");
            remove(workspace.path(), &[name])?;
        } else {
            assert!(
                refused.as_ref().is_some_and(|it| it.contains(reason)),
                "{name} {method} {path}: {refused:?}"
            );
        }
        assert_eq!(contents(workspace.path())?, before, "{name} {method} {path}");
    }
    Ok(())
}

#[test]
fn needed_functions_are_not_removed() -> Result<()> {
    let workspace = workspace()?;
    let before = contents(workspace.path())?;
    for (names, reason) in [
        (&["get-nothing"][..], "no function get-nothing"),
        (&["create-thing"], "the example of list-things needs create-thing"),
        (&["create-thing", "list-things"], "a template without functions"),
    ] {
        let refused = remove(workspace.path(), names).err().map(|error| format!("{error:#}"));
        assert!(refused.as_ref().is_some_and(|it| it.contains(reason)), "{names:?}: {refused:?}");
        assert_eq!(contents(workspace.path())?, before);
    }
    add(workspace.path(), "get-thing", "GET", "/v1/me")?;
    remove(workspace.path(), &["create-thing", "list-things"])?;
    let template = Template::load(&workspace.path().join("template.yaml"))?;
    assert_eq!(
        template.functions.iter().map(|function| &*function.binary).collect::<Vec<_>>(),
        ["get-thing"]
    );
    Ok(())
}
