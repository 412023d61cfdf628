use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use super::{report_of, run};
use crate::kit::{Census, Gate, paused, system, until, within};

type Started = Arc<[AtomicU64; 4]>;

/// Four stages that count the items they start, over three arbiters.
fn saturated(census: &Census, arbiters: &[Arbiter], started: &Started) -> Blueprint<()> {
    let made = census.clone();
    let count = |stage: usize| {
        let started = Arc::clone(started);
        move || _ = started[stage].fetch_add(1, SeqCst)
    };
    let (make, first, second, last) = (count(0), count(1), count(2), count(3));
    Source::from_iter((0..).map(move |n| {
        make();
        made.item(n)
    }))
    .map(move |item| {
        first();
        item
    })
    .on(arbiters[0].handle())
    .map(move |item| {
        second();
        item
    })
    .on(arbiters[1].handle())
    .for_each(move |_| last())
    .default_window(16)
}

#[test]
fn r5_4_after_cancel_returns_each_stage_starts_at_most_one_more_item() {
    system(async {
        let arbiters = [Arbiter::new(), Arbiter::new()];
        for round in 0..200u64 {
            let (census, started) = (Census::new(), Started::default());
            let flow = run(saturated(&census, &arbiters, &started));
            let control = flow.control();
            let (counts, moment) = (Arc::clone(&started), round * 7 % 900);
            let canceller = std::thread::spawn(move || {
                while counts[3].load(SeqCst) < moment {
                    std::hint::spin_loop();
                }
                drop(control.cancel("enough"));
                [0, 1, 2, 3].map(|n: usize| counts[n].load(SeqCst))
            });
            let report = report_of(within("the end", flow.wait()).await);
            let at_return = canceller.join().unwrap();
            for (stage, before) in at_return.into_iter().enumerate() {
                let more = started[stage].load(SeqCst) - before;
                assert!(
                    more <= 1,
                    "stage {stage} started {more} items, round {round}"
                );
            }
            report.check().unwrap();
            census.assert_none_alive();
        }
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}

#[test]
fn r5_4_a_pending_future_is_dropped_at_its_await() {
    struct DropFlag(Arc<AtomicBool>);
    impl Drop for DropFlag {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    system(async {
        let (dropped, gate) = (Arc::new(AtomicBool::new(false)), Gate::new());
        let (flag, hold) = (Arc::clone(&dropped), gate.clone());
        let flow = run(Source::once(())
            .map_async(1, move |()| {
                let (flag, gate) = (DropFlag(Arc::clone(&flag)), hold.clone());
                async move {
                    gate.pass().await;
                    drop(flag);
                }
            })
            .named("pending")
            .count());
        until("the future", || gate.arrived() == 1).await;
        within("the cancel", flow.control().cancel("enough")).await;
        assert!(dropped.load(SeqCst));
        let report = report_of(flow.await);
        report.check().unwrap();
        assert_eq!(report.stage("pending").unwrap().discarded, 1);
    });
}

#[test]
fn r5_4_a_cancelled_context_cancels_the_flow_with_its_cause() {
    system(async {
        let (context, cancel) = FlowContext::background().with_cancel();
        let census = Census::new();
        let made = census.clone();
        let source = Source::from_iter((0..).map(move |n| made.item(n)));
        let flow = source.count().run(&context.with_value("below")).unwrap();
        until("some items", || census.created() > 10_000).await;
        cancel.cancel("the customer hung up");
        let report = report_of(within("the end", flow.wait()).await);
        assert_eq!(
            report.ending().to_string(),
            "cancelled: the customer hung up"
        );
        for stage in report.stages() {
            let ending = stage.ending.as_ref().unwrap().to_string();
            assert_eq!(ending, "cancelled: the customer hung up");
        }
        report.check().unwrap();
        census.assert_none_alive();
    });
}

#[test]
fn r5_4_a_deadline_cancels_the_flow() {
    paused(async {
        let deadline = Duration::from_secs(7);
        let (context, _cancel) = FlowContext::background().with_timeout(deadline);
        let start = tokio::time::Instant::now();
        let ticks = Source::ticks(Duration::from_secs(2)).count();
        let report = report_of(ticks.run(&context).unwrap().wait().await);
        assert_eq!(start.elapsed(), deadline);
        assert!(matches!(report.ending(), Cause::DeadlineExceeded));
        assert_eq!(report.stage("count-1").unwrap().received, 4);
        report.check().unwrap();
    });
}

#[test]
fn r5_4_a_flow_inside_a_stage_ends_with_it() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let (tell, told) = std::sync::mpsc::channel();
        let outer = run(Source::once(())
            .stage_with(move |context| {
                let (context, census, tell) = (context.clone(), made.clone(), tell.clone());
                Nested(move || {
                    let census = census.clone();
                    let items = Source::from_iter((0..).map(move |n| census.item(n)));
                    tell.send(items.count().run(&context).unwrap()).unwrap();
                })
            })
            .merge(Source::repeat_with(|| ()))
            .drain());
        until("the inner flow", || census.created() > 10_000).await;
        let inner = told.recv().unwrap();
        within("the outer flow", outer.control().cancel("enough")).await;
        let report = report_of(within("the inner flow", inner.wait()).await);
        assert_eq!(report.ending().to_string(), "cancelled: enough");
        report.check().unwrap();
        census.assert_none_alive();
        drop(outer);
    });
}

/// Starts another flow at its item.
struct Nested<F>(F);

impl<F: FnMut() + 'static> Stage for Nested<F> {
    type In = ();
    type Out = ();
    type Outs = std::iter::Empty<()>;
    type Error = std::convert::Infallible;

    fn accept(&mut self, (): ()) -> Result<Self::Outs, Self::Error> {
        (self.0)();
        Ok(std::iter::empty())
    }
}

#[test]
fn r5_4_a_flow_inside_a_stage_ends_when_the_outer_completes() {
    system(async {
        let (tell, told) = std::sync::mpsc::channel();
        let outer = run(Source::once(())
            .stage_with(move |context| {
                let (context, tell) = (context.clone(), tell.clone());
                Nested(move || {
                    let inner = Source::repeat_with(|| ()).count();
                    tell.send(inner.run(&context).unwrap()).unwrap();
                })
            })
            .drain());
        outer.await.unwrap();
        let inner = told.recv().unwrap();
        let report = report_of(within("the inner flow", inner.wait()).await);
        let ending = report.ending().to_string();
        assert_eq!(ending, "cancelled: the context ended: completed");
        report.check().unwrap();
    });
}

#[test]
fn r5_6_abort_resolves_when_the_tasks_are_dropped() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let source = Source::from_iter((0..).map(move |n| made.item(n)));
        let flow = run(source
            .map_async(4, |item| async move {
                std::future::pending::<()>().await;
                item
            })
            .named("pending")
            .count());
        let control = flow.control();
        until("four", || {
            control.snapshot().stage("pending").unwrap().received == 4
        })
        .await;
        within("the abort", control.abort()).await;
        census.assert_none_alive();
        let report = report_of(flow.wait().await);
        assert_eq!(report.ending().to_string(), "cancelled: aborted");
        report.check().unwrap();
    });
}
