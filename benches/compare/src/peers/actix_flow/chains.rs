//! Chains on one arbiter, or with each stage on another in turn.

use std::ops::Range;
use std::time::Duration;

use actix_flow::prelude::*;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::task::JoinHandle;

use crate::neighbour::Lateness;
use crate::patterns::{Chain, Chains, Fold, Item, Line, Lines, Map, Started};
use crate::peers::arbiters::Arbiters;
use crate::work::Arrived;

/// Flows on the arbiters of a System.
pub struct Flows(Arbiters);

impl Started for Flows {
    fn start(spread: bool) -> Self {
        Self(Arbiters::start(spread))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

impl Chains for Flows {
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
        // One that computes for long keeps its arbiter from the stages below.
        if chain.computes
            && let Some(place) = self.0.place(1)
        {
            source = source.on(place);
        }
        for stage in 1..=chain.stages {
            source = source.map(chain.map);
            // In turn: the generator is on the System's own arbiter, and so is the fold.
            if !chain.computes
                && let Some(place) = self.0.place(stage)
            {
                source = source.on(place);
            }
        }
        let fold = source.fold(Arrived::default(), chain.sink);
        fold.default_window(chain.window)
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
