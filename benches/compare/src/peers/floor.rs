//! The work of `map_async_64` itself: what is left when nothing is handed on.

use futures::future::join_all;

use super::futures_streams::Fused;
use crate::echo::Echo;
use crate::outcome::Outcome;
use crate::patterns::timed;
use crate::peers::Body;
use crate::work::Arrived;
use crate::workload::{Job, Workload};

/// Questions that wait for their answers at a time, as in the workload.
const WAITING: u64 = 64;

pub fn body(workload: Workload) -> Option<Body> {
    (workload == Workload::MapAsync64).then_some(map_async)
}

/// Loops in one task, each of which asks its share one after the other. Their order does not matter,
/// and each has a sum of its own.
fn map_async(job: &Job) -> Outcome {
    timed(job, async |_: &Fused| {
        let echo = Echo::start();
        let share = job.items.div_ceil(WAITING);
        let loops = (0..WAITING).map(async |number| {
            let mut arrived = Arrived::default();
            for n in number * share..job.items.min((number + 1) * share) {
                arrived = arrived.and(echo.clone().ask(n).await);
            }
            arrived
        });
        join_all(loops).await.into_iter().sum()
    })
}
