//! A generator shares its arbiter, and ships what it has.

use std::sync::{Arc, Weak, mpsc};
use std::time::{Duration, Instant};

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{Gate, LIMIT, Meter, system, value, within};

/// Far more items than a flow passes while the other tasks take their turns; it ends, so that a
/// flow that never yields fails the test.
const LONG: u64 = 20_000_000;

#[test]
fn r3_3_a_busy_flow_lets_other_tasks_and_timers_have_their_turns() {
    system(async {
        let flow = Source::from_iter(0..LONG)
            .map(|n| n)
            .filter(|_| true)
            .map(|n| n)
            .drain();
        let running = flow.run(&FlowContext::background()).unwrap();
        let control = running.control();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(!control.is_finished());
        within("the flow to be gone", control.cancel("seen")).await;
    });
}

#[test]
fn r3_3_an_expansion_lets_other_tasks_have_their_turns() {
    system(async {
        let flow = Source::once(()).flat_map(|()| 0..LONG).drain();
        let running = flow.run(&FlowContext::background()).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(!running.control().is_finished());
        within("the flow to be gone", running.control().cancel("seen")).await;
    });
}

#[test]
fn r3_3_an_async_generator_that_is_always_ready_lets_other_tasks_have_their_turns() {
    system(async {
        let flow = Source::generate(async |mut out: Yielder<u64>| {
            for n in 0..LONG {
                out.send(n).await;
            }
        });
        let running = flow.drain().run(&FlowContext::background()).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(!running.control().is_finished());
        within("the flow to be gone", running.control().cancel("seen")).await;
    });
}

/// How many rounds of its runtime a task has had while the test holds the other end of `alive`.
async fn rounds(alive: Weak<()>) -> u64 {
    let mut rounds = 0;
    while alive.strong_count() > 0 {
        tokio::task::yield_now().await;
        rounds += 1;
    }
    rounds
}

#[test]
fn r3_3_stages_that_wait_for_another_arbiter_leave_each_round_to_other_tasks() {
    system(async {
        const ITEMS: u64 = 100;
        let arbiter = Arbiter::new();
        // Gone with the test, however that ends: no task is left that spins.
        let alive = Arc::new(());
        let (there, told) = tokio::sync::oneshot::channel();
        let far = rounds(Arc::downgrade(&alive));
        arbiter.spawn(async move { there.send(far.await).expect("it is waited for") });
        let near = actix_rt::spawn(rounds(Arc::downgrade(&alive)));
        // One item in flight: for each of them both threads wait for the other.
        let flow = Source::from_iter(0..ITEMS)
            .map(|n| n)
            .on(arbiter.handle())
            .count()
            .default_window(1);
        assert_eq!(value(flow).await, ITEMS);
        drop(alive);
        // A stage that woke itself would leave them one round in thousands.
        let near = near.await.unwrap();
        let far = within("the rounds on the other arbiter", told).await;
        let far = far.unwrap();
        assert!(near > ITEMS / 4, "{near} rounds here");
        assert!(far > ITEMS / 4, "{far} rounds there");
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

/// Work that takes longer than a turn.
fn slow() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(300) {
        std::hint::spin_loop();
    }
}

#[test]
fn r3_4_no_item_of_a_slow_generator_waits_for_a_batch() {
    system(async {
        let arbiter = Arbiter::new();
        let (arrived, arrivals) = mpsc::channel();
        let items = (0..20u64).inspect(move |n| {
            slow();
            // Each item but the first is made only when the one before has arrived.
            if *n > 0 {
                let before = arrivals.recv_timeout(LIMIT).unwrap();
                assert_eq!(before, n - 1);
            }
        });
        let flow = Source::from_iter(items)
            .on(arbiter.handle())
            .for_each(move |n| {
                // Nobody waits for the last one.
                let _ = arrived.send(n);
            });
        value(flow).await;
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

#[test]
fn r3_4_the_first_item_arrives_before_the_second_is_ready() {
    system(async {
        let gate = Gate::new();
        let (hold, open, meter) = (gate.clone(), gate.clone(), Meter::new());
        let enter = meter.clone();
        let flow = Source::generate(async move |mut out: Yielder<u64>| {
            out.send(1).await;
            hold.pass().await;
            out.send(2).await;
        })
        .for_each(move |_| {
            enter.enter();
            open.open();
        });
        value(flow).await;
        assert_eq!(meter.entered(), 2);
    });
}
