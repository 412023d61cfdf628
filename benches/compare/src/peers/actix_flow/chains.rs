//! Chains on one arbiter, or with each stage on another in turn.

use std::ops::Range;
use std::thread::available_parallelism;
use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::{Arbiter, System, SystemRunner};
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::task::JoinHandle;

use crate::neighbour::Lateness;
use crate::patterns::{Chain, Chains, Fold, Item, Line, Lines, Map};
use crate::work::Arrived;

/// A System, and the arbiters beside its own.
pub struct Flows {
    system: SystemRunner,
    arbiters: Vec<Arbiter>,
}

impl Chains for Flows {
    fn start(spread: bool) -> Self {
        let system = System::new();
        let cores = available_parallelism().map_or(1, usize::from);
        let others = if spread { cores - 1 } else { 0 };
        let arbiters = system.block_on(async { (0..others).map(|_| Arbiter::new()).collect() });
        Self { system, arbiters }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.system.block_on(future)
    }

    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        let flow = self.blueprint(chain).run(&FlowContext::background());
        flow.expect("it starts").await.expect("it completes")
    }

    async fn request<M: Map<u64>, S: Fold<u64>>(
        &self,
        chain: Chain<Range<u64>, M, S>,
        limit: Duration,
    ) -> Arrived {
        let (context, _cancel) = FlowContext::background().with_timeout(limit);
        let flow = self.blueprint(chain).run(&context);
        flow.expect("it starts").await.unwrap_or_default()
    }

    fn beside(&self, ticks: BoxFuture<'static, Lateness>) -> JoinHandle<Lateness> {
        actix_rt::spawn(ticks)
    }
}

impl Flows {
    fn blueprint<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Blueprint<Arrived> {
        let mut source = Source::from_iter(chain.source);
        for stage in 1..=chain.stages {
            source = source.map(chain.map);
            // In turn: the generator is on the System's own arbiter, and so is the fold.
            if let Some(place) = (stage % (self.arbiters.len() + 1)).checked_sub(1) {
                source = source.on(self.arbiters[place].handle());
            }
        }
        let fold = source.fold(Arrived::default(), chain.sink);
        fold.default_window(chain.window)
    }
}

impl Drop for Flows {
    fn drop(&mut self) {
        for arbiter in self.arbiters.drain(..) {
            arbiter.stop();
            let _ = arbiter.join();
        }
    }
}

pub struct Open {
    inlet: Inlet<u64>,
    outlet: Outlet<u64>,
}

impl Line for Open {
    async fn pass(&mut self, n: u64) -> u64 {
        self.inlet.send(n).await.expect("the flow lives");
        let passed = self.outlet.next().await.expect("the flow lives");
        passed.expect("no stage fails")
    }

    async fn end(mut self) {
        self.inlet.close();
        assert!(self.outlet.next().await.is_none(), "nothing was left");
    }
}

impl Lines for Flows {
    type Line = Open;

    async fn line(&self, stages: usize, map: fn(u64) -> u64, window: usize) -> Open {
        let (inlet, source) = Source::inlet(window);
        let source = (0..stages).fold(source, |source, _| source.map(map));
        let (outlet, blueprint) = source.into_stream();
        let flow = blueprint
            .default_window(window)
            .run(&FlowContext::background());
        flow.expect("it starts").detach();
        Open { inlet, outlet }
    }
}
