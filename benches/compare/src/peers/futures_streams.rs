//! Streams of `futures`: stages are fused, nothing is handed over, so there is no window.

use futures::stream::{self, Stream, StreamExt};
use tokio::runtime::Runtime;

use crate::patterns::{self, Chain, Chains, Fold, Item, Map};
use crate::peers::{Body, runtime};
use crate::work::Arrived;
use crate::workload::Workload;

struct Fused(Runtime);

pub fn body(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Linear3 | Workload::Linear20 => patterns::linear::<Fused>,
        Workload::FirstItem => patterns::first_item::<Fused>,
        Workload::SmallFlow => patterns::small_flow::<Fused>,
        Workload::RequestFlows => patterns::request_flows::<Fused>,
        Workload::SlowSink => patterns::slow_sink::<Fused>,
        Workload::Neighbour => patterns::neighbour::<Fused>,
        _ => return None,
    })
}

impl Chains for Fused {
    fn start(spread: bool) -> Self {
        Self(runtime(spread))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

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
