use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use actix_rt::Arbiter;
use futures::poll;

use super::{report_of, run};
use crate::kit::{Census, Gate, system, until, within};

/// Counts its drops.
#[derive(Default)]
struct Tally(Arc<AtomicU64>);

impl Drop for Tally {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Tally {
    fn next(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[test]
fn r5_6_wait_returns_after_the_last_actor_is_dropped() {
    system(async {
        let arbiters = [Arbiter::new(), Arbiter::new()];
        for _ in 0..100 {
            let count = Arc::new(AtomicU64::new(0));
            let tally = Tally(Arc::clone(&count));
            let (a, b, c) = (tally.next(), tally.next(), tally);
            let flow = run(Source::from_iter(0..200)
                .map(move |n| (n, &a).0)
                .on(arbiters[0].handle())
                .filter(move |n| (n % 2 == 0, &b).0)
                .on(arbiters[1].handle())
                .for_each(move |_| _ = &c));
            within("the end", flow.wait()).await.unwrap();
            assert_eq!(count.load(SeqCst), 3, "a stage is alive after `wait`");
        }
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}

#[test]
fn r5_6_wait_returns_after_blocking_closures_have_ended() {
    system(async {
        let (census, gate) = (Census::new(), Gate::new());
        let (made, hold) = (census.clone(), gate.clone());
        let flow = run(Source::from_iter((0..).map(move |n| made.item(n)))
            .map_blocking(3, move |item| {
                hold.pass_blocking();
                item
            })
            .named("blocking")
            .count());
        until("three closures", || gate.arrived() == 3).await;
        drop(flow.control().cancel("enough"));
        let mut wait = flow.wait();
        until("all but what runs to go", || census.alive() == 3).await;
        assert!(poll!(&mut wait).is_pending());
        gate.open();
        let report = report_of(within("the end", wait).await);
        census.assert_none_alive();
        assert_eq!(report.stage("blocking").unwrap().discarded, 3);
        report.check().unwrap();
    });
}

#[test]
fn r5_6_quit_of_a_blocking_stage_answers_after_its_closures() {
    system(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let flow = run(Source::from_iter(0..)
            .map_blocking(2, move |n| {
                hold.pass_blocking();
                n
            })
            .named("blocking")
            .first());
        until("two closures", || gate.arrived() == 2).await;
        let control = flow.control();
        let mut quit = control.quit_stage("blocking").unwrap();
        for _ in 0..50 {
            tokio::task::yield_now().await;
            assert!(poll!(&mut quit).is_pending());
        }
        gate.open();
        within("the answer", quit).await;
        assert_eq!(flow.await.unwrap(), Some(0));
    });
}

thread_local! {
    /// Dropped when its thread ends, before a join of it returns.
    static HERE: RefCell<Option<Tally>> = const { RefCell::new(None) };
}

#[test]
fn r5_6_wait_returns_after_the_workers_arbiters_are_joined() {
    system(async {
        for cancelled in [false, true] {
            let tally = Tally::default();
            let (threads, mine) = (Arc::clone(&tally.0), tally.next());
            let (inlet, source) = Source::inlet(8);
            let flow = run(source
                .map_parallel_with(4, move |_| {
                    HERE.with_borrow_mut(|here| *here = Some(mine.next()));
                    |n: u64| n
                })
                .count());
            for n in 0..8 {
                inlet.send(n).await.unwrap();
            }
            if cancelled {
                drop(flow.control().cancel("enough"));
            }
            inlet.close();
            let _ = within("the end", flow.wait()).await;
            // The factory holds one, which went with the workers; a cancelled worker may not
            // have begun.
            let ended = threads.load(SeqCst);
            assert!(ended == 5 || cancelled, "{ended} threads have ended");
            let alive = Arc::strong_count(&threads);
            assert_eq!(alive, 2, "threads of the flow live after `wait`");
            drop(tally);
        }
    });
}
