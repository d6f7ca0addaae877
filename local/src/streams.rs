//! Event source mappings: functions get the changes of a table from its stream, as Lambda delivers them.
//!
//! Positions are in memory, so each start of a stack begins at the oldest record. Functions may get a record twice on AWS
//! too.
//! What must stay out: the template's resources. Names and functions come in resolved.

mod api;
mod batch;
mod consumer;
mod mode;
mod reader;
mod record;

pub(crate) use api::Api;
pub(crate) use consumer::Consumer;
pub use mode::Mode;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use crate::tasks::Task;

/// Period of reading streams. Changes show within a second, and an idle stack does little.
const PERIOD: Duration = Duration::from_millis(200);

/// Consumers of a stack. Their polling ends when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    consumers: Vec<Arc<Mutex<Consumer>>>,
    pollers: Vec<Task>,
}

impl Streams {
    /// Starts polling, unless `mode` leaves that to [`Streams::settle`].
    pub(crate) fn start(consumers: Vec<Consumer>, mode: Mode) -> Self {
        let consumers: Vec<_> =
            consumers.into_iter().map(|consumer| Arc::new(Mutex::new(consumer))).collect();
        let polled = if mode == Mode::Poll { consumers.as_slice() } else { &[] };
        let pollers = polled.iter().map(|consumer| Task::spawn(poll(Arc::clone(consumer)))).collect();
        Self { consumers, pollers }
    }

    /// Delivers all records that exist, including those of writes by the functions, or gives them up.
    pub(crate) async fn settle(&self) -> Result<()> {
        loop {
            let mut is_settled = true;
            for consumer in &self.consumers {
                is_settled &= consumer.lock().await.drain().await? == 0;
            }
            if is_settled {
                return Ok(());
            }
        }
    }

    /// Ends polling.
    pub(crate) fn stop(&mut self) {
        self.pollers.clear();
    }
}

async fn poll(consumer: Arc<Mutex<Consumer>>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        consumer.lock().await.poll().await;
    }
}
