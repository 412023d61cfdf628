//! Actors of ractor: `cast`, into mailboxes that have no bound.

use std::marker::PhantomData;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use crate::patterns::{self, Chain, Chains, Fold, Item, Line, Lines, Map};
use crate::peers::{Body, runtime};
use crate::work::Arrived;
use crate::workload::Workload;

struct Actors(Runtime);

pub fn body(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Linear3 | Workload::Linear3Arbiters | Workload::Linear20 => {
            patterns::linear::<Actors>
        }
        Workload::FirstItem => patterns::first_item::<Actors>,
        Workload::SmallFlow => patterns::small_flow::<Actors>,
        Workload::RequestFlows => patterns::request_flows::<Actors>,
        Workload::SlowSink => patterns::slow_sink::<Actors>,
        Workload::Neighbour => patterns::neighbour::<Actors>,
        Workload::Ping3 => patterns::ping::<Actors>,
        Workload::Daisy100k => patterns::daisy::<Actors>,
        _ => return None,
    })
}

/// An item, or the end of them.
enum Feed<T> {
    Item(T),
    End,
}

type Next<T> = ActorRef<Feed<T>>;

struct Mapped<T, M>(PhantomData<fn(T) -> M>);

impl<T: Item, M: Map<T>> Actor for Mapped<T, M> {
    type Msg = Feed<T>;
    type State = (M, Next<T>);
    type Arguments = (M, Next<T>);

    async fn pre_start(
        &self,
        _own: ActorRef<Feed<T>>,
        state: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        own: ActorRef<Feed<T>>,
        feed: Feed<T>,
        (map, next): &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match feed {
            Feed::Item(item) => next.cast(Feed::Item(map(item)))?,
            Feed::End => {
                next.cast(Feed::End)?;
                own.stop(None);
            }
        }
        Ok(())
    }
}

struct Sum<T, S>(PhantomData<fn(T) -> S>);

struct Summing<S> {
    arrived: Arrived,
    fold: S,
    done: Option<oneshot::Sender<Arrived>>,
}

impl<T: Item, S: Fold<T>> Actor for Sum<T, S> {
    type Msg = Feed<T>;
    type State = Summing<S>;
    type Arguments = (S, oneshot::Sender<Arrived>);

    async fn pre_start(
        &self,
        _own: ActorRef<Feed<T>>,
        (fold, done): Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(Summing {
            arrived: Arrived::default(),
            fold,
            done: Some(done),
        })
    }

    async fn handle(
        &self,
        own: ActorRef<Feed<T>>,
        feed: Feed<T>,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match feed {
            Feed::Item(item) => state.arrived = (state.fold)(state.arrived, item),
            Feed::End => {
                if let Some(done) = state.done.take() {
                    let _ = done.send(state.arrived);
                }
                own.stop(None);
            }
        }
        Ok(())
    }
}

/// Starts `stages` maps in front of `last`.
async fn maps<T: Item, M: Map<T>>(stages: usize, map: M, last: Next<T>) -> Next<T> {
    let mut next = last;
    for _ in 0..stages {
        let mapped = Mapped::<T, M>(PhantomData);
        (next, _) = started(Actor::spawn(None, mapped, (map, next)).await);
    }
    next
}

fn started<T>(spawned: Result<T, ractor::SpawnErr>) -> T {
    spawned.expect("the actor starts")
}

impl Chains for Actors {
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
        let (done, value) = oneshot::channel();
        let sum = Sum::<T, S>(PhantomData);
        let (sink, _) = started(Actor::spawn(None, sum, (chain.sink, done)).await);
        let first = maps(chain.stages, chain.map, sink).await;
        // A task, so that a runtime of many threads has the source on one of them.
        tokio::spawn(async move {
            for item in chain.source {
                let cast = first.cast(Feed::Item(item));
                cast.expect("the first stage lives");
            }
            first.cast(Feed::End).expect("the first stage lives");
        });
        value.await.expect("the sink ends")
    }
}

/// The end of an open chain: it hands its items out.
struct Exit;

impl Actor for Exit {
    type Msg = Feed<u64>;
    type State = mpsc::UnboundedSender<u64>;
    type Arguments = mpsc::UnboundedSender<u64>;

    async fn pre_start(
        &self,
        _own: Next<u64>,
        out: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(out)
    }

    async fn handle(
        &self,
        own: Next<u64>,
        feed: Feed<u64>,
        out: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match feed {
            Feed::Item(n) => out.send(n)?,
            Feed::End => own.stop(None),
        }
        Ok(())
    }
}

struct Open {
    first: Next<u64>,
    last: mpsc::UnboundedReceiver<u64>,
}

impl Line for Open {
    async fn pass(&mut self, n: u64) -> u64 {
        self.first.cast(Feed::Item(n)).expect("the chain lives");
        self.last.recv().await.expect("the chain lives")
    }

    async fn end(mut self) {
        self.first.cast(Feed::End).expect("the chain lives");
        assert_eq!(self.last.recv().await, None, "nothing was left");
    }
}

impl Lines for Actors {
    type Line = Open;

    async fn line(&self, stages: usize, map: fn(u64) -> u64, _window: usize) -> Open {
        let (out, last) = mpsc::unbounded_channel();
        let (exit, _) = started(Actor::spawn(None, Exit, out).await);
        let first = maps(stages, map, exit).await;
        Open { first, last }
    }
}
