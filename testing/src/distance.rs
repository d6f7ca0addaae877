//! Distance of a server: what is sent arrives some time later, and nothing else waits for it.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use local::clock::Stopwatch;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::{mpsc, oneshot};

/// Largest number of bytes that are sent as one.
const CHUNK: usize = 64 * 1024;

/// Distance between a client and a server. All connections share it.
///
/// A thread of its own waits, because the asynchronous runtime's timers are a millisecond off. Everything is under way for
/// the same time, so it arrives in the order of its departure, and the thread waits for one after the other.
#[derive(Debug, Clone)]
pub(super) struct Distance {
    one_way: Duration,
    watch: Stopwatch,
    under_way: Sender<(Duration, oneshot::Sender<()>)>,
}

impl Distance {
    /// Creates a distance of this time there and back.
    pub(super) fn new(round_trip: Duration) -> Self {
        let (watch, (under_way, departures)) =
            (Stopwatch::start(), channel::<(Duration, oneshot::Sender<()>)>());
        thread::spawn(move || {
            for (due, arrived) in departures {
                thread::sleep(due.saturating_sub(watch.elapsed()));
                // A closed connection waits for nothing.
                let _ = arrived.send(());
            }
        });
        Self { one_way: round_trip / 2, watch, under_way }
    }

    /// Waits for a round trip, as TCP does to open a connection.
    pub(super) async fn round_trip(&self) {
        for _ in 0..2 {
            drop(self.depart().await);
        }
    }

    /// Forwards bytes between both ends until each has closed.
    pub(super) async fn connect(
        &self,
        near: impl AsyncRead + AsyncWrite + Unpin,
        far: impl AsyncRead + AsyncWrite + Unpin,
    ) {
        let ((near_reader, near_writer), (far_reader, far_writer)) = (split(near), split(far));
        tokio::join!(self.carry(near_reader, far_writer), self.carry(far_reader, near_writer));
    }

    /// Returns what is ready on arrival of what departs now.
    fn depart(&self) -> oneshot::Receiver<()> {
        let (arrived, arrival) = oneshot::channel();
        // The thread runs as long as this exists.
        drop(self.under_way.send((self.watch.elapsed() + self.one_way, arrived)));
        arrival
    }

    async fn carry(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let (departed, mut arriving) = mpsc::unbounded_channel();
        let departures = async move {
            let mut chunk = vec![0; CHUNK];
            while let Ok(length @ 1..) = from.read(&mut chunk).await {
                if departed.send((self.depart(), chunk[..length].to_vec())).is_err() {
                    break;
                }
            }
        };
        let arrivals = async move {
            while let Some((arrival, chunk)) = arriving.recv().await {
                if arrival.await.is_err() || to.write_all(&chunk).await.is_err() {
                    return;
                }
            }
            drop(to.shutdown().await);
        };
        tokio::join!(departures, arrivals);
    }
}

#[cfg(test)]
mod tests {
    use super::Distance;
    use local::clock::Stopwatch;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, duplex, split};

    #[tokio::test]
    async fn everything_arrives_in_order_and_later() {
        let round_trip = Duration::from_millis(10);
        let (distance, watch) = (Distance::new(round_trip), Stopwatch::start());
        let ((mut client, near), (far, server)) = (duplex(8), duplex(8));
        let echo = async {
            let (mut reader, mut writer) = split(server);
            drop(copy(&mut reader, &mut writer).await);
            drop(writer.shutdown().await);
        };
        let call = async {
            let mut text = String::new();
            client.write_all(b"hello, over there").await.unwrap();
            client.shutdown().await.unwrap();
            client.read_to_string(&mut text).await.unwrap();
            text
        };
        let (text, ..) = tokio::join!(call, echo, distance.connect(near, far));
        assert_eq!(text, "hello, over there");
        assert!(watch.elapsed() >= round_trip);
        distance.round_trip().await;
        assert!(watch.elapsed() >= round_trip * 2);
    }
}
