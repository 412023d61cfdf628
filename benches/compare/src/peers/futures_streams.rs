//! Streams of `futures`: stages are fused, nothing is handed over, so there is no window.

use futures::stream::{self, Stream, StreamExt};
use tokio::runtime::Runtime;

use crate::echo::Echo;
use crate::outcome::Outcome;
use crate::patterns::{self, Chain, Chains, Fold, Item, Map, Started, timed};
use crate::peers::computing::Computing;
use crate::peers::{Body, runtime};
use crate::work::Arrived;
use crate::workload::{Job, Workload};

pub struct Fused(Runtime);

pub fn body(workload: Workload) -> Option<Body> {
    Some(match workload {
        // It has one thread.
        Workload::Linear3Arbiters => return None,
        Workload::FanIn8 => fan_in,
        Workload::MapAsync64 => map_async,
        Workload::ParallelCpu => parallel_cpu,
        _ => return patterns::chains::body::<Fused>(workload),
    })
}

impl Started for Fused {
    fn start(spread: bool) -> Self {
        Self(runtime(spread))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

impl Chains for Fused {
    /// As many stages as the type says: each length of a chain is a type of its own.
    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        let Chain { map, sink, .. } = chain;
        let items = stream::iter(chain.source);
        match chain.stages {
            1 => sum_up(items.map(map), sink).await,
            3 => sum_up(three(items, map), sink).await,
            20 => {
                let items = three(three(three(items, map), map), map);
                let items = three(three(three(items, map), map), map);
                sum_up(items.map(map).map(map), sink).await
            }
            stages => panic!("no chain of {stages} stages was written"),
        }
    }
}

fn three<T: Item>(items: impl Stream<Item = T>, map: impl Map<T>) -> impl Stream<Item = T> {
    items.map(map).map(map).map(map)
}

async fn sum_up<T: Item>(items: impl Stream<Item = T>, mut fold: impl Fold<T>) -> Arrived {
    let arrived = Arrived::default();
    items
        .fold(arrived, |arrived, item| {
            std::future::ready(fold(arrived, item))
        })
        .await
}

fn fan_in(job: &Job) -> Outcome {
    let share = job.items / job.stages as u64;
    timed(job, async |_: &Fused| {
        let shares = (0..job.stages as u64).map(|number| number * share..(number + 1) * share);
        sum_up(stream::select_all(shares.map(stream::iter)), Arrived::and).await
    })
}

/// `buffered` keeps the order; the other task answers on the same thread.
fn map_async(job: &Job) -> Outcome {
    timed(job, async |_: &Fused| {
        let echo = Echo::start();
        let answers = stream::iter(0..job.items).map(|n| echo.clone().ask(n));
        sum_up(answers.buffered(64), Arrived::and).await
    })
}

fn parallel_cpu(job: &Job) -> Outcome {
    timed(job, async |_: &Fused| {
        let computing = Computing::default();
        let digests = stream::iter(0..job.items)
            .map(|n| computing.clone().digest(n))
            .buffered(job.window);
        sum_up(digests, Arrived::and).await
    })
}
