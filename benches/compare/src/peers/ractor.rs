//! Actors of ractor: `cast`, into mailboxes that have no bound.

use std::marker::PhantomData;
use std::ops::Range;

use futures::stream::{self, StreamExt};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use crate::outcome::Outcome;
use crate::patterns::{self, Chain, Chains, Fans, Fold, Item, Line, Lines, Map, Started, timed};
use crate::peers::{Body, runtime};
use crate::work::{self, Arrived};
use crate::workload::{Job, Workload};

struct Actors(Runtime);

pub fn body(workload: Workload) -> Option<Body> {
    match workload {
        Workload::MapAsync64 => Some(map_async),
        _ => patterns::body::<Actors>(workload),
    }
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
    inputs: usize,
    done: Option<oneshot::Sender<Arrived>>,
}

impl<T: Item, S: Fold<T>> Actor for Sum<T, S> {
    type Msg = Feed<T>;
    type State = Summing<S>;
    type Arguments = Summing<S>;

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
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match feed {
            Feed::Item(item) => state.arrived = (state.fold)(state.arrived, item),
            Feed::End if state.inputs > 1 => state.inputs -= 1,
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

async fn sum<T: Item, S: Fold<T>>(fold: S, inputs: usize) -> (Next<T>, oneshot::Receiver<Arrived>) {
    let (done, value) = oneshot::channel();
    let summing = Summing {
        arrived: Arrived::default(),
        fold,
        inputs,
        done: Some(done),
    };
    let sum = Sum::<T, S>(PhantomData);
    let (sink, _) = started(Actor::spawn(None, sum, summing).await);
    (sink, value)
}

/// A task, so that a runtime of many threads has the source on one of them. It takes turns.
fn generate<T: Item>(source: impl Iterator<Item = T> + Send + 'static, next: Vec<Next<T>>) {
    tokio::spawn(async move {
        for (item, next) in source.zip(next.iter().cycle()) {
            let cast = next.cast(Feed::Item(item));
            cast.expect("the next stage lives");
        }
        for next in next {
            next.cast(Feed::End).expect("the next stage lives");
        }
    });
}

/// A task that computes for long would keep a worker, and those that wait for it there.
fn compute<T: Item>(source: impl Iterator<Item = T> + Send + 'static, next: Next<T>) {
    tokio::task::spawn_blocking(move || {
        for feed in source.map(Feed::Item).chain([Feed::End]) {
            next.cast(feed).expect("the next stage lives");
        }
    });
}

impl Fans for Actors {
    async fn fan_in(&self, shares: Vec<Range<u64>>, _window: usize) -> Arrived {
        let (sink, value) = sum(Arrived::and, shares.len()).await;
        for share in shares {
            generate(share, vec![sink.clone()]);
        }
        value.await.expect("the sink ends")
    }

    async fn fan_out_in(&self, source: Range<u64>, count: usize, _window: usize) -> Arrived {
        let (sink, value) = sum(Arrived::and, count).await;
        let mut to_maps = Vec::with_capacity(count);
        for _ in 0..count {
            to_maps.push(maps(1, work::step, sink.clone()).await);
        }
        generate(source, to_maps);
        value.await.expect("the sink ends")
    }
}

impl Started for Actors {
    fn start(spread: bool) -> Self {
        Self(runtime(spread))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

impl Chains for Actors {
    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        let (sink, value) = sum(chain.sink, 1).await;
        let first = maps(chain.stages, chain.map, sink).await;
        if chain.computes {
            compute(chain.source, first);
        } else {
            generate(chain.source, vec![first]);
        }
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

/// The other task of `map_async_64`, which is called.
struct Echo;

struct Question(u64, RpcReplyPort<u64>);

impl Actor for Echo {
    type Msg = Question;
    type State = ();
    type Arguments = ();

    async fn pre_start(
        &self,
        _own: ActorRef<Question>,
        _arguments: (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _own: ActorRef<Question>,
        Question(n, asker): Question,
        _state: &mut (),
    ) -> Result<(), ActorProcessingErr> {
        asker.send(work::answer(n))?;
        Ok(())
    }
}

fn map_async(job: &Job) -> Outcome {
    timed(job, async |_: &Actors| {
        let (echo, _) = started(Actor::spawn(None, Echo, ()).await);
        let arrived = stream::iter(0..job.items)
            .map(|n| echo.call(move |asker| Question(n, asker), None))
            .buffered(64)
            .fold(Arrived::default(), |arrived, answer| {
                let answer = answer.expect("the actor lives");
                std::future::ready(arrived.and(answer.expect("it answers")))
            })
            .await;
        echo.stop(None);
        arrived
    })
}
