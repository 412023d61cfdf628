//! Values whose drop panics.

#![allow(clippy::mem_forget, reason = "the drop is what panics")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;

use crate::kit::{Gate, quiet_panics, system, until, within};

/// Panics when it is dropped outside of a panic, and counts its drops.
struct Bomb(Arc<AtomicU64>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        assert!(std::thread::panicking(), "expected: a bomb");
    }
}

#[derive(Clone, Default)]
struct Bombs {
    made: Arc<AtomicU64>,
    dropped: Arc<AtomicU64>,
}

impl Bombs {
    fn source(&self) -> Source<Bomb> {
        let bombs = self.clone();
        Source::repeat_with(move || {
            bombs.made.fetch_add(1, SeqCst);
            Bomb(Arc::clone(&bombs.dropped))
        })
    }

    fn assert_none_alive(&self) {
        assert_eq!(self.made.load(SeqCst), self.dropped.load(SeqCst));
    }
}

/// Bombs in every queue of a flow that does not move.
async fn full(bombs: &Bombs) -> Pipeline<u64> {
    quiet_panics();
    let gate = Gate::new();
    let hold = gate.clone();
    let flow = bombs
        .source()
        .map(|bomb| bomb)
        .window(8)
        .map_async(2, move |bomb| {
            let gate = hold.clone();
            async move {
                gate.pass().await;
                std::mem::forget(bomb);
            }
        })
        .window(8)
        .count()
        .run(&FlowContext::background())
        .unwrap();
    let control = flow.control();
    until("the queues to fill", || {
        gate.arrived() == 2 && control.snapshot().edges()[0].sent == 16
    })
    .await;
    flow
}

#[test]
fn r6_1_items_whose_drop_panics_are_discarded_one_by_one() {
    system(async {
        let bombs = Bombs::default();
        let flow = full(&bombs).await;
        drop(flow.control().cancel("enough"));
        let error = within("the end", flow.wait()).await.unwrap_err();
        assert_eq!(error.cause().unwrap().to_string(), "cancelled: enough");
        error.report().unwrap().check().unwrap();
        bombs.assert_none_alive();
    });
}

#[test]
fn r6_1_an_abort_drops_items_whose_drop_panics() {
    system(async {
        let bombs = Bombs::default();
        let flow = full(&bombs).await;
        drop(flow.control().abort());
        let error = within("the end", flow.wait()).await.unwrap_err();
        assert_eq!(error.cause().unwrap().to_string(), "cancelled: aborted");
        error.report().unwrap().check().unwrap();
        bombs.assert_none_alive();
    });
}

#[test]
fn r6_1_a_quit_discards_items_whose_drop_panics() {
    system(async {
        let bombs = Bombs::default();
        quiet_panics();
        let flow = bombs.source().map(|bomb| bomb).named("pass").window(8);
        let flow = flow.for_each(std::mem::forget).window(8);
        let flow = flow.run(&FlowContext::background()).unwrap();
        let control = flow.control();
        until("some items", || {
            control.snapshot().stage("pass").unwrap().received > 100
        })
        .await;
        within("the quit", control.quit_stage("pass").unwrap()).await;
        let finished = within("the end", flow.wait()).await.unwrap();
        assert!(matches!(finished.ending, Cause::Completed));
        finished.report.check().unwrap();
    });
}

#[test]
fn r6_1_an_item_that_panics_in_a_closure_fails_the_stage() {
    system(async {
        quiet_panics();
        let bombs = Bombs::default();
        let flow = bombs.source().for_each(drop).named("bad");
        let flow = flow.run(&FlowContext::background()).unwrap();
        let error = within("the end", flow.wait()).await.unwrap_err();
        let Some(Cause::Panicked { stage, text }) = error.cause() else {
            panic!("{error}");
        };
        assert_eq!((&**stage, &**text), ("bad", "expected: a bomb"));
        let report = error.report().unwrap();
        report.check().unwrap();
        assert_eq!(report.stage("bad").unwrap().failed, 1);
        bombs.assert_none_alive();
    });
}

#[test]
fn r6_1_a_state_whose_drop_panics_fails_the_flow() {
    system(async {
        quiet_panics();
        let state = Bomb(Arc::default());
        let flow = Source::from_iter(0..10).map(move |n| (n, &state).0);
        let flow = flow.named("bad").count().run(&FlowContext::background());
        let error = within("the end", flow.unwrap().wait()).await.unwrap_err();
        let Some(Cause::Panicked { stage, .. }) = error.cause() else {
            panic!("{error}");
        };
        assert_eq!(&**stage, "bad");
        error.report().unwrap().check().unwrap();
    });
}

#[test]
fn r6_1_an_iterator_whose_drop_panics_does_not_hold_up_a_cancel() {
    struct Endless(#[expect(dead_code, reason = "for its drop")] Bomb);
    impl Iterator for Endless {
        type Item = ();
        fn next(&mut self) -> Option<()> {
            Some(())
        }
    }
    system(async {
        quiet_panics();
        let dropped = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&dropped);
        let flow = Source::once(()).flat_map(move |()| Endless(Bomb(Arc::clone(&count))));
        let flow = flow
            .named("bad")
            .count()
            .run(&FlowContext::background())
            .unwrap();
        let control = flow.control();
        until("its items", || {
            control.snapshot().stage("bad").unwrap().emitted > 100
        })
        .await;
        drop(control.cancel("enough"));
        let error = within("the end", flow.wait()).await.unwrap_err();
        assert_eq!(error.cause().unwrap().to_string(), "cancelled: enough");
        assert_eq!(dropped.load(SeqCst), 1);
        error.report().unwrap().check().unwrap();
    });
}
