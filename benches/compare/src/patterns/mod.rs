//! The measurements, written once for all peers that can build a chain.

pub mod chains;
mod fans;
pub mod lines;

use std::fmt::Debug;
use std::ops::Range;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::task::JoinHandle;

pub use chains::{
    first_item, linear, neighbour, request_flows, requests, slow_sink, small_flow, small_flows,
};
pub use fans::{Fans, fan_in, fan_out_in};
pub use lines::{Line, Lines, daisy, long_line, ping, pings};

use crate::neighbour::Lateness;
use crate::outcome::Outcome;
use crate::peers::Body;
use crate::work::{self, Arrived};
use crate::workload::{Job, Workload};

/// A generator, maps and a fold.
pub struct Chain<I, M, S> {
    pub source: I,
    /// Whether the source computes for long between two items: a peer may have a place for that.
    pub computes: bool,
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
pub trait Started: Chains {
    /// All cores are to be used where `spread` is true; else one thread, if the peer has a say.
    fn start(spread: bool) -> Self;

    fn block_on<F: Future>(&self, future: F) -> F::Output;
}

/// How a peer builds chains.
pub trait Chains {
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

/// What measures a workload of a peer that has every pattern, if it is one of these.
pub fn body<P: Lines + Fans + Started>(workload: Workload) -> Option<Body> {
    let chain = chains::body::<P>(workload);
    let line = || lines::body::<P>(workload);
    chain.or_else(line).or_else(|| fans::body::<P>(workload))
}

fn linear_of(job: &Job) -> Chain<Range<u64>, impl Map<u64> + use<>, impl Fold<u64> + use<>> {
    Chain {
        source: 0..job.items,
        computes: false,
        stages: job.stages,
        map: work::step,
        sink: Arrived::and,
        window: job.window,
    }
}

fn started<P: Started>(job: &Job) -> P {
    P::start(job.workload.spreads())
}

/// From the start of a flow to its result.
pub fn timed<P: Started>(job: &Job, flow: impl AsyncFnOnce(&P) -> Arrived) -> Outcome {
    let peer: P = started(job);
    peer.block_on(async {
        let start = Instant::now();
        let arrived = flow(&peer).await;
        Outcome::timed(arrived, start.elapsed())
    })
}
