//! Each stage awaits the next one's answer before it takes another item.
//!
//! The source has a window of sends that were not answered yet, and so many fit into a mailbox.

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Recipient, WrapFuture,
};
use futures::future::BoxFuture;
use futures::stream::{self, Stream, StreamExt};
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

struct Answers(Arbiters);

pub fn body(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::MapAsync64 => fans::map_async,
        Workload::ParallelCpu => fans::parallel_cpu,
        _ => {
            let chain = patterns::chains::body::<Answers>(workload);
            return chain.or_else(|| patterns::lines::body::<Answers>(workload));
        }
    })
}

struct Mapped<T: Item, M> {
    map: M,
    next: Recipient<Feed<T>>,
    window: usize,
}

impl<T: Item, M: Map<T>> Actor for Mapped<T, M> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.window);
    }
}

impl<T: Item, M: Map<T>> Handler<Feed<T>> for Mapped<T, M> {
    type Result = ();

    fn handle(&mut self, feed: Feed<T>, ctx: &mut Self::Context) {
        let (feed, ends) = match feed {
            Feed::Item(item) => (Feed::Item((self.map)(item)), false),
            Feed::End => (Feed::End, true),
        };
        let answer = self.next.send(feed).into_actor(self);
        ctx.wait(answer.map(move |answer, _, ctx| {
            answer.expect("the next stage lives");
            if ends {
                ctx.stop();
            }
        }));
    }
}

struct Sum<S> {
    arrived: Arrived,
    fold: S,
    done: Option<oneshot::Sender<Arrived>>,
    window: usize,
}

impl<S: Unpin + 'static> Actor for Sum<S> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.window);
    }
}

impl<T: Item, S: Fold<T>> Handler<Feed<T>> for Sum<S> {
    type Result = ();

    fn handle(&mut self, feed: Feed<T>, ctx: &mut Self::Context) {
        match feed {
            Feed::Item(item) => self.arrived = (self.fold)(self.arrived, item),
            Feed::End => {
                if let Some(done) = self.done.take() {
                    let _ = done.send(self.arrived);
                }
                ctx.stop();
            }
        }
    }
}

/// What computes for long would keep its arbiter.
fn computed<T: Item>(
    source: impl Iterator<Item = T> + Send + 'static,
    window: usize,
) -> impl Stream<Item = T> {
    let (sender, mut items) = mpsc::channel(window);
    actix_rt::task::spawn_blocking(move || {
        for item in source {
            if sender.blocking_send(item).is_err() {
                break;
            }
        }
    });
    stream::poll_fn(move |cx| items.poll_recv(cx))
}

impl Answers {
    /// Starts `stages` maps in front of `last`.
    fn maps<T: Item, M: Map<T>>(
        &self,
        stages: usize,
        map: M,
        window: usize,
        last: Recipient<Feed<T>>,
    ) -> Recipient<Feed<T>> {
        (1..=stages).rev().fold(last, |next, stage| {
            let mapped = Mapped { map, next, window };
            self.0.start_actor(stage, mapped).recipient()
        })
    }
}

impl Started for Answers {
    fn start(spread: bool) -> Self {
        Self(Arbiters::start(spread))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

impl Chains for Answers {
    async fn chain<T: Item, M: Map<T>, S: Fold<T>>(
        &self,
        chain: Chain<impl Iterator<Item = T> + Send + 'static, M, S>,
    ) -> Arrived {
        let window = chain.window;
        let (done, value) = oneshot::channel();
        let sum = Sum {
            arrived: Arrived::default(),
            fold: chain.sink,
            done: Some(done),
            window,
        };
        let sink = self.0.start_actor(0, sum);
        let first = self.maps(chain.stages, chain.map, window, sink.recipient());
        let items = if chain.computes {
            computed(chain.source, window).left_stream()
        } else {
            stream::iter(chain.source).right_stream()
        };
        items
            .map(|item| first.send(Feed::Item(item)))
            .buffer_unordered(window)
            .for_each(|answer| async move { answer.expect("the first stage lives") })
            .await;
        let answer = first.send(Feed::End).await;
        answer.expect("the first stage lives");
        value.await.expect("the sink ends")
    }

    fn beside(&self, ticks: BoxFuture<'static, Lateness>) -> JoinHandle<Lateness> {
        actix_rt::spawn(ticks)
    }
}

struct Open {
    first: Recipient<Feed<u64>>,
    last: mpsc::UnboundedReceiver<u64>,
}

impl Line for Open {
    async fn pass(&mut self, n: u64) -> u64 {
        let answer = self.first.send(Feed::Item(n));
        answer.await.expect("the chain lives");
        self.last.recv().await.expect("the chain lives")
    }

    async fn end(mut self) {
        let answer = self.first.send(Feed::End).await;
        answer.expect("the chain lives");
        assert_eq!(self.last.recv().await, None, "nothing was left");
    }
}

impl Lines for Answers {
    type Line = Open;

    async fn line(&self, stages: usize, map: fn(u64) -> u64, window: usize) -> Open {
        let (out, last) = mpsc::unbounded_channel();
        let exit = self.0.start_actor(0, Exit(out));
        let first = self.maps(stages, map, window, exit.recipient());
        Open { first, last }
    }
}
