//! A timer beside a saturated flow, and how late it is.
//!
//! Timers of tokio are due on whole milliseconds of their driver. What is measured is what the flow
//! adds: the wake-ups are compared with those of the same timer on the idle thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use hdrhistogram::Histogram;
use tokio::task::JoinHandle;
use tokio::time::sleep_until;

use crate::outcome::{Outcome, histogram, nanos};
use crate::work::Arrived;

const PERIOD: Duration = Duration::from_millis(1);

/// How late the wake-ups of a timer were, in ns.
pub type Lateness = Histogram<u64>;

/// Runs flow after flow for `span`, while a timer that `spawn` puts beside them is due every
/// millisecond.
pub async fn beside(
    span: Duration,
    spawn: impl FnOnce(BoxFuture<'static, Lateness>) -> JoinHandle<Lateness>,
    flow: impl AsyncFn() -> Arrived,
) -> Outcome {
    let timer = Timer::set_while_idle().await;
    let stop = Arc::new(AtomicBool::new(false));
    let ticks = spawn(timer.run(Arc::clone(&stop)).boxed());
    let start = Instant::now();
    let mut arrived = Vec::new();
    while start.elapsed() < span {
        arrived.push(flow().await);
        // A flow that never gives the thread back would keep the timer from its first tick.
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::Release);
    let lateness = ticks.await.expect("the timer does not panic");
    let flows = arrived.len() as u64;
    let mut outcome = Outcome::spread(arrived.into_iter().sum(), &lateness);
    outcome.flows = Some(flows);
    outcome
}

/// When the ticks are due, and when they come if nothing else runs.
struct Timer {
    due: Instant,
    comes: Instant,
}

impl Timer {
    async fn set_while_idle() -> Self {
        let due = Instant::now();
        let mut earliest = None;
        for tick in 1..=50 {
            sleep_until((due + PERIOD * tick).into()).await;
            let comes = Instant::now() - PERIOD * tick;
            earliest = Some(earliest.map_or(comes, |earliest: Instant| earliest.min(comes)));
        }
        Self {
            due,
            comes: earliest.unwrap_or(due),
        }
    }

    /// Every tick counts, those too that were due while the thread was taken.
    async fn run(self, stop: Arc<AtomicBool>) -> Lateness {
        let mut lateness = histogram();
        let passed = self.due.elapsed().as_millis() as u32;
        for tick in passed + 1.. {
            sleep_until((self.due + PERIOD * tick).into()).await;
            let late = self.comes + PERIOD * tick;
            lateness.saturating_record(nanos(late.elapsed()));
            if stop.load(Ordering::Acquire) {
                break;
            }
        }
        lateness
    }
}
