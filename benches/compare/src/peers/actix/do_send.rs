//! Each stage passes its items on with `do_send`: no bound, and nobody waits.

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Recipient, StreamHandler};
use futures::future::BoxFuture;
use futures::stream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::fans;
use super::feed::{Exit, Feed};
use crate::neighbour::Lateness;
use crate::patterns::{self, Chain, Chains, Fold, Item, Line, Lines, Map, Started};
use crate::peers::Body;
use crate::peers::arbiters::Arbiters;
use crate::work::Arrived;
use crate::workload::Workload;

pub fn body(workload: Workload) -> Option<Body> {
    match workload {
        // What it is sent has no deadline.
        Workload::RequestFlows => None,
        Workload::Sieve2000 => Some(fans::sieve),
        _ => patterns::body::<Arbiters>(workload),
    }
}

/// The source: an actor that handles a stream, and passes each item to the next in turn.
struct Generator<T: Item> {
    next: Vec<Recipient<Feed<T>>>,
    turn: usize,
    source: Option<Box<dyn Iterator<Item = T> + Send>>,
}

impl<T: Item> Actor for Generator<T> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(source) = self.source.take() {
            ctx.add_stream(stream::iter(source));
        }
    }
}

impl<T: Item> StreamHandler<T> for Generator<T> {
    fn handle(&mut self, item: T, _ctx: &mut Self::Context) {
        self.next[self.turn].do_send(Feed::Item(item));
        self.turn = (self.turn + 1) % self.next.len();
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        for next in &self.next {
            next.do_send(Feed::End);
        }
        ctx.stop();
    }
}

struct Mapped<T: Item, M> {
    map: M,
    next: Recipient<Feed<T>>,
}

impl<T: Item, M: Map<T>> Actor for Mapped<T, M> {
    type Context = Context<Self>;
}

impl<T: Item, M: Map<T>> Handler<Feed<T>> for Mapped<T, M> {
    type Result = ();

    fn handle(&mut self, feed: Feed<T>, ctx: &mut Self::Context) {
        match feed {
            Feed::Item(item) => self.next.do_send(Feed::Item((self.map)(item))),
            Feed::End => {
                self.next.do_send(Feed::End);
                ctx.stop();
            }
        }
    }
}

/// The sink: a fold, whose value it gives at the end.
struct Sum<S> {
    arrived: Arrived,
    fold: S,
    inputs: usize,
    done: Option<oneshot::Sender<Arrived>>,
}

impl<S: Unpin + 'static> Actor for Sum<S> {
    type Context = Context<Self>;
}

impl<T: Item, S: Fold<T>> Handler<Feed<T>> for Sum<S> {
    type Result = ();

    fn handle(&mut self, feed: Feed<T>, ctx: &mut Self::Context) {
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

impl Arbiters {
    /// Starts `stages` maps in front of `last`.
    pub fn maps<T: Item, M: Map<T>>(
        &self,
        stages: usize,
        map: M,
        last: Recipient<Feed<T>>,
    ) -> Recipient<Feed<T>> {
        (1..=stages).rev().fold(last, |next, stage| {
            self.start_actor(stage, Mapped { map, next }).recipient()
        })
    }

    pub fn sum<T: Item, S: Fold<T>>(
        &self,
        fold: S,
        inputs: usize,
    ) -> (Recipient<Feed<T>>, oneshot::Receiver<Arrived>) {
        let (done, value) = oneshot::channel();
        let sum = Sum {
            arrived: Arrived::default(),
            fold,
            inputs,
            done: Some(done),
        };
        let sink: Addr<_> = self.start_actor(0, sum);
        (sink.recipient(), value)
    }

    pub fn generate<T: Item>(
        &self,
        source: impl Iterator<Item = T> + Send + 'static,
        next: Vec<Recipient<Feed<T>>>,
    ) {
        let source: Box<dyn Iterator<Item = T> + Send> = Box::new(source);
        let generator = Generator {
            next,
            turn: 0,
            source: Some(source),
        };
        self.start_actor(0, generator);
    }
}

impl Started for Arbiters {
    fn start(spread: bool) -> Self {
        Self::start(spread)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        Self::block_on(self, future)
    }
}

/// An actor that computes for long would keep its arbiter.
fn compute<T: Item>(source: impl Iterator<Item = T> + Send + 'static, next: Recipient<Feed<T>>) {
    actix_rt::task::spawn_blocking(move || {
        for feed in source.map(Feed::Item).chain([Feed::End]) {
            next.do_send(feed);
        }
    });
}

impl Chains for Arbiters {
    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        let (sink, value) = self.sum(chain.sink, 1);
        let next = self.maps(chain.stages, chain.map, sink);
        if chain.computes {
            compute(chain.source, next);
        } else {
            self.generate(chain.source, vec![next]);
        }
        value.await.expect("the sink ends")
    }

    fn beside(&self, ticks: BoxFuture<'static, Lateness>) -> JoinHandle<Lateness> {
        actix_rt::spawn(ticks)
    }
}

pub struct Open {
    first: Recipient<Feed<u64>>,
    last: mpsc::UnboundedReceiver<u64>,
}

impl Line for Open {
    async fn pass(&mut self, n: u64) -> u64 {
        self.first.do_send(Feed::Item(n));
        self.last.recv().await.expect("the chain lives")
    }

    async fn end(mut self) {
        self.first.do_send(Feed::End);
        assert_eq!(self.last.recv().await, None, "nothing was left");
    }
}

impl Lines for Arbiters {
    type Line = Open;

    async fn line(&self, stages: usize, map: fn(u64) -> u64, _window: usize) -> Open {
        let (out, last) = mpsc::unbounded_channel();
        let exit = self.start_actor(0, Exit(out));
        let first = self.maps(stages, map, exit.recipient());
        Open { first, last }
    }
}
