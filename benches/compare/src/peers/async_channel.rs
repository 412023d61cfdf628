//! Tasks between the bounded channels of `async-channel`, on a runtime of tokio.

use async_channel::{Receiver, Sender, bounded};
use tokio::runtime::Runtime;

use crate::patterns::{self, Chain, Chains, Fold, Item, Line, Lines, Map};
use crate::peers::{Body, runtime};
use crate::work::Arrived;
use crate::workload::Workload;

struct Tasks(Runtime);

pub fn body(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Linear3 | Workload::Linear3Arbiters | Workload::Linear20 => {
            patterns::linear::<Tasks>
        }
        Workload::FirstItem => patterns::first_item::<Tasks>,
        Workload::SmallFlow => patterns::small_flow::<Tasks>,
        Workload::RequestFlows => patterns::request_flows::<Tasks>,
        Workload::SlowSink => patterns::slow_sink::<Tasks>,
        Workload::Neighbour => patterns::neighbour::<Tasks>,
        Workload::Ping3 => patterns::ping::<Tasks>,
        Workload::Daisy100k => patterns::daisy::<Tasks>,
        _ => return None,
    })
}

impl Chains for Tasks {
    fn start(spread: bool) -> Self {
        Self(runtime(spread))
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
