//! Readers of the standard streams of one process.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::trace::Output;

/// Timeout of [`Readers::catch_up`], because a process may write all the time.
const CATCH_UP_TIMEOUT: Duration = Duration::from_millis(250);
/// Timeout for the last log lines of an ended process. Another process may keep its streams open.
const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(1);

/// Question to a reader, which replies as soon as its stream has nothing to read.
type Question = oneshot::Sender<()>;

/// Readers of a process, one for each stream.
#[derive(Debug, Default)]
pub(super) struct Readers {
    tasks: JoinSet<()>,
    questions: Vec<mpsc::UnboundedSender<Question>>,
}

impl Readers {
    /// Starts writing the lines of `stream` to `output`.
    pub(super) fn add(&mut self, stream: impl AsyncRead + Unpin + Send + 'static, output: &Output) {
        let (sender, questions) = mpsc::unbounded_channel();
        self.questions.push(sender);
        self.tasks.spawn(forward(stream, output.clone(), questions));
    }

    /// Waits until the lines that the process has written so far are in its output.
    pub(super) async fn catch_up(&self) {
        let all = async {
            for questions in &self.questions {
                let (question, reply) = oneshot::channel();
                // Without a reader the stream has ended.
                drop(questions.send(question));
                drop(reply.await);
            }
        };
        timeout(CATCH_UP_TIMEOUT, all).await.unwrap_or_default();
    }

    /// Waits for the last lines of the ended process.
    pub(super) async fn end(&mut self) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        timeout(LAST_LINES_TIMEOUT, all).await.unwrap_or_default();
    }
}

/// Writes the lines of `stream` until it ends. Bytes that are not UTF-8 are replaced.
async fn forward(
    stream: impl AsyncRead + Unpin,
    output: Output,
    mut questions: mpsc::UnboundedReceiver<Question>,
) {
    let (mut reader, mut line) = (BufReader::new(stream), Vec::new());
    loop {
        tokio::select! {
            biased;
            // A question leaves the beginning of a line in `line`, which even the end of the stream doesn't lose.
            read = reader.read_until(b'\n', &mut line) => {
                if read.is_err() || line.is_empty() {
                    return;
                }
                output.write(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
                line.clear();
            }
            Some(question) = questions.recv() => drop(question.send(())),
        }
    }
}
