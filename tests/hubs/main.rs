//! Rule 4.6: fan-ins and fan-outs that other flows join and leave while they run.

#[path = "../it/kit/mod.rs"]
#[allow(dead_code, unused_imports, reason = "one kit, several targets")]
mod kit;

mod broadcast;
mod broadcast_ends;
mod broadcast_gaps;
mod broadcast_ported;
mod merge;
mod merge_ends;
mod merge_many;
mod merge_ported;
mod random;
mod unstarted;

use actix_flow::prelude::*;

/// Waits for a flow that completes; its report balances.
async fn completed<R: Send + 'static>(what: &str, running: Pipeline<R>) -> R {
    let ended = kit::within(what, running.wait()).await;
    let finished = ended.unwrap_or_else(|error| panic!("{what}: {error}"));
    finished.report.check().expect("the report balances");
    finished.value.expect("a completed flow has a value")
}
