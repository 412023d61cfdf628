//! Tasks between the bounded channels of `async-channel`, on a runtime of tokio.

use std::ops::Range;

use async_channel::{Receiver, Sender, bounded};
use tokio::runtime::Runtime;

use crate::outcome::Outcome;
use crate::patterns::{self, Chain, Chains, Fans, Fold, Item, Line, Lines, Map, Started, timed};
use crate::peers::{Body, runtime};
use crate::work::{self, Arrived};
use crate::workload::{Job, Workload};

struct Tasks(Runtime);

pub fn body(workload: Workload) -> Option<Body> {
    match workload {
        Workload::Sieve2000 => Some(sieve),
        _ => patterns::body::<Tasks>(workload),
    }
}

impl Started for Tasks {
    fn start(spread: bool) -> Self {
        Self(runtime(spread))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

impl Chains for Tasks {
    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
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
}

fn generate<T: Item>(
    source: impl Iterator<Item = T> + Send + 'static,
    window: usize,
) -> Receiver<T> {
    let (sender, receiver) = bounded(window);
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
) -> Receiver<T> {
    let (sender, receiver) = bounded(window);
    tokio::task::spawn_blocking(move || {
        for item in source {
            if sender.send_blocking(item).is_err() {
                break;
            }
        }
    });
    receiver
}

fn mapped<T: Item>(items: Receiver<T>, map: impl Map<T>, window: usize) -> Receiver<T> {
    let (sender, receiver) = bounded(window);
    tokio::spawn(async move {
        while let Ok(item) = items.recv().await {
            if sender.send(map(item)).await.is_err() {
                break;
            }
        }
    });
    receiver
}

async fn sum_up<T: Item>(items: Receiver<T>, mut fold: impl Fold<T>) -> Arrived {
    let sink = tokio::spawn(async move {
        let mut arrived = Arrived::default();
        while let Ok(item) = items.recv().await {
            arrived = fold(arrived, item);
        }
        arrived
    });
    sink.await.expect("the sink does not panic")
}

struct Open {
    first: Sender<u64>,
    last: Receiver<u64>,
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

impl Lines for Tasks {
    type Line = Open;

    async fn line(&self, stages: usize, map: fn(u64) -> u64, window: usize) -> Open {
        let (first, items) = bounded(window);
        let last = (0..stages).fold(items, |items, _| mapped(items, map, window));
        Open { first, last }
    }
}

impl Fans for Tasks {
    async fn fan_in(&self, shares: Vec<Range<u64>>, window: usize) -> Arrived {
        let (sender, items) = bounded(window);
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

    /// Every map has a receiver of the one channel.
    async fn fan_out_in(&self, source: Range<u64>, maps: usize, window: usize) -> Arrived {
        let items = generate(source, window);
        let (results, receiver) = bounded(window);
        for _ in 0..maps {
            let (items, results) = (items.clone(), results.clone());
            tokio::spawn(async move {
                while let Ok(item) = items.recv().await {
                    if results.send(work::step(item)).await.is_err() {
                        break;
                    }
                }
            });
        }
        drop((items, results));
        sum_up(receiver, Arrived::and).await
    }
}

fn sieve(job: &Job) -> Outcome {
    timed(job, async |_: &Tasks| {
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

fn without_multiples(candidates: Receiver<u64>, prime: u64, window: usize) -> Receiver<u64> {
    let (sender, receiver) = bounded(window);
    tokio::spawn(async move {
        while let Ok(n) = candidates.recv().await {
            if n % prime != 0 && sender.send(n).await.is_err() {
                break;
            }
        }
    });
    receiver
}
