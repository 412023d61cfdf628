//! Tasks of tokio and its bounded channels, on one thread and on all.

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use crate::patterns::{self, Chain, Chains, Fold, Item, Line, Lines, Map};
use crate::peers::Body;
use crate::work::Arrived;
use crate::workload::Workload;

/// One thread, or as many as there are cores.
struct Tasks<const THREADS: bool>(Runtime);

pub fn body_1(workload: Workload) -> Option<Body> {
    match workload {
        // One thread is not spread over others.
        Workload::Linear3Arbiters | Workload::ParallelCpu => None,
        Workload::Neighbour => Some(patterns::neighbour::<Tasks<false>>),
        _ => body::<false>(workload),
    }
}

pub fn body_n(workload: Workload) -> Option<Body> {
    body::<true>(workload)
}

fn body<const THREADS: bool>(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Linear3 | Workload::Linear3Arbiters | Workload::Linear20 => {
            patterns::linear::<Tasks<THREADS>>
        }
        Workload::FirstItem => patterns::first_item::<Tasks<THREADS>>,
        Workload::SmallFlow => patterns::small_flow::<Tasks<THREADS>>,
        Workload::RequestFlows => patterns::request_flows::<Tasks<THREADS>>,
        Workload::SlowSink => patterns::slow_sink::<Tasks<THREADS>>,
        Workload::Ping3 => patterns::ping::<Tasks<THREADS>>,
        Workload::Daisy100k => patterns::daisy::<Tasks<THREADS>>,
        _ => return None,
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

impl<const THREADS: bool> Chains for Tasks<THREADS> {
    fn start(_spread: bool) -> Self {
        Self(runtime(THREADS))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        let Chain { window, map, .. } = chain;
        let items = generate(chain.source, window);
        let items = (0..chain.stages).fold(items, |items, _| mapped(items, map, window));
        sum_up(items, chain.sink).await
    }
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
        let (first, items) = mpsc::channel(window);
        let last = (0..stages).fold(items, |items, _| mapped(items, map, window));
        Open { first, last }
    }
}
