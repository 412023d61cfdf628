//! A thread per stage, between bounded channels of crossbeam.

use std::thread::spawn;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::patterns::{self, Chain, Chains, Fold, Item, Line, Lines, Map};
use crate::peers::Body;
use crate::work::Arrived;
use crate::workload::Workload;

struct Threads;

pub fn body(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Linear3 | Workload::Linear3Arbiters | Workload::Linear20 => {
            patterns::linear::<Threads>
        }
        Workload::FirstItem => patterns::first_item::<Threads>,
        Workload::SmallFlow => patterns::small_flow::<Threads>,
        Workload::SlowSink => patterns::slow_sink::<Threads>,
        Workload::Ping3 => patterns::ping::<Threads>,
        _ => return None,
    })
}

impl Chains for Threads {
    fn start(_spread: bool) -> Self {
        Self
    }

    /// Its futures never wait: the calling thread does.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        futures::executor::block_on(future)
    }

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
