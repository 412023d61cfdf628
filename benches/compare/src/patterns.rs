//! The measurements, written once for all peers that can build a chain.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, join_all};
use tokio::task::JoinHandle;

use crate::memory::{self, Watch};
use crate::neighbour::{self, Lateness};
use crate::outcome::{Outcome, histogram, nanos};
use crate::work::{self, Arrived};
use crate::workload::Job;

/// A generator, maps and a fold.
pub struct Chain<I, M, S> {
    pub source: I,
    pub stages: usize,
    pub map: M,
    pub sink: S,
    pub window: usize,
}

/// One item on its way through a chain.
pub trait Item: Clone + Debug + Send + Unpin + 'static {}

impl<T: Clone + Debug + Send + Unpin + 'static> Item for T {}

/// How one item becomes another of its type.
pub trait Map<T>: Fn(T) -> T + Copy + Send + Sync + Unpin + 'static {}

impl<T, F: Fn(T) -> T + Copy + Send + Sync + Unpin + 'static> Map<T> for F {}

/// What becomes of an item at the end.
pub trait Fold<T>: FnMut(Arrived, T) -> Arrived + Clone + Send + Unpin + 'static {}

impl<T, F: FnMut(Arrived, T) -> Arrived + Clone + Send + Unpin + 'static> Fold<T> for F {}

/// A peer with its runtime.
pub trait Chains {
    /// All cores are to be used where `spread` is true; else one thread, if the peer has a say.
    fn start(spread: bool) -> Self;

    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Spawns the chain and waits for the fold's value.
    fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> impl Future<Output = Arrived>;

    /// The same for one request, which has a deadline.
    fn request<M: Map<u64>, S: Fold<u64>>(
        &self,
        chain: Chain<Range<u64>, M, S>,
        limit: Duration,
    ) -> impl Future<Output = Arrived> {
        let chain = self.chain(chain);
        async move { tokio::time::timeout(limit, chain).await.unwrap_or_default() }
    }

    /// A task on the thread on which the flows run.
    fn beside(&self, ticks: BoxFuture<'static, Lateness>) -> JoinHandle<Lateness> {
        tokio::spawn(ticks)
    }
}

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

fn linear_of(job: &Job) -> Chain<Range<u64>, impl Map<u64> + use<>, impl Fold<u64> + use<>> {
    Chain {
        source: 0..job.items,
        stages: job.stages,
        map: work::step,
        sink: Arrived::and,
        window: job.window,
    }
}

fn started<P: Chains>(job: &Job) -> P {
    P::start(job.workload.spreads())
}

pub fn linear<P: Chains>(job: &Job) -> Outcome {
    let peer: P = started(job);
    peer.block_on(async {
        let start = Instant::now();
        let arrived = peer.chain(linear_of(job)).await;
        Outcome::timed(arrived, start.elapsed())
    })
}

pub fn first_item<P: Chains>(job: &Job) -> Outcome {
    let peer: P = started(job);
    let first = Arc::new(OnceLock::new());
    let noted = Arc::clone(&first);
    let chain = Chain {
        source: (0..job.items).inspect(|_| work::compute_1_ms()),
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

pub fn small_flow<P: Chains>(job: &Job) -> Outcome {
    let peer: P = started(job);
    peer.block_on(async {
        let mut arrived = Vec::with_capacity(job.flows as usize);
        let start = Instant::now();
        for _ in 0..job.flows {
            arrived.push(peer.chain(linear_of(job)).await);
        }
        let elapsed = start.elapsed();
        Outcome::timed(arrived.into_iter().sum(), elapsed)
    })
}

pub fn request_flows<P: Chains>(job: &Job) -> Outcome {
    let peer: P = started(job);
    peer.block_on(async {
        let start = Instant::now();
        let limit = Duration::from_secs(30);
        let requests = (0..job.flows).map(|_| peer.request(linear_of(job), limit));
        let arrived = join_all(requests).await;
        let elapsed = start.elapsed();
        Outcome::timed(arrived.into_iter().sum(), elapsed)
    })
}

pub fn slow_sink<P: Chains>(job: &Job) -> Outcome {
    let peer: P = started(job);
    let chain = Chain {
        source: (0..job.items).map(work::kilobyte),
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

pub fn neighbour<P: Chains>(job: &Job) -> Outcome {
    let peer: P = started(job);
    let flow = async || peer.chain(linear_of(job)).await;
    peer.block_on(neighbour::beside(
        Duration::from_millis(job.millis),
        |ticks| peer.beside(ticks),
        flow,
    ))
}

pub fn ping<P: Lines>(job: &Job) -> Outcome {
    let peer: P = started(job);
    peer.block_on(async {
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
    })
}

pub fn daisy<P: Lines>(job: &Job) -> Outcome {
    let peer: P = started(job);
    peer.block_on(async {
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
    })
}
