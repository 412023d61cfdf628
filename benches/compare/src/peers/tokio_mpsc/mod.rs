//! Tasks of tokio and its bounded channels, on one thread and on all.

mod workers;

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::echo::Echo;
use crate::outcome::Outcome;
use crate::patterns::{self, Chain, Chains, Fans, Fold, Item, Line, Lines, Map, Started, timed};
use crate::peers::Body;
use crate::peers::computing::Computing;
use crate::work::{self, Arrived, Leavers};
use crate::workload::{Job, Workload};

/// One thread, or as many as there are cores.
struct Tasks<const THREADS: bool>(Runtime);

pub fn body_1(workload: Workload) -> Option<Body> {
    match workload {
        // One thread is not spread over others.
        Workload::Linear3Arbiters | Workload::ParallelCpu => None,
        Workload::CancelContexts100k => Some(cancel_contexts),
        _ => body::<false>(workload),
    }
}

pub fn body_n(workload: Workload) -> Option<Body> {
    match workload {
        // A timer is no neighbour where another thread takes it.
        Workload::Neighbour => None,
        _ => workers::body(workload).or_else(|| body::<true>(workload)),
    }
}

fn body<const THREADS: bool>(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::MapAsync64 => map_async::<THREADS>,
        Workload::ParallelCpu => parallel_cpu,
        Workload::Sieve2000 => sieve::<THREADS>,
        Workload::CancelStages10k => cancel_stages::<THREADS>,
        _ => return patterns::body::<Tasks<THREADS>>(workload),
    })
}

/// A runtime of tokio with one thread, or with as many as there are cores.
pub fn runtime(spread: bool) -> Runtime {
    let mut builder = if spread {
        Builder::new_multi_thread()
    } else {
        Builder::new_current_thread()
    };
    builder.enable_all().build().expect("a runtime starts")
}

impl<const THREADS: bool> Started for Tasks<THREADS> {
    fn start(_spread: bool) -> Self {
        Self(runtime(THREADS))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

impl<const THREADS: bool> Chains for Tasks<THREADS> {
    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        chain_of(chain).await
    }
}

async fn chain_of<T: Item, M: Map<T>, S: Fold<T>>(
    chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
) -> Arrived {
    let Chain { window, map, .. } = chain;
    let items = if chain.computes {
        compute(chain.source, window)
    } else {
        generate(chain.source, window)
    };
    let items = (0..chain.stages).fold(items, |items, _| mapped(items, map, window));
    sum_up(items, chain.sink).await
}

fn generate<T: Item>(
    source: impl Iterator<Item = T> + Send + 'static,
    window: usize,
) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel(window);
    tokio::spawn(async move {
        for item in source {
            if sender.send(item).await.is_err() {
                break;
            }
        }
    });
    receiver
}

/// A task that computes for long would keep a worker, and those that wait for it there.
fn compute<T: Item>(
    source: impl Iterator<Item = T> + Send + 'static,
    window: usize,
) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel(window);
    tokio::task::spawn_blocking(move || {
        for item in source {
            if sender.blocking_send(item).is_err() {
                break;
            }
        }
    });
    receiver
}

fn mapped<T: Item>(
    mut items: mpsc::Receiver<T>,
    map: impl Map<T>,
    window: usize,
) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel(window);
    tokio::spawn(async move {
        while let Some(item) = items.recv().await {
            if sender.send(map(item)).await.is_err() {
                break;
            }
        }
    });
    receiver
}

async fn sum_up<T: Item>(mut items: mpsc::Receiver<T>, mut fold: impl Fold<T>) -> Arrived {
    let sink = tokio::spawn(async move {
        let mut arrived = Arrived::default();
        while let Some(item) = items.recv().await {
            arrived = fold(arrived, item);
        }
        arrived
    });
    sink.await.expect("the sink does not panic")
}

struct Open {
    first: mpsc::Sender<u64>,
    last: mpsc::Receiver<u64>,
}

impl Line for Open {
    async fn pass(&mut self, n: u64) -> u64 {
        self.first.send(n).await.expect("the chain lives");
        self.last.recv().await.expect("the chain lives")
    }

    async fn end(self) {
        drop(self.first);
    }
}

impl<const THREADS: bool> Lines for Tasks<THREADS> {
    type Line = Open;

    async fn line(&self, stages: usize, map: fn(u64) -> u64, window: usize) -> Open {
        line_of(stages, map, window)
    }
}

fn line_of(stages: usize, map: fn(u64) -> u64, window: usize) -> Open {
    let (first, items) = mpsc::channel(window);
    let last = (0..stages).fold(items, |items, _| mapped(items, map, window));
    Open { first, last }
}

impl<const THREADS: bool> Fans for Tasks<THREADS> {
    /// Every generator has a sender of the one channel.
    async fn fan_in(&self, shares: Vec<Range<u64>>, window: usize) -> Arrived {
        let (sender, items) = mpsc::channel(window);
        for share in shares {
            let sender = sender.clone();
            tokio::spawn(async move {
                for item in share {
                    if sender.send(item).await.is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        sum_up(items, Arrived::and).await
    }

    /// A receiver has one owner: the generator has a channel to each map and takes turns.
    async fn fan_out_in(&self, source: Range<u64>, maps: usize, window: usize) -> Arrived {
        let (results, items) = mpsc::channel(window);
        let to_maps = (0..maps).map(|_| {
            let (sender, mut items) = mpsc::channel(window);
            let results = results.clone();
            tokio::spawn(async move {
                while let Some(item) = items.recv().await {
                    if results.send(work::step(item)).await.is_err() {
                        break;
                    }
                }
            });
            sender
        });
        let to_maps: Vec<_> = to_maps.collect();
        drop(results);
        tokio::spawn(async move {
            for (item, map) in source.zip(to_maps.iter().cycle()) {
                if map.send(item).await.is_err() {
                    break;
                }
            }
        });
        sum_up(items, Arrived::and).await
    }
}

/// Awaits tasks in the order in which they were spawned; `waiting` of them run at a time.
async fn in_order(
    items: Range<u64>,
    waiting: usize,
    spawn: impl Fn(u64) -> JoinHandle<u64> + Send + 'static,
) -> Arrived {
    // One more is held by the source, and one by the sink.
    let (sender, mut tasks) = mpsc::channel(waiting - 2);
    tokio::spawn(async move {
        for item in items {
            if sender.send(spawn(item)).await.is_err() {
                break;
            }
        }
    });
    let sink = tokio::spawn(async move {
        let mut arrived = Arrived::default();
        while let Some(task) = tasks.recv().await {
            arrived = arrived.and(task.await.expect("the task does not panic"));
        }
        arrived
    });
    sink.await.expect("the sink does not panic")
}

fn map_async<const THREADS: bool>(job: &Job) -> Outcome {
    timed(job, async |_: &Tasks<THREADS>| {
        let echo = Echo::start();
        let ask = move |n| tokio::spawn(echo.clone().ask(n));
        in_order(0..job.items, 64, ask).await
    })
}

fn parallel_cpu(job: &Job) -> Outcome {
    timed(job, async |_: &Tasks<true>| {
        let computing = Computing::default();
        let digest = move |n| {
            let computing = computing.clone();
            tokio::spawn(computing.digest(n))
        };
        in_order(0..job.items, job.window, digest).await
    })
}

fn sieve<const THREADS: bool>(job: &Job) -> Outcome {
    timed(job, async |_: &Tasks<THREADS>| {
        let mut candidates = generate(2.., job.window);
        let mut found = Arrived::default();
        for _ in 0..job.stages {
            let prime = candidates.recv().await.expect("there are more primes");
            found = found.and(prime);
            candidates = without_multiples(candidates, prime, job.window);
        }
        found
    })
}

fn without_multiples(
    mut candidates: mpsc::Receiver<u64>,
    prime: u64,
    window: usize,
) -> mpsc::Receiver<u64> {
    let (sender, receiver) = mpsc::channel(window);
    tokio::spawn(async move {
        while let Some(n) = candidates.recv().await {
            if n % prime != 0 && sender.send(n).await.is_err() {
                break;
            }
        }
    });
    receiver
}

/// The tree of tokio-util's `CancellationToken`.
fn cancel_contexts(job: &Job) -> Outcome {
    let root = CancellationToken::new();
    let mut tokens = Vec::with_capacity(job.stages);
    for _ in 0..100 {
        let below_root = root.child_token();
        let leaves = (1..job.stages / 100).map(|_| below_root.child_token());
        tokens.extend(leaves);
        tokens.push(below_root);
    }
    let start = Instant::now();
    root.cancel();
    let elapsed = start.elapsed();
    let done = (0..).zip(&tokens);
    let done = done.filter_map(|(number, token)| token.is_cancelled().then_some(number));
    Outcome::timed(done.collect(), elapsed)
}

fn cancel_stages<const THREADS: bool>(job: &Job) -> Outcome {
    let peer = Tasks::<THREADS>::start(false);
    peer.block_on(async {
        let leavers = Arc::new(Leavers::default());
        let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
        let mut items = generate(0.., job.window);
        for number in 0..job.stages as u64 {
            let (sender, receiver) = mpsc::channel(job.window);
            let (token, leavers) = (token.clone(), Arc::clone(&leavers));
            tracker.spawn(async move {
                let work = async {
                    while let Some(item) = items.recv().await {
                        if sender.send(work::hundred_additions(item)).await.is_err() {
                            break;
                        }
                    }
                };
                token.run_until_cancelled(work).await;
                leavers.leave(number);
            });
            items = receiver;
        }
        items.recv().await.expect("the stages run");
        let start = Instant::now();
        token.cancel();
        tracker.close();
        tracker.wait().await;
        Outcome::timed(leavers.arrived(), start.elapsed())
    })
}
