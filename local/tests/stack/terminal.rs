//! Lines on the terminal: one for each request, with details below.

use std::time::Duration;

use anyhow::{Context, Error, Result};
use local::client::{Client, Response};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use super::command_line::{stack, url};
use super::common::Meeting;

/// Sends requests to a stack with these arguments and variables. Returns the responses and the lines of its terminal.
async fn lines_of(
    arguments: &[&str],
    variables: &[(&str, &str)],
    paths: &[&str],
) -> Result<(Vec<Response>, Vec<String>)> {
    let mut command = stack(&[&["--port", "0", "--ephemeral"], arguments].concat())?;
    let mut child = command.envs(variables.iter().copied()).spawn()?;
    let mut terminal = child.stderr.take().context("no terminal")?;
    let text = tokio::spawn(async move {
        let mut text = String::new();
        terminal.read_to_string(&mut text).await.map(|_| text)
    });
    let client = Client::new(&url(&mut child).await?);
    let mut responses = Vec::new();
    for path in paths {
        responses.push(client.get(path).send().await?);
    }
    let id = child.id().context("it has ended")?.to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await?.success());
    Ok((responses, text.await??.lines().map(str::to_owned).collect()))
}

/// Returns the line that contains `text`, and the lines that are indented below it.
fn entry<'l>(lines: &'l [String], text: &str) -> Result<&'l [String]> {
    let start = lines.iter().position(|line| line.contains(text)).with_context(|| format!("{lines:#?}"))?;
    let below = lines[start + 1..].iter().take_while(|line| line.starts_with("   ")).count();
    Ok(&lines[start..=start + below])
}

#[tokio::test]
async fn request_has_one_line_with_details_below() -> Result<()> {
    let (responses, lines) = lines_of(&[], &[], &["/echo?mode=log"]).await?;
    let [line, below @ ..] = entry(&lines, "GET    /echo?mode=log  ")? else { panic!("{lines:#?}") };
    assert!(line[8..].starts_with(" 200 GET"), "{line}");
    assert!(line.contains(" ms  ann of acme  NOT_FOUND  "), "{line}");
    assert!(line.ends_with(responses[0].header("apigw-requestid")), "{line}");
    let below: Vec<_> = below.iter().map(|line| line.trim()).collect();
    let expected = [
        "[echo] mode \"log\"",
        "[echo] WARN a warning table=t",
        "no connection",
        "refused",
        "[echo] INFO request table=t",
    ];
    assert_eq!(below, expected);
    Ok(())
}

#[tokio::test]
async fn crash_timeout_and_cold_start_are_shown() -> Result<()> {
    let paths = ["/echo?mode=crash", "/echo?after", "/hasty?mode=hang", "/echo?mode=malformed"];
    let (_, lines) = lines_of(&[], &[], &paths).await?;
    let crash = entry(&lines, "/echo?mode=crash")?;
    assert!(crash[0].contains(" 500 ") && crash[0].contains("crashed"), "{crash:?}");
    assert!(crash[0].contains("exit status: 3") && crash[1].contains("[echo] mode"), "{crash:?}");
    assert!(entry(&lines, "/echo?after")?[0].contains("cold start)"), "{lines:#?}");
    let hang = entry(&lines, "/hasty?mode=hang")?;
    assert!(hang[0].contains(" 503 ") && hang[0].contains("timed out"), "{hang:?}");
    assert!(entry(&lines, "malformed")?[0].contains("response is malformed"), "{lines:#?}");
    Ok(())
}

#[tokio::test]
async fn line_without_an_id_belongs_to_its_request() -> Result<()> {
    let (responses, lines) = lines_of(&[], &[], &["/echo?mode=chat"; 10]).await?;
    for response in responses {
        let id = response.header("apigw-requestid");
        let own = lines.iter().filter(|line| line.contains(&format!("of \"{id}\""))).count();
        let [_, below @ ..] = entry(&lines, &format!("  {id}"))? else { panic!("{lines:#?}") };
        // The first line names the mode.
        assert_eq!((own, below.len()), (2000, 2001));
        assert!(below[1..].iter().all(|line| line.contains(id)), "{below:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn abandoned_request_has_its_line() -> Result<()> {
    let mut child = stack(&["--port", "0", "--ephemeral"])?.spawn()?;
    let client = Client::new(&url(&mut child).await?);
    let meeting = Meeting::open().await?;
    let request = tokio::spawn(client.get(&meeting.path()?).send());
    let invocation = meeting.next().await?;
    request.abort();
    assert!(request.await.is_err());
    // Until this response, the stack sees the end of the connection.
    client.get("/hasty").send().await?;
    invocation.release().await?;
    let mut lines = BufReader::new(child.stderr.take().context("no terminal")?).lines();
    let found = async {
        loop {
            let line = lines.next_line().await?.context("no line")?;
            if line.contains("mode=meet") {
                return Ok::<_, Error>(line);
            }
        }
    };
    let line = tokio::time::timeout(Duration::from_secs(10), found).await.context("no line")??;
    assert!(line.contains("  the client has disconnected  "), "{line}");
    assert!(lines.next_line().await?.is_some_and(|line| line.ends_with("[echo] mode \"meet\"")));
    Ok(())
}

#[tokio::test]
async fn unrouted_request_suggests_routes() -> Result<()> {
    let (_, lines) = lines_of(&[], &[], &["/things/a", "/files", "/other"]).await?;
    let expected = "no route; did you mean POST /things/{thingId}?";
    assert!(entry(&lines, "/things/a")?[0].contains(expected), "{lines:#?}");
    let expected = "no route; did you mean GET /files/{path+}?";
    assert!(entry(&lines, "GET    /files  ")?[0].contains(expected), "{lines:#?}");
    assert!(entry(&lines, "GET    /other  ")?[0].contains("  no route  "), "{lines:#?}");
    Ok(())
}

#[tokio::test]
async fn colors_follow_the_common_variables() -> Result<()> {
    let is_colored = async |variables: &[(&str, &str)]| -> Result<bool> {
        let (_, lines) = lines_of(&[], variables, &["/echo"]).await?;
        Ok(lines.iter().any(|line| line.contains("\x1b[32m200\x1b[0m")))
    };
    assert!(!is_colored(&[]).await?);
    assert!(is_colored(&[("CLICOLOR_FORCE", "1")]).await?);
    assert!(!is_colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).await?);
    Ok(())
}

#[tokio::test]
async fn json_prints_exactly_the_functions_lines() -> Result<()> {
    let (responses, lines) = lines_of(&["--json"], &[], &["/echo?mode=log"]).await?;
    let id = responses[0].header("apigw-requestid");
    assert!(lines.iter().any(|line| line.starts_with('{') && line.contains(id)), "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains("GET ")), "{lines:#?}");
    Ok(())
}
