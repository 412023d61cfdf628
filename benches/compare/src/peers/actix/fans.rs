//! Fan-in, fan-out and the sieve by `do_send`; waiting and computing by `send().await`.

use std::ops::Range;
use std::thread::available_parallelism;

use actix::{Actor, Context, Handler, Message, StreamHandler, SyncArbiter, SyncContext};
use futures::stream::{self, StreamExt};
use tokio::sync::mpsc;

use super::feed::Feed;
use crate::outcome::Outcome;
use crate::patterns::{Fans, timed};
use crate::peers::arbiters::Arbiters;
use crate::work::{self, Arrived};
use crate::workload::Job;

impl Fans for Arbiters {
    async fn fan_in(&self, shares: Vec<Range<u64>>, _window: usize) -> Arrived {
        let (sink, value) = self.sum(Arrived::and, shares.len());
        for share in shares {
            self.generate(share, vec![sink.clone()]);
        }
        value.await.expect("the sink ends")
    }

    async fn fan_out_in(&self, source: Range<u64>, maps: usize, _window: usize) -> Arrived {
        let (sink, value) = self.sum(Arrived::and, maps);
        let to_maps = (0..maps).map(|_| self.maps(1, work::step, sink.clone()));
        self.generate(source, to_maps.collect());
        value.await.expect("the sink ends")
    }
}

/// A filter of the sieve: its first number is its prime, and it starts the next filter itself.
struct Filter {
    prime: Option<u64>,
    next: Option<actix::Addr<Filter>>,
    found: mpsc::UnboundedSender<u64>,
}

impl Filter {
    fn new(found: mpsc::UnboundedSender<u64>) -> Self {
        Self {
            prime: None,
            next: None,
            found,
        }
    }
}

impl Actor for Filter {
    type Context = Context<Self>;
}

impl Handler<Feed<u64>> for Filter {
    type Result = ();

    fn handle(&mut self, feed: Feed<u64>, _ctx: &mut Self::Context) {
        let Feed::Item(n) = feed else { return };
        let Some(prime) = self.prime else {
            self.prime = Some(n);
            let _ = self.found.send(n);
            return;
        };
        if n % prime != 0 {
            let found = &self.found;
            let next = self
                .next
                .get_or_insert_with(|| Self::new(found.clone()).start());
            next.do_send(Feed::Item(n));
        }
    }
}

/// Where the numbers come from, as long as primes are wanted.
struct Numbers(actix::Addr<Filter>);

impl Actor for Numbers {
    type Context = Context<Self>;
}

impl StreamHandler<u64> for Numbers {
    fn handle(&mut self, n: u64, _ctx: &mut Self::Context) {
        self.0.do_send(Feed::Item(n));
    }
}

pub fn sieve(job: &Job) -> Outcome {
    timed(job, async |_: &Arbiters| {
        let (found, mut primes) = mpsc::unbounded_channel();
        let wanted = found.clone();
        let first = Filter::new(found).start();
        Numbers::create(|ctx| {
            let numbers = stream::iter(2u64..);
            let numbers = numbers.take_while(move |_| std::future::ready(!wanted.is_closed()));
            Numbers::add_stream(numbers, ctx);
            Numbers(first)
        });
        let mut arrived = Arrived::default();
        for _ in 0..job.stages {
            arrived = arrived.and(primes.recv().await.expect("there are more primes"));
        }
        arrived
    })
}

#[derive(Message)]
#[rtype(result = "u64")]
struct Question(u64);

struct Echo;

impl Actor for Echo {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(64);
    }
}

impl Handler<Question> for Echo {
    type Result = u64;

    fn handle(&mut self, Question(n): Question, _ctx: &mut Self::Context) -> u64 {
        work::answer(n)
    }
}

/// The other task is an actor, which is what actix has for it.
pub fn map_async(job: &Job) -> Outcome {
    timed(job, async |_: &Arbiters| {
        let echo = Echo.start();
        stream::iter(0..job.items)
            .map(|n| echo.send(Question(n)))
            .buffered(64)
            .fold(Arrived::default(), |arrived, answer| {
                std::future::ready(arrived.and(answer.expect("the actor lives")))
            })
            .await
    })
}

struct Digester;

impl Actor for Digester {
    type Context = SyncContext<Self>;
}

impl Handler<Question> for Digester {
    type Result = u64;

    fn handle(&mut self, Question(n): Question, _ctx: &mut Self::Context) -> u64 {
        work::digest(n)
    }
}

/// An actor on each core, behind one address.
pub fn parallel_cpu(job: &Job) -> Outcome {
    let cores = available_parallelism().map_or(1, usize::from);
    timed(job, async |_: &Arbiters| {
        let digesters = SyncArbiter::start(cores, || Digester);
        stream::iter(0..job.items)
            .map(|n| digesters.send(Question(n)))
            .buffered(job.window)
            .fold(Arrived::default(), |arrived, digest| {
                std::future::ready(arrived.and(digest.expect("the actor lives")))
            })
            .await
    })
}
