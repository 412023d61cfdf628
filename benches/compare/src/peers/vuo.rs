//! Streams of vuo: an actor per stage, each pushing into the mailbox of the next.

use actix::System;
use actix::SystemRunner;
use vuo::Stream;

use crate::patterns::{self, Chain, Chains, Fold, Item, Map, Started};
use crate::peers::Body;
use crate::work::Arrived;
use crate::workload::Workload;

struct Streams(SystemRunner);

pub fn body(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Linear3 | Workload::Linear20 => patterns::linear::<Streams>,
        Workload::SmallFlow => patterns::small_flow::<Streams>,
        _ => return None,
    })
}

impl Started for Streams {
    fn start(_spread: bool) -> Self {
        Self(System::new())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

impl Chains for Streams {
    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        let items = Stream::emits(chain.source);
        let items = (0..chain.stages).fold(items, |items, _| items.map(chain.map));
        // What it gives back is all that has arrived.
        let list = items.compile_to_list().await.unwrap_or_default();
        list.into_iter().fold(Arrived::default(), chain.sink)
    }
}
