//! Flows that look idle and are not stalled.

use std::time::Duration;

use actix::prelude::{Actor, Handler, Message};
use actix_flow::prelude::*;
use actix_rt::Arbiter;
use futures::StreamExt;

use crate::kit::{Gate, paused, settle, system, until, value, within};

#[test]
fn r2_8_branches_that_fit_into_the_window_do_not_stall() {
    system(async {
        let [a, b] = Source::from_iter(0..1_000u64).broadcast(2).into_array();
        assert_eq!(value(a.concat(b).count()).await, 2_000);
        let [a, b] = Source::from_iter(0..500u64).broadcast(2).into_array();
        assert_eq!(value(a.batch(100).zip(b).count()).await, 5);
    });
}

#[test]
fn r2_8_credit_owed_in_part_is_given_back_before_it_is_a_stall() {
    system(async {
        // Each side owes less than half of its window when the other runs dry.
        for (size, window) in [(5, 8), (7, 8), (3, 4), (60, 64), (9, 10)] {
            let [a, b] = Source::from_iter(0..3_000u64).broadcast(2).into_array();
            let flow = a
                .batch(size)
                .flat_map(|batch| batch)
                .zip(b)
                .count()
                .default_window(window);
            assert_eq!(value(flow).await, 3_000, "batch {size}, window {window}");
        }
    });
}

/// Runs a flow that is idle until the gate opens.
async fn idle_until<R: Send + 'static>(gate: &Gate, flow: Blueprint<R>) -> R {
    let running = flow.run(&FlowContext::background());
    let running = running.expect("the flow starts");
    let control = running.control();
    until("somebody at the gate", || gate.arrived() > 0).await;
    settle().await;
    assert!(!control.is_finished());
    gate.open();
    let finished = within("the flow", running.wait()).await;
    let finished = finished.expect("the flow ends well");
    finished.report.check().expect("the report balances");
    finished.value.expect("a completed flow has a value")
}

#[test]
fn r2_8_a_slow_future_is_no_stall() {
    system(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let flow = Source::from_iter(0..3u64).map_async(2, move |n| {
            let hold = hold.clone();
            async move {
                hold.pass().await;
                n
            }
        });
        let items = idle_until(&gate, flow.collect::<Vec<_>>()).await;
        assert_eq!(items, [0, 1, 2]);
    });
}

#[test]
fn r2_8_a_slow_source_is_no_stall() {
    system(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let flow = Source::generate(async move |mut out: Yielder<u64>| {
            hold.pass().await;
            out.send(1).await;
        });
        assert_eq!(idle_until(&gate, flow.count()).await, 1);
        let gate = Gate::new();
        let hold = gate.clone();
        let slow = futures::stream::once(async move { hold.pass().await });
        assert_eq!(
            idle_until(&gate, Source::from_stream(slow).count()).await,
            1
        );
    });
}

#[test]
fn r2_8_a_blocking_closure_is_no_stall() {
    system(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let flow = Source::from_iter(0..3u64).map_blocking(1, move |n| {
            hold.pass_blocking();
            n
        });
        assert_eq!(idle_until(&gate, flow.count()).await, 3);
    });
}

struct Oracle(Gate);

#[derive(Message)]
#[rtype(result = "u64")]
struct Question(u64);

impl Actor for Oracle {
    type Context = actix::Context<Self>;
}

impl Handler<Question> for Oracle {
    type Result = actix::ResponseFuture<u64>;

    fn handle(&mut self, question: Question, _: &mut Self::Context) -> Self::Result {
        let gate = self.0.clone();
        Box::pin(async move {
            gate.pass().await;
            question.0 + 1
        })
    }
}

#[test]
fn r2_8_a_foreign_actor_that_thinks_is_no_stall() {
    system(async {
        let gate = Gate::new();
        let oracle = Oracle(gate.clone()).start();
        let asked = Source::from_iter(0..3u64).map(Question);
        let flow = asked.ask(oracle.recipient(), 2).collect::<Vec<_>>();
        assert_eq!(idle_until(&gate, flow).await, [1, 2, 3]);
        let gate = Gate::new();
        let oracle = Oracle(gate.clone()).start();
        let sent = Source::from_iter(0..3u64).map(Question);
        idle_until(&gate, sent.send_to(oracle.recipient()).window(1)).await;
    });
}

#[test]
fn r2_8_an_idle_inlet_is_no_stall() {
    system(async {
        let (inlet, source) = Source::<u64>::inlet(2);
        let running = source.count().run(&FlowContext::background()).unwrap();
        settle().await;
        inlet.send(1).await.unwrap();
        settle().await;
        assert!(!running.control().is_finished());
        drop(inlet);
        let finished = within("the flow", running.wait()).await.unwrap();
        assert_eq!(finished.value, Some(1));
        finished.report.check().unwrap();
    });
}

#[test]
fn r2_8_an_outlet_that_is_not_read_is_no_stall() {
    system(async {
        for window in [1, 2, 3, 16] {
            let (outlet, flow) = Source::from_iter(0..100u64).into_stream();
            let flow = flow.window(window);
            let running = flow.run(&FlowContext::background()).unwrap();
            settle().await;
            assert!(!running.control().is_finished());
            let items: Vec<_> = outlet.map(Result::unwrap).collect().await;
            assert!(items.into_iter().eq(0..100));
            let finished = within("the flow", running.wait()).await.unwrap();
            finished.report.check().unwrap();
        }
    });
}

#[test]
fn r2_8_a_timer_is_no_stall() {
    paused(async {
        let day = Duration::from_secs(86_400);
        let (inlet, source) = Source::<u64>::inlet(2);
        let flow = source.batch_within(10, day).first();
        let running = flow.run(&FlowContext::background()).unwrap();
        inlet.send(7).await.unwrap();
        let finished = running.wait().await.unwrap();
        assert_eq!(finished.value, Some(Some(vec![7])));
        finished.report.check().unwrap();
        let ticks = Source::ticks(day).take(3).count();
        let running = ticks.run(&FlowContext::background()).unwrap();
        assert_eq!(running.await.unwrap(), 3);
    });
}

#[test]
fn r2_8_a_busy_arbiter_is_no_stall() {
    system(async {
        let (gate, arbiter) = (Gate::new(), Arbiter::new());
        let hold = gate.clone();
        // The arbiter is taken before the stage on it can start.
        arbiter.spawn_fn(move || hold.pass_blocking());
        let flow = Source::from_iter(0..5u64).map(|n| n).on(arbiter.handle());
        assert_eq!(idle_until(&gate, flow.count()).await, 5);
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

#[test]
fn r2_8_a_stage_that_sends_to_several_arbiters_at_once_is_no_stall() {
    system(async {
        let (near, far) = (Arbiter::new(), Arbiter::new());
        // Each turn of the broadcast and of the zip sends to more readers than it was woken by, and any
        // of them can be done with it before the next message leaves.
        let [a, b] = Source::from_iter(0..20_000u64).broadcast(2).into_array();
        let pairs = a.zip(b).on(near.handle());
        let flow = pairs.map(|pair| pair).on(far.handle()).count();
        assert_eq!(value(flow.default_window(1)).await, 20_000);
        for arbiter in [near, far] {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}
