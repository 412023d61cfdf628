//! What is measured of a chain whose ends are open.

use std::time::Instant;

use super::{Chains, Started, started};
use crate::memory;
use crate::outcome::{Outcome, histogram, nanos};
use crate::peers::Body;
use crate::work::{self, Arrived};
use crate::workload::{Job, Workload};

/// A chain with both ends open, idle between two items.
pub trait Line {
    fn pass(&mut self, n: u64) -> impl Future<Output = u64>;

    /// Ends when the chain has been told to stop.
    fn end(self) -> impl Future<Output = ()>;
}

pub trait Lines: Chains {
    type Line: Line;

    fn line(
        &self,
        stages: usize,
        map: fn(u64) -> u64,
        window: usize,
    ) -> impl Future<Output = Self::Line>;
}

/// What measures an open chain, if the workload is one.
pub fn body<P: Lines + Started>(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Ping3 => ping::<P>,
        Workload::Daisy100k => daisy::<P>,
        _ => return None,
    })
}

pub fn ping<P: Lines + Started>(job: &Job) -> Outcome {
    let peer: P = started(job);
    peer.block_on(pings(&peer, job))
}

pub async fn pings<P: Lines>(peer: &P, job: &Job) -> Outcome {
    let mut line = peer.line(job.stages, work::step, job.window).await;
    let mut times = histogram();
    let mut arrived = Arrived::default();
    for n in 0..job.items {
        let start = Instant::now();
        let n = line.pass(n).await;
        times.saturating_record(nanos(start.elapsed()));
        arrived = arrived.and(n);
    }
    line.end().await;
    Outcome::spread(arrived, &times)
}

pub fn daisy<P: Lines + Started>(job: &Job) -> Outcome {
    let peer: P = started(job);
    peer.block_on(long_line(&peer, job))
}

pub async fn long_line<P: Lines>(peer: &P, job: &Job) -> Outcome {
    let before = memory::resident();
    let mut line = peer.line(job.stages, |n| n + 1, job.window).await;
    // The first item waits until every stage has started.
    let mut arrived = Arrived::default().and(line.pass(0).await);
    let grown = memory::resident().saturating_sub(before);
    let start = Instant::now();
    for n in 1..job.items {
        arrived = arrived.and(line.pass(n).await);
    }
    let elapsed = start.elapsed();
    line.end().await;
    let mut outcome = Outcome::timed(arrived, elapsed);
    outcome.memory_bytes = Some(grown);
    outcome
}
