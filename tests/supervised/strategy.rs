//! Rule 6.3: the strategy is the blast radius.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{finished, paused, quiet_panics, settle, system};

/// How often each of three stages was started, when the one in the middle fails once.
async fn starts(strategy: Strategy) -> [u64; 3] {
    let counts: [Arc<AtomicU64>; 3] = Default::default();
    let stage = |n: usize| {
        let count = Arc::clone(&counts[n]);
        move |_: &FlowContext| {
            count.fetch_add(1, SeqCst);
        }
    };
    let policy = RestartPolicy::restart().backoff(Duration::ZERO, Duration::ZERO);
    let mut healthy = false;
    let flow = Source::from_iter(0..100u64)
        .scan_with(stage(0), |(), n| Some(n))
        .scan_with(stage(1), move |(), n| {
            assert!(
                n != 50 || std::mem::replace(&mut healthy, true),
                "expected: fifty"
            );
            Some(n)
        })
        .supervised(policy)
        .scan_with(stage(2), |(), n| Some(n))
        .count()
        .default_window(4)
        .strategy(strategy);
    let finished = finished(flow).await;
    assert_eq!(finished.value, Some(99));
    counts.map(|count| count.load(SeqCst))
}

#[test]
fn r6_3_one_for_one_restarts_the_failed_stage_alone() {
    quiet_panics();
    system(async { assert_eq!(starts(Strategy::OneForOne).await, [1, 2, 1]) });
}

#[test]
fn r6_3_rest_for_one_restarts_what_is_downstream_of_it_too() {
    quiet_panics();
    system(async { assert_eq!(starts(Strategy::RestForOne).await, [1, 2, 2]) });
}

#[test]
fn r6_3_one_for_all_restarts_every_stage() {
    quiet_panics();
    system(async { assert_eq!(starts(Strategy::OneForAll).await, [2, 2, 2]) });
}

#[test]
fn r6_3_a_resume_and_a_retry_have_no_radius() {
    quiet_panics();
    system(async {
        let count = Arc::new(AtomicU64::new(0));
        let started = Arc::clone(&count);
        let flow = Source::from_iter(0..10u64)
            .map(|n| assert!(n != 5, "expected: five"))
            .supervised(RestartPolicy::resume())
            .scan_with(
                move |_| {
                    started.fetch_add(1, SeqCst);
                },
                |(), ()| Some(()),
            )
            .count()
            .strategy(Strategy::OneForAll);
        assert_eq!(finished(flow).await.value, Some(9));
        assert_eq!(count.load(SeqCst), 1);
    });
}

#[test]
fn r6_3_what_a_renewed_stage_has_in_work_is_discarded_and_counted() {
    quiet_panics();
    system(async {
        let policy = RestartPolicy::restart().backoff(Duration::ZERO, Duration::ZERO);
        /// Endless outputs of its item.
        struct Endless;
        impl Stage for Endless {
            type In = u64;
            type Out = u64;
            type Outs = std::iter::RepeatN<u64>;
            type Error = std::convert::Infallible;

            fn accept(&mut self, item: u64) -> Result<Self::Outs, Self::Error> {
                let many = if item == 0 { 1_000_000 } else { 2 };
                Ok(std::iter::repeat_n(item, many))
            }
        }
        let mut seen = 0u64;
        let flow = Source::from_iter(0..3u64)
            .stage_with(|_| Endless)
            .named("endless")
            .window(1)
            .scan_with(
                |_| (),
                move |(), n| {
                    seen += 1;
                    assert!(seen != 100, "expected: a hundred");
                    Some(n)
                },
            )
            .window(8)
            .supervised(policy)
            .fold(0, |sum, n| sum + n)
            .strategy(Strategy::OneForAll);
        let finished = finished(flow).await;
        // Of the first item some, of the others all.
        assert_eq!(finished.value, Some(2 + 4));
        let row = finished.report.stage("endless").expect("it is a stage");
        assert_eq!((row.received, row.passed, row.discarded), (3, 2, 1));
    });
}

#[test]
fn r6_3_an_item_that_a_restarted_worker_discards_holds_up_no_other() {
    quiet_panics();
    paused(async {
        let (mut healthy, busy) = (false, AtomicU64::new(0));
        let after = |policy: RestartPolicy, seconds| {
            let time = Duration::from_secs(seconds);
            policy.backoff(time, time)
        };
        let soon = after(RestartPolicy::restart(), 1);
        let later = after(RestartPolicy::retry(), 10);
        let flow = Source::from_iter(0..20u64)
            .scan_with(
                |_| (),
                move |(), n| {
                    let ill = n == 10 && !std::mem::replace(&mut healthy, true);
                    assert!(!ill, "expected: ten");
                    Some(n)
                },
            )
            .supervised(soon)
            .retried(later)
            // It waits for its second try of the first item when it is restarted.
            .map_parallel_on(&[Arbiter::current()], move |n: u64| {
                assert!(n > 0 || busy.fetch_add(1, SeqCst) > 0, "expected: busy");
                n
            })
            .collect::<Vec<_>>()
            .strategy(Strategy::RestForOne);
        let left: Vec<_> = (1..20).filter(|n| *n != 10).collect();
        assert_eq!(finished(flow).await.value, Some(left));
    });
}

#[test]
fn r6_3_a_stage_that_was_quit_in_its_backoff_restarts_nobody() {
    quiet_panics();
    paused(async {
        let starts = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&starts);
        let minute = Duration::from_secs(60);
        let (inlet, items) = Source::inlet(4);
        let (kept, others) = Source::inlet(4);
        let failing = items
            .scan_with(
                |_| (),
                |(), n: u64| -> Option<u64> { panic!("expected: {n}") },
            )
            .named("fails")
            .supervised(RestartPolicy::restart().backoff(minute, minute));
        let flow = failing
            .merge(others)
            .scan_with(
                move |_| {
                    count.fetch_add(1, SeqCst);
                    0
                },
                |sum, n| {
                    *sum += n;
                    Some(*sum)
                },
            )
            .collect::<Vec<_>>()
            .strategy(Strategy::RestForOne);
        let running = flow.run(&FlowContext::background()).expect("it starts");
        inlet.send(1).await.expect("it is taken");
        kept.send(2).await.expect("it is taken");
        settle().await;
        let quit = running.control().quit_stage("fails");
        quit.expect("it is a stage").await;
        tokio::time::sleep(2 * minute).await;
        kept.send(3).await.expect("it is taken");
        drop((inlet, kept));
        assert_eq!(running.await.expect("it ends well"), [2, 5]);
        assert_eq!(starts.load(SeqCst), 1);
    });
}
