//! Rebuild of functions, in a workspace of its own whose function has no dependencies.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use local::client::{Client, Response};
use local::environment;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::command_line::{local, url};

/// Function that responds with `TEXT`.
const FUNCTION: &str = r#"
use std::io::{Read, Write};

fn call(method: &str, path: &str, body: &str) -> String {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = std::net::TcpStream::connect(&api).unwrap();
    let length = body.len();
    write!(stream, "{method} /2018-06-01/runtime/invocation/{path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

fn main() {
    loop {
        let event = call("GET", "next", "");
        let id = event.split("lambda-runtime-aws-request-id: ").nth(1).unwrap().split("\r\n").next().unwrap();
        call("POST", &format!("{id}/response"), "{\"statusCode\":200,\"body\":\"TEXT\"}");
    }
}
"#;

const TEMPLATE: &str = "
Resources:
  Quick:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: quick}}
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {Method: GET, Path: /quick}}
";

/// Writes the workspace. It has a package `local`, because functions are built together with it.
fn workspace() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        fs::write(path, text)
    };
    let package =
        |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"local\", \"quick\"]\n")?;
    write("local/Cargo.toml", &package("local"))?;
    write("local/src/lib.rs", "")?;
    write("quick/Cargo.toml", &package("quick"))?;
    write("template.yaml", TEMPLATE)?;
    save(folder.path(), "one")?;
    Ok(folder)
}

/// Lets the function respond with a text.
fn save(folder: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(folder.join("quick/src"))?;
    Ok(fs::write(folder.join("quick/src/main.rs"), FUNCTION.replace("TEXT", text))?)
}

/// Runs the program, which needs the variables that cargo needs.
async fn start(folder: &Path, arguments: &[&str]) -> Result<(Child, Client)> {
    started(program(folder, arguments)).await
}

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = local(arguments);
    command.args(["--port", "0", "--ephemeral", "--template"]).arg(folder.join("template.yaml"));
    for name in ["PATH", "HOME", "CARGO", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        command.envs(environment::variable(name).map(|value| (name, value)));
    }
    command.stderr(Stdio::null());
    command
}

async fn started(mut command: Command) -> Result<(Child, Client)> {
    let mut child = command.spawn()?;
    let client = Client::new(&url(&mut child).await?);
    Ok((child, client))
}

/// Writes a program that runs cargo with its output, and fails before that while the file `FAIL` exists. It adds a line to
/// the file `RUNS` for each build.
fn recording_cargo(folder: &Path) -> Result<PathBuf> {
    let cargo = environment::variable("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let script = "#!/bin/sh\necho >>'FOLDER/RUNS'\n[ ! -e 'FOLDER/FAIL' ] || { echo 'error: no network' >&2; exit 101; }\nexec 'CARGO' \"$@\"\n";
    let script = script.replace("FOLDER", &folder.to_string_lossy()).replace("CARGO", &cargo);
    let path = folder.join("cargo.sh");
    fs::write(&path, script)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

fn runs(folder: &Path) -> Result<usize> {
    Ok(fs::read_to_string(folder.join("RUNS"))?.lines().count())
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

#[tokio::test]
async fn changed_function_is_built_before_its_request() -> Result<()> {
    let folder = workspace()?;
    let (_child, client) = start(folder.path(), &[]).await?;
    let get = async || client.get("/quick").send().await;
    assert_eq!(text(&get().await?), "one");
    save(folder.path(), "two")?;
    assert_eq!(text(&get().await?), "two");
    fs::write(folder.path().join("quick/src/main.rs"), "fn main() { missing() }")?;
    for _ in 0..2 {
        let broken = get().await?;
        assert_eq!((broken.status, broken.header("content-type")), (500, "text/plain; charset=utf-8"));
        let text = text(&broken);
        assert!(text.starts_with("quick doesn't compile:") && text.contains("error[E0425]"), "{text}");
        assert!(!text.contains('\x1b'), "{text}");
    }
    save(folder.path(), "three")?;
    assert_eq!(text(&get().await?), "three");
    Ok(())
}

#[tokio::test]
async fn cargos_own_failure_is_tried_again() -> Result<()> {
    let folder = workspace()?;
    let mut command = program(folder.path(), &[]);
    command.env("CARGO", recording_cargo(folder.path())?);
    let (_child, client) = started(command).await?;
    let get = async || client.get("/quick").send().await;
    assert_eq!(text(&get().await?), "one");
    save(folder.path(), "two")?;
    fs::write(folder.path().join("FAIL"), "")?;
    let failed = get().await?;
    assert_eq!((failed.status, text(&failed).contains("error: no network")), (500, true));
    fs::remove_file(folder.path().join("FAIL"))?;
    assert_eq!(text(&get().await?), "two");
    Ok(())
}

#[tokio::test]
async fn source_from_the_future_is_built_once() -> Result<()> {
    let folder = workspace()?;
    let mut command = program(folder.path(), &[]);
    command.env("CARGO", recording_cargo(folder.path())?);
    let (_child, client) = started(command).await?;
    let get = async || client.get("/quick").send().await;
    assert_eq!(text(&get().await?), "one");
    save(folder.path(), "two")?;
    let source = fs::File::options().append(true).open(folder.path().join("quick/src/main.rs"))?;
    source.set_modified(source.metadata()?.modified()? + Duration::from_hours(1))?;
    assert_eq!(text(&get().await?), "two");
    let before = runs(folder.path())?;
    assert_eq!((text(&get().await?).as_str(), runs(folder.path())?), ("two", before));
    // Another save is noticed, although its time is earlier.
    save(folder.path(), "three")?;
    assert_eq!(text(&get().await?), "three");
    Ok(())
}

#[tokio::test]
async fn stopping_ends_a_build_with_its_compilers() -> Result<()> {
    let folder = workspace()?;
    let (mut child, client) = start(folder.path(), &[]).await?;
    client.get("/quick").send().await?;
    // A build script, like a compiler, is a process of cargo. It connects here and stays.
    let compilers = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = compilers.local_addr()?;
    let script = format!(
        "use std::io::Read; fn main() {{ let mut s = std::net::TcpStream::connect(\"{address}\").unwrap(); s.read(&mut [0]).unwrap(); }}"
    );
    fs::write(folder.path().join("quick/build.rs"), script)?;
    save(folder.path(), "two")?;
    let request = tokio::spawn(client.get("/quick").send());
    let (mut compiler, _) = compilers.accept().await?;
    let id = child.id().context("it has ended")?.to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await?.success());
    assert!(child.wait().await?.success());
    let end = tokio::time::timeout(Duration::from_secs(10), compiler.read_u8()).await;
    assert!(end.is_ok_and(|read| read.is_err()), "the compiler still runs");
    drop(request.await?);
    Ok(())
}

#[tokio::test]
async fn no_rebuild_keeps_the_first_build() -> Result<()> {
    let folder = workspace()?;
    let (_child, client) = start(folder.path(), &["--no-rebuild"]).await?;
    save(folder.path(), "two")?;
    assert_eq!(text(&client.get("/quick").send().await?), "one");
    Ok(())
}
