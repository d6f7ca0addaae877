//! Built-in S3: the program `local-s3` in a process of its own. Its crates take a third of the stack's first build, so they
//! are compiled after the functions that need no bucket, and connections wait until it runs.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::watch;

use super::Emulator;
use super::data::Folder;
use super::objects::{Bucket, Objects, Setup};
use crate::tasks::{Task, listener};
use crate::terminal;

/// Address of the running program, or the reason why it didn't start; `None` while it is being built or starts.
pub(super) type Started = watch::Receiver<Option<Result<SocketAddr, Arc<anyhow::Error>>>>;

/// Serves the objects in `folder`, or in memory, at `address`, with these buckets.
pub(super) async fn serve(
    objects: Objects,
    folder: Option<&Folder>,
    address: SocketAddr,
    buckets: Vec<Bucket>,
) -> Result<(Emulator, Option<Started>)> {
    let (listener, address) = listener(address).await?;
    if buckets.is_empty() {
        // Nobody connects, so the program is not even built.
        return Ok((Emulator::own(address, Vec::new()), None));
    }
    let setup = Setup { data: folder.map(|folder| folder.path().to_owned()), buckets };
    let (sender, started) = watch::channel(None);
    let process = Task::spawn(async move {
        match start(&objects, &setup).await {
            Ok((mut child, address)) => {
                sender.send_replace(Some(Ok(address)));
                print(child.stderr.take()).await;
                if let Ok(status) = child.wait().await {
                    terminal::say(&format!("the S3 emulator has ended ({status}); restart the stack"));
                }
            }
            Err(error) => drop(sender.send_replace(Some(Err(Arc::new(error))))),
        }
    });
    let forward = Task::spawn(forward(listener, started.clone()));
    Ok((Emulator::own(address, vec![process, forward]), Some(started)))
}

/// Waits until the program runs.
pub(super) async fn ready(mut started: Started) -> Result<SocketAddr> {
    let outcome = started.wait_for(Option::is_some).await.context("the S3 emulator was stopped")?;
    match outcome.as_ref() {
        Some(Ok(address)) => Ok(*address),
        Some(Err(error)) => bail!("{error:#}"),
        None => bail!("the S3 emulator was stopped"),
    }
}

/// Starts the program. It prints its address when it is ready, and ends when its standard input does. It is not killed,
/// because it has a temporary folder to remove.
async fn start(objects: &Objects, setup: &Setup) -> Result<(Child, SocketAddr)> {
    let mut command: Command = objects.command("serve").await?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("can't run local-s3")?;
    let setup = format!("{}\n", serde_json::to_string(setup)?);
    let input = child.stdin.as_mut().context("local-s3 has no input")?;
    // It fails only if the program has ended, which its output explains.
    drop(input.write_all(setup.as_bytes()).await);
    let mut line = String::new();
    let output = child.stdout.take().context("local-s3 has no output")?;
    BufReader::new(output).read_line(&mut line).await.context("can't read local-s3's output")?;
    if let Ok(address) = line.trim().parse() {
        return Ok((child, address));
    }
    let mut reason = String::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_string(&mut reason).await.context("can't read local-s3's errors")?;
    }
    Err(anyhow!("{}", reason.trim()))
}

/// Prints what the program writes to standard error, until it ends.
async fn print(errors: Option<ChildStderr>) {
    let Some(errors) = errors else { return };
    let mut lines = BufReader::new(errors).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        terminal::say(&format!("[local-s3] {line}"));
    }
}

/// Forwards connections to the program. The stack has its address before the program runs, and even before it is built.
async fn forward(listener: TcpListener, started: Started) {
    // `accept` fails for a connection that was closed meanwhile, or if there are too many.
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let started = started.clone();
        tokio::spawn(async move {
            let Ok(address) = ready(started).await else { return };
            let Ok(mut program) = TcpStream::connect(address).await else { return };
            // Small writes must not wait for each other's acknowledgements.
            drop((stream.set_nodelay(true), program.set_nodelay(true)));
            drop(copy_bidirectional(&mut stream, &mut program).await);
        });
    }
}
