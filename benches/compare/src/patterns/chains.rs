//! What is measured of a chain from a source to a fold.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::{Chain, Chains, Started, linear_of, started, timed};
use crate::memory::Watch;
use crate::neighbour;
use crate::outcome::Outcome;
use crate::peers::Body;
use crate::work::{self, Arrived};
use crate::workload::{Job, Workload};

/// What measures a chain, if the workload is one.
pub fn body<P: Started>(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Linear3 | Workload::Linear3Arbiters | Workload::Linear20 => linear::<P>,
        Workload::FirstItem => first_item::<P>,
        Workload::SmallFlow => small_flow::<P>,
        Workload::RequestFlows => request_flows::<P>,
        Workload::SlowSink => slow_sink::<P>,
        Workload::Neighbour => neighbour::<P>,
        _ => return None,
    })
}

pub fn linear<P: Started>(job: &Job) -> Outcome {
    timed(job, async |peer: &P| peer.chain(linear_of(job)).await)
}

pub fn first_item<P: Started>(job: &Job) -> Outcome {
    let peer: P = started(job);
    let first = Arc::new(OnceLock::new());
    let noted = Arc::clone(&first);
    let chain = Chain {
        source: (0..job.items).inspect(|_| work::compute_1_ms()),
        computes: true,
        stages: job.stages,
        map: work::step,
        sink: move |arrived: Arrived, n| {
            noted.get_or_init(Instant::now);
            arrived.and(n)
        },
        window: job.window,
    };
    let start = Instant::now();
    let arrived = peer.block_on(peer.chain(chain));
    let first = first.get().copied().unwrap_or_else(Instant::now);
    Outcome::timed(arrived, first - start)
}

pub fn small_flow<P: Started>(job: &Job) -> Outcome {
    let peer: P = started(job);
    peer.block_on(small_flows(&peer, job))
}

/// One flow after another.
pub async fn small_flows<P: Chains>(peer: &P, job: &Job) -> Outcome {
    let mut arrived = Vec::with_capacity(job.flows as usize);
    let start = Instant::now();
    for _ in 0..job.flows {
        arrived.push(peer.chain(linear_of(job)).await);
    }
    let elapsed = start.elapsed();
    Outcome::timed(arrived.into_iter().sum(), elapsed)
}

pub fn request_flows<P: Started>(job: &Job) -> Outcome {
    let peer: P = started(job);
    peer.block_on(requests(&peer, job))
}

/// All flows at once.
pub async fn requests<P: Chains>(peer: &P, job: &Job) -> Outcome {
    let start = Instant::now();
    let limit = Duration::from_secs(30);
    let requests = (0..job.flows).map(|_| peer.request(linear_of(job), limit));
    let arrived = join_all(requests).await;
    let elapsed = start.elapsed();
    Outcome::timed(arrived.into_iter().sum(), elapsed)
}

pub fn slow_sink<P: Started>(job: &Job) -> Outcome {
    let peer: P = started(job);
    let chain = Chain {
        source: (0..job.items).map(work::kilobyte),
        computes: false,
        stages: job.stages,
        map: |item| item,
        sink: |arrived: Arrived, item: Vec<u8>| {
            work::compute_5_us();
            arrived.and(work::number_of(&item))
        },
        window: job.window,
    };
    let watch = Watch::start();
    let arrived = peer.block_on(peer.chain(chain));
    let curve = watch.stop();
    Outcome {
        arrived,
        memory_bytes: curve.iter().map(|sample| sample.bytes).max(),
        curve,
        ..Outcome::default()
    }
}

pub fn neighbour<P: Started>(job: &Job) -> Outcome {
    let peer: P = started(job);
    let flow = async || peer.chain(linear_of(job)).await;
    peer.block_on(neighbour::beside(
        Duration::from_millis(job.millis),
        |ticks| peer.beside(ticks),
        flow,
    ))
}
