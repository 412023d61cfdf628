//! Actors of kameo with bounded mailboxes: `tell` waits for room.

use std::convert::Infallible;
use std::ops::Range;

use futures::stream::{self, StreamExt};
use kameo::actor::{Actor, ActorRef, Spawn};
use kameo::mailbox;
use kameo::message::{Context, Message};
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

/// The actor after a stage, by its type: a `Recipient` would put each send into a box.
enum Next<T: Item, M: Map<T>, E: End<T>> {
    Stage(ActorRef<Mapped<T, M, E>>),
    End(ActorRef<E>),
}

/// What a chain ends with.
trait End<T: Item>: Actor + Message<Feed<T>, Reply = ()> {}

impl<T: Item, E: Actor + Message<Feed<T>, Reply = ()>> End<T> for E {}

impl<T: Item, M: Map<T>, E: End<T>> Next<T, M, E> {
    async fn tell(&self, feed: Feed<T>) {
        let told = match self {
            Self::Stage(stage) => stage.tell(feed).send().await,
            Self::End(end) => end.tell(feed).send().await,
        };
        assert!(told.is_ok(), "the next stage lives");
    }

    fn blocking_tell(&self, feed: Feed<T>) {
        let told = match self {
            Self::Stage(stage) => stage.tell(feed).blocking_send(),
            Self::End(end) => end.tell(feed).blocking_send(),
        };
        assert!(told.is_ok(), "the next stage lives");
    }
}

struct Mapped<T: Item, M: Map<T>, E: End<T>> {
    map: M,
    next: Next<T, M, E>,
}

impl<T: Item, M: Map<T>, E: End<T>> Actor for Mapped<T, M, E> {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _own: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(state)
    }
}

impl<T: Item, M: Map<T>, E: End<T>> Message<Feed<T>> for Mapped<T, M, E> {
    type Reply = ();

    async fn handle(&mut self, feed: Feed<T>, ctx: &mut Context<Self, ()>) {
        let feed = match feed {
            Feed::Item(item) => Feed::Item((self.map)(item)),
            Feed::End => {
                ctx.stop();
                Feed::End
            }
        };
        self.next.tell(feed).await;
    }
}

struct Sum<S> {
    arrived: Arrived,
    fold: S,
    inputs: usize,
    done: Option<oneshot::Sender<Arrived>>,
}

impl<S: Send + 'static> Actor for Sum<S> {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _own: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(state)
    }
}

impl<T: Item, S: Fold<T>> Message<Feed<T>> for Sum<S> {
    type Reply = ();

    async fn handle(&mut self, feed: Feed<T>, ctx: &mut Context<Self, ()>) {
        match feed {
            Feed::Item(item) => self.arrived = (self.fold)(self.arrived, item),
            Feed::End if self.inputs > 1 => self.inputs -= 1,
            Feed::End => {
                if let Some(done) = self.done.take() {
                    let _ = done.send(self.arrived);
                }
                ctx.stop();
            }
        }
    }
}

/// Starts `stages` maps in front of `end`.
fn maps<T: Item, M: Map<T>, E: End<T>>(
    stages: usize,
    map: M,
    window: usize,
    end: ActorRef<E>,
) -> Next<T, M, E> {
    (0..stages).fold(Next::End(end), |next, _| {
        let mapped = Mapped { map, next };
        Next::Stage(Mapped::spawn_with_mailbox(mapped, mailbox::bounded(window)))
    })
}

fn sum<S: Send + 'static>(
    fold: S,
    inputs: usize,
    window: usize,
) -> (ActorRef<Sum<S>>, oneshot::Receiver<Arrived>) {
    let (done, value) = oneshot::channel();
    let sum = Sum {
        arrived: Arrived::default(),
        fold,
        inputs,
        done: Some(done),
    };
    let sink = Sum::spawn_with_mailbox(sum, mailbox::bounded(window));
    (sink, value)
}

/// A task, so that a runtime of many threads has the source on one of them. It takes turns.
fn generate<T: Item, M: Map<T>, E: End<T>>(
    source: impl Iterator<Item = T> + Send + 'static,
    next: Vec<Next<T, M, E>>,
) {
    tokio::spawn(async move {
        for (item, next) in source.zip(next.iter().cycle()) {
            next.tell(Feed::Item(item)).await;
        }
        for next in next {
            next.tell(Feed::End).await;
        }
    });
}

/// A task that computes for long would keep a worker, and those that wait for it there.
fn compute<T: Item, M: Map<T>, E: End<T>>(
    source: impl Iterator<Item = T> + Send + 'static,
    next: Next<T, M, E>,
) {
    tokio::task::spawn_blocking(move || {
        for feed in source.map(Feed::Item).chain([Feed::End]) {
            next.blocking_tell(feed);
        }
    });
}

impl Fans for Actors {
    async fn fan_in(&self, shares: Vec<Range<u64>>, window: usize) -> Arrived {
        let (sink, value) = sum(Arrived::and, shares.len(), window);
        for share in shares {
            generate(share, vec![maps(0, work::step, window, sink.clone())]);
        }
        value.await.expect("the sink ends")
    }

    async fn fan_out_in(&self, source: Range<u64>, count: usize, window: usize) -> Arrived {
        let (sink, value) = sum(Arrived::and, count, window);
        let to_maps = (0..count).map(|_| maps(1, work::step, window, sink.clone()));
        generate(source, to_maps.collect());
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
        let (sink, value) = sum(chain.sink, 1, chain.window);
        let first = maps(chain.stages, chain.map, chain.window, sink);
        if chain.computes {
            compute(chain.source, first);
        } else {
            generate(chain.source, vec![first]);
        }
        value.await.expect("the sink ends")
    }
}

/// The end of an open chain: it hands its items out.
struct Exit(mpsc::UnboundedSender<u64>);

impl Actor for Exit {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _own: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(state)
    }
}

impl Message<Feed<u64>> for Exit {
    type Reply = ();

    async fn handle(&mut self, feed: Feed<u64>, ctx: &mut Context<Self, ()>) {
        match feed {
            Feed::Item(n) => drop(self.0.send(n)),
            Feed::End => ctx.stop(),
        }
    }
}

struct Open {
    first: Next<u64, fn(u64) -> u64, Exit>,
    last: mpsc::UnboundedReceiver<u64>,
}

impl Line for Open {
    async fn pass(&mut self, n: u64) -> u64 {
        self.first.tell(Feed::Item(n)).await;
        self.last.recv().await.expect("the chain lives")
    }

    async fn end(mut self) {
        self.first.tell(Feed::End).await;
        assert_eq!(self.last.recv().await, None, "nothing was left");
    }
}

impl Lines for Actors {
    type Line = Open;

    async fn line(&self, stages: usize, map: fn(u64) -> u64, window: usize) -> Open {
        let (out, last) = mpsc::unbounded_channel();
        let exit = Exit::spawn_with_mailbox(Exit(out), mailbox::bounded(window));
        let first = maps(stages, map, window, exit);
        Open { first, last }
    }
}

/// The other task of `map_async_64`, which is asked.
struct Echo;

struct Question(u64);

impl Actor for Echo {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _own: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(state)
    }
}

impl Message<Question> for Echo {
    type Reply = u64;

    async fn handle(&mut self, Question(n): Question, _ctx: &mut Context<Self, u64>) -> u64 {
        work::answer(n)
    }
}

fn map_async(job: &Job) -> Outcome {
    timed(job, async |_: &Actors| {
        let echo = Echo::spawn_with_mailbox(Echo, mailbox::bounded(64));
        stream::iter(0..job.items)
            .map(|n| echo.ask(Question(n)).send())
            .buffered(64)
            .fold(Arrived::default(), |arrived, answer| {
                std::future::ready(arrived.and(answer.expect("the actor lives")))
            })
            .await
    })
}
