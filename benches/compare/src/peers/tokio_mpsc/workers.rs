//! What waits for the tasks, as a task among them.
//!
//! The future that a runtime of many threads blocks on is not one of its tasks: each item it waits
//! for has to wake a thread. Tokio's documentation says to spawn what waits often.

use super::{Open, chain_of, line_of, runtime};
use crate::outcome::Outcome;
use crate::patterns::{Chain, Chains, Fold, Item, Lines, Map};
use crate::patterns::{long_line, pings, requests, small_flows};
use crate::peers::Body;
use crate::work::Arrived;
use crate::workload::Workload;

/// On one of the runtime's threads.
struct Worker;

/// What measures a workload that waits for more than one result.
pub fn body(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Ping3 => |&job| on_worker(async move { pings(&Worker, &job).await }),
        Workload::Daisy100k => |&job| on_worker(async move { long_line(&Worker, &job).await }),
        Workload::SmallFlow => |&job| on_worker(async move { small_flows(&Worker, &job).await }),
        Workload::RequestFlows => |&job| on_worker(async move { requests(&Worker, &job).await }),
        _ => return None,
    })
}

fn on_worker(measured: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
    let runtime = runtime(true);
    let task = runtime.spawn(measured);
    let outcome = runtime.block_on(task);
    outcome.expect("what measures does not panic")
}

impl Chains for Worker {
    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        chain_of(chain).await
    }
}

impl Lines for Worker {
    type Line = Open;

    async fn line(&self, stages: usize, map: fn(u64) -> u64, window: usize) -> Open {
        line_of(stages, map, window)
    }
}
