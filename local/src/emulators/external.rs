//! Emulators that the developer runs: a check that they respond before the stack uses them.

use std::io::{Error, ErrorKind};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::Uri;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::clock::Stopwatch;
use crate::terminal;

/// Longest wait for an emulator, which may be starting too.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// Time after which the wait is told.
const SILENCE: Duration = Duration::from_secs(2);
/// Timeout of one attempt, and period of attempts that fail earlier.
const ATTEMPT: Duration = Duration::from_secs(3);
const PERIOD: Duration = Duration::from_millis(250);

/// Waits until the emulator at `endpoint`, from this variable, responds.
///
/// # Errors
/// When it has not responded after `patience`.
pub(super) async fn wait_for(endpoint: &str, variable: &str, patience: Duration) -> Result<()> {
    let address = address(endpoint).with_context(|| format!("{variable} {endpoint} is not a URL"))?;
    let waiting = async {
        tokio::time::sleep(SILENCE.min(patience)).await;
        terminal::say(&format!("waiting for {endpoint} ({variable}), {} s at most", patience.as_secs()));
        std::future::pending::<()>().await;
    };
    let (watch, mut ticks) = (Stopwatch::start(), interval(PERIOD));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let attempts = async {
        loop {
            ticks.tick().await;
            let attempt = timeout(ATTEMPT.min(patience), ping(&address)).await;
            match attempt.unwrap_or_else(|_| Err(Error::new(ErrorKind::TimedOut, "no response"))) {
                Ok(()) => return Ok(()),
                Err(error) if watch.elapsed() >= patience => bail!(
                    "{endpoint} has not responded within {} s ({error}); start that emulator, or unset {variable} for the built-in one",
                    patience.as_secs()
                ),
                Err(_) => {}
            }
        }
    };
    tokio::select! {
        outcome = attempts => outcome,
        () = waiting => Ok(()),
    }
}

/// Sends a request, unless it would need TLS, and waits for the first byte of any response.
async fn ping((host, port, is_plain): &(String, u16, bool)) -> std::io::Result<()> {
    let mut stream = TcpStream::connect((host.as_str(), *port)).await?;
    if *is_plain {
        stream.write_all(format!("GET / HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n").as_bytes()).await?;
        stream.read_u8().await?;
    }
    Ok(())
}

/// Returns host, port, and `true` for a URL without TLS.
fn address(endpoint: &str) -> Option<(String, u16, bool)> {
    let url: Uri = endpoint.parse().ok()?;
    let is_plain = match url.scheme_str()? {
        "http" => true,
        "https" => false,
        _ => return None,
    };
    let host = url.host()?.trim_matches(['[', ']']).to_owned();
    Some((host, url.port_u16().unwrap_or(if is_plain { 80 } else { 443 }), is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "AWS_ENDPOINT_URL_S3";

    async fn failure(endpoint: &str) -> String {
        let waited = wait_for(endpoint, NAME, Duration::from_millis(200)).await;
        format!("{:#}", waited.expect_err("it responds"))
    }

    #[tokio::test]
    async fn silent_emulator_is_given_up_by_name() -> Result<()> {
        // The listener accepts connections and never responds.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", silent.local_addr()?);
        let text = failure(&endpoint).await;
        assert!(text.contains(&endpoint) && text.contains(NAME) && text.contains("no response"), "{text}");
        drop(silent);
        let text = failure(&endpoint).await;
        assert!(text.contains("refused") && text.contains(NAME), "{text}");
        Ok(())
    }

    #[tokio::test]
    async fn endpoint_must_be_a_url() {
        assert_eq!(failure("localhost").await, "AWS_ENDPOINT_URL_S3 localhost is not a URL");
    }
}
