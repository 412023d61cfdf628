//! Verbs that run futures, blocking closures and other actors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix::prelude::{Actor, ActorContext, Context, Handler, Message};
use actix_flow::prelude::*;

use crate::kit::{Census, DropFlag, Gate, failed, failure, system, until, value};

#[derive(Message)]
#[rtype(result = "u64")]
struct Add(u64);

/// Adds up, and stops at its limit.
struct Adder {
    sum: Arc<AtomicU64>,
    limit: u64,
}

impl Actor for Adder {
    type Context = Context<Self>;
}

impl Handler<Add> for Adder {
    type Result = u64;

    fn handle(&mut self, add: Add, ctx: &mut Context<Self>) -> u64 {
        if add.0 >= self.limit {
            ctx.stop();
        }
        self.sum.fetch_add(add.0, SeqCst) + add.0
    }
}

fn adder(limit: u64) -> (actix::Recipient<Add>, Arc<AtomicU64>) {
    let sum = Arc::new(AtomicU64::new(0));
    let state = Arc::clone(&sum);
    let address = Adder { sum: state, limit }.start();
    (address.recipient(), sum)
}

#[test]
fn ask_passes_the_replies_of_an_actor_in_order() {
    system(async {
        let (recipient, _) = adder(u64::MAX);
        let asked = Source::from_iter(1..=100u64).map(Add).ask(recipient, 8);
        let sums = value(asked.collect::<Vec<_>>()).await;
        assert!(sums.into_iter().eq((1..=100).map(|n| n * (n + 1) / 2)));
    });
}

#[test]
fn an_actor_that_is_gone_fails_who_asks_it() {
    system(async {
        let (recipient, _) = adder(10);
        let asked = Source::from_iter(0..100u64).map(Add).ask(recipient, 1);
        let error = failure(asked.named("adder").count()).await;
        assert_eq!(error.stage(), Some("adder"));
        let (recipient, _) = adder(10);
        let sent = Source::from_iter(0..100u64).map(Add);
        let error = failure(sent.send_to(recipient).window(1).named("adder")).await;
        assert_eq!(error.stage(), Some("adder"));
    });
}

#[test]
fn send_to_waits_for_the_answers_to_all() {
    system(async {
        for window in [1, 7, 1_024] {
            let (recipient, sum) = adder(u64::MAX);
            let sent = Source::from_iter(1..=100u64).map(Add);
            value(sent.send_to(recipient).window(window)).await;
            assert_eq!(sum.load(SeqCst), 5_050);
        }
    });
}

#[test]
fn for_each_async_ends_after_its_last_future() {
    system(async {
        let done = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&done);
        let flow = Source::from_iter(0..100u64).for_each_async(5, move |_| {
            let count = Arc::clone(&count);
            async move {
                tokio::task::yield_now().await;
                count.fetch_add(1, SeqCst);
            }
        });
        value(flow).await;
        assert_eq!(done.load(SeqCst), 100);
    });
}

#[test]
fn wait_waits_for_blocking_closures_that_run() {
    system(async {
        let (gate, flag, census) = (Gate::new(), DropFlag::new(), Census::new());
        let (hold, ended, made) = (gate.clone(), flag.clone(), census.clone());
        let flow = Source::from_iter((0..5u64).map(move |n| made.item(n))).map_blocking(2, {
            move |item| {
                hold.pass_blocking();
                let _ended = ended.guard();
                item
            }
        });
        let running = flow.count().run(&FlowContext::background()).unwrap();
        let control = running.control();
        until("two closures to run", || gate.arrived() == 2).await;
        let mut gone = Box::pin(control.cancel("enough"));
        assert!(futures::poll!(&mut gone).is_pending());
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        assert!(!control.is_finished());
        gate.open();
        failed(running).await;
        assert!(flag.is_dropped());
        assert_eq!(gate.arrived(), 2, "none was begun after the cancel");
        census.assert_none_alive();
    });
}

#[test]
fn a_cancel_drops_running_futures_and_counts_their_items() {
    system(async {
        let (gate, census) = (Gate::new(), Census::new());
        let (hold, made) = (gate.clone(), census.clone());
        let flow = Source::from_iter((0..50u64).map(move |n| made.item(n)))
            .map_async(3, move |item| {
                let hold = hold.clone();
                async move {
                    hold.pass().await;
                    item
                }
            })
            .named("held")
            .count();
        let running = flow.run(&FlowContext::background()).unwrap();
        until("three to wait", || gate.arrived() == 3).await;
        drop(running.control().cancel("enough"));
        let error = failed(running).await;
        let held = error.report().unwrap().stage("held").unwrap();
        assert_eq!((held.received, held.discarded), (3, 3));
        census.assert_none_alive();
    });
}
