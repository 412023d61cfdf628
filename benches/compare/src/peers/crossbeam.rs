//! A thread per stage, between bounded channels of crossbeam.

use std::ops::Range;
use std::thread::{available_parallelism, spawn};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::outcome::Outcome;
use crate::patterns::{self, Chain, Chains, Fans, Fold, Item, Line, Lines, Map, Started, timed};
use crate::peers::Body;
use crate::work::{self, Arrived};
use crate::workload::{Job, Workload};

struct Threads;

pub fn body(workload: Workload) -> Option<Body> {
    match workload {
        // A thread for each stage is not for so many, nor does it leave one for a neighbour.
        Workload::RequestFlows | Workload::Daisy100k | Workload::Neighbour => None,
        Workload::ParallelCpu => Some(parallel_cpu),
        _ => patterns::body::<Threads>(workload),
    }
}

impl Started for Threads {
    fn start(_spread: bool) -> Self {
        Self
    }

    /// Its futures never wait: the calling thread does.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        futures::executor::block_on(future)
    }
}

impl Chains for Threads {
    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        let Chain { window, map, .. } = chain;
        let items = generate(chain.source, window);
        let items = (0..chain.stages).fold(items, |items, _| mapped(items, map, window));
        sum_up(items, chain.sink)
    }
}

fn generate<T: Item>(
    source: impl Iterator<Item = T> + Send + 'static,
    window: usize,
) -> Receiver<T> {
    let (sender, receiver) = bounded(window);
    spawn(move || {
        for item in source {
            if sender.send(item).is_err() {
                break;
            }
        }
    });
    receiver
}

fn mapped<T: Item>(items: Receiver<T>, map: impl Map<T>, window: usize) -> Receiver<T> {
    let (sender, receiver) = bounded(window);
    spawn(move || {
        for item in items {
            if sender.send(map(item)).is_err() {
                break;
            }
        }
    });
    receiver
}

fn sum_up<T: Item>(items: Receiver<T>, fold: impl Fold<T>) -> Arrived {
    let sink = spawn(move || items.into_iter().fold(Arrived::default(), fold));
    sink.join().expect("the sink does not panic")
}

struct Open {
    first: Sender<u64>,
    last: Receiver<u64>,
}

impl Line for Open {
    async fn pass(&mut self, n: u64) -> u64 {
        self.first.send(n).expect("the chain lives");
        self.last.recv().expect("the chain lives")
    }

    async fn end(self) {
        drop(self.first);
    }
}

impl Lines for Threads {
    type Line = Open;

    async fn line(&self, stages: usize, map: fn(u64) -> u64, window: usize) -> Open {
        let (first, items) = bounded(window);
        let last = (0..stages).fold(items, |items, _| mapped(items, map, window));
        Open { first, last }
    }
}

/// So many threads read one channel and write to another.
fn spread(
    items: &Receiver<u64>,
    threads: usize,
    map: impl Map<u64>,
    window: usize,
) -> Receiver<u64> {
    let (sender, receiver) = bounded(window);
    for _ in 0..threads {
        let (items, sender) = (items.clone(), sender.clone());
        spawn(move || {
            for item in items {
                if sender.send(map(item)).is_err() {
                    break;
                }
            }
        });
    }
    receiver
}

impl Fans for Threads {
    async fn fan_in(&self, shares: Vec<Range<u64>>, window: usize) -> Arrived {
        let (sender, items) = bounded(window);
        for share in shares {
            let sender = sender.clone();
            spawn(move || {
                for item in share {
                    if sender.send(item).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        sum_up(items, Arrived::and)
    }

    async fn fan_out_in(&self, source: Range<u64>, maps: usize, window: usize) -> Arrived {
        let items = generate(source, window);
        sum_up(spread(&items, maps, work::step, window), Arrived::and)
    }
}

fn parallel_cpu(job: &Job) -> Outcome {
    let cores = available_parallelism().map_or(1, usize::from);
    timed(job, async |_: &Threads| {
        let items = generate(0..job.items, job.window);
        let digests = spread(&items, cores, work::digest, job.window);
        sum_up(digests, Arrived::and)
    })
}
