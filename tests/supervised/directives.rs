//! Rules 6.2 and 6.5: what a directive does to the stage, its item and its queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;

use crate::kit::{Census, failure, finished, quiet_panics, system};

/// Numbers 0 to 9; the stage `fragile` panics at 3 and errs at 6.
fn fragile(census: &Census, policy: RestartPolicy) -> Blueprint<Vec<u64>> {
    let census = census.clone();
    Source::from_iter(0..10u64)
        .map(move |n| census.item(n))
        .try_map(|item| match item.number {
            3 => panic!("expected: three"),
            6 => Err("six"),
            n => Ok(n),
        })
        .named("fragile")
        .supervised(policy)
        .collect()
}

#[test]
fn r6_2_resume_drops_the_item_and_goes_on() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let finished = finished(fragile(&census, RestartPolicy::resume())).await;
        assert_eq!(finished.value, Some(vec![0, 1, 2, 4, 5, 7, 8, 9]));
        let row = finished.report.stage("fragile").expect("it is a stage");
        assert_eq!((row.received, row.passed, row.failed), (10, 8, 2));
        assert_eq!(row.recovered, 2);
        census.assert_none_alive();
    });
}

#[test]
fn r6_2_stop_ends_the_flow_with_the_stage_and_its_cause() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let error = failure(fragile(&census, RestartPolicy::stop())).await;
        assert_eq!(error.stage(), Some("fragile"));
        assert!(matches!(error.cause(), Some(Cause::Panicked { .. })));
        census.assert_none_alive();
    });
}

#[test]
fn r6_2_the_policy_is_asked_once_for_each_failure_with_its_cause() {
    quiet_panics();
    system(async {
        let (asked, census) = (Arc::new(AtomicU64::new(0)), Census::new());
        let count = Arc::clone(&asked);
        let policy = RestartPolicy::decide(move |cause| {
            count.fetch_add(1, SeqCst);
            match cause {
                Cause::Panicked { .. } => Directive::Resume,
                _ => Directive::Stop,
            }
        });
        let error = failure(fragile(&census, policy)).await;
        assert!(matches!(error.cause(), Some(Cause::Failed { .. })));
        assert_eq!(asked.load(SeqCst), 2);
        let row = error.report().and_then(|report| report.stage("fragile"));
        assert_eq!(row.map(|row| (row.failed, row.recovered)), Some((2, 1)));
        census.assert_none_alive();
    });
}

#[test]
fn r6_2_resume_keeps_the_state_and_restart_makes_it_anew() {
    quiet_panics();
    system(async {
        let sums = |policy| {
            Source::from_iter([1u64, 2, 0, 3, 4])
                .scan_with(
                    |_| 0,
                    |sum, n| {
                        assert!(n > 0, "expected: zero");
                        *sum += n;
                        Some(*sum)
                    },
                )
                .supervised(policy)
                .collect::<Vec<_>>()
        };
        let resumed = finished(sums(RestartPolicy::resume())).await;
        assert_eq!(resumed.value, Some(vec![1, 3, 6, 10]));
        let restarted = finished(sums(RestartPolicy::restart())).await;
        assert_eq!(restarted.value, Some(vec![1, 3, 3, 7]));
    });
}

#[test]
fn r6_5_the_queue_survives_a_restart_and_the_item_in_work_is_reported() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let made = census.clone();
        let started = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&started);
        let flow = Source::from_iter(0..1_000u64)
            .map(move |n| made.item(n))
            .scan_with(
                move |_| {
                    count.fetch_add(1, SeqCst);
                },
                |(), item| {
                    assert!(item.number % 250 != 100, "expected: a hundred");
                    Some(item.number)
                },
            )
            .named("fragile")
            .supervised(RestartPolicy::restart())
            .count();
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some(996));
        assert_eq!(started.load(SeqCst), 5);
        let row = finished.report.stage("fragile").expect("it is a stage");
        assert_eq!((row.received, row.passed, row.failed), (1_000, 996, 4));
        assert!(
            finished
                .report
                .edges()
                .iter()
                .all(|edge| edge.discarded == 0)
        );
        census.assert_none_alive();
    });
}

#[test]
fn r6_2_a_source_is_restarted_from_its_factory_and_the_report_says_so() {
    quiet_panics();
    system(async {
        let tries = Arc::new(AtomicU64::new(0));
        let source = Source::from_iter_with(move |_| {
            let first = tries.fetch_add(1, SeqCst) * 10;
            (first..first + 3).inspect(|n| assert!(*n != 2 && *n != 11, "expected: broken"))
        });
        let flow = source
            .named("numbers")
            .supervised(RestartPolicy::restart())
            .collect::<Vec<_>>();
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some(vec![0, 1, 10, 20, 21, 22]));
        let row = finished.report.stage("numbers").expect("it is a stage");
        assert_eq!((row.recovered, row.emitted), (2, 6));
    });
}

#[test]
fn r6_2_futures_that_fail_are_resumed_in_order() {
    quiet_panics();
    system(async {
        for policy in [
            RestartPolicy::resume(),
            RestartPolicy::decide(|_| Directive::Resume),
        ] {
            let flow = Source::from_iter(0..200u64)
                .map_async(8, |n| async move {
                    for _ in 0..n % 5 {
                        tokio::task::yield_now().await;
                    }
                    assert!(n % 10 != 7, "expected: seven");
                    n
                })
                .named("wait")
                .supervised(policy)
                .collect::<Vec<_>>();
            let finished = finished(flow).await;
            let expected: Vec<u64> = (0..200).filter(|n| n % 10 != 7).collect();
            assert_eq!(finished.value, Some(expected));
            let row = finished.report.stage("wait").expect("it is a stage");
            assert_eq!((row.passed, row.failed, row.recovered), (180, 20, 20));
        }
    });
}

#[test]
fn r6_2_a_worker_that_resumes_keeps_the_order_of_the_others() {
    quiet_panics();
    system(async {
        let flow = Source::from_iter(0..2_000u64)
            .map_parallel(3, |n| {
                assert!(n % 13 != 5, "expected: five");
                n
            })
            .named("crew")
            .window(12)
            .supervised(RestartPolicy::resume())
            .collect::<Vec<_>>();
        let finished = finished(flow).await;
        let expected: Vec<u64> = (0..2_000).filter(|n| n % 13 != 5).collect();
        assert_eq!(finished.value, Some(expected));
    });
}

#[test]
fn r6_2_workers_are_restarted_from_their_factory() {
    quiet_panics();
    system(async {
        let flow = Source::from_iter(0..300u64)
            .map_parallel_with(2, |_| {
                let mut healthy = true;
                move |n: u64| {
                    assert!(healthy, "expected: still broken");
                    healthy = n % 50 != 49;
                    assert!(healthy, "expected: broken");
                    n
                }
            })
            .supervised(
                RestartPolicy::restart()
                    .without_limit()
                    .backoff(std::time::Duration::ZERO, std::time::Duration::ZERO),
            )
            .collect::<Vec<_>>();
        let finished = finished(flow).await;
        let expected: Vec<u64> = (0..300).filter(|n| n % 50 != 49).collect();
        assert_eq!(finished.value, Some(expected));
    });
}

#[test]
fn r6_2_an_expansion_that_fails_is_resumed_behind_what_it_gave() {
    quiet_panics();
    system(async {
        let flow = Source::from_iter(0..3u64)
            .flat_map(|n| {
                (0..4).map(move |m| {
                    assert!((n, m) != (1, 2), "expected: in the middle");
                    n * 10 + m
                })
            })
            .named("expand")
            .window(1)
            .supervised(RestartPolicy::resume())
            .collect::<Vec<_>>()
            .window(1);
        let finished = finished(flow).await;
        assert_eq!(
            finished.value,
            Some(vec![0, 1, 2, 3, 10, 11, 20, 21, 22, 23])
        );
        let row = finished.report.stage("expand").expect("it is a stage");
        assert_eq!((row.received, row.passed, row.failed), (3, 2, 1));
    });
}

#[test]
fn r6_2_a_fan_out_is_resumed_behind_the_item_whose_key_failed() {
    quiet_panics();
    system(async {
        let parts = Source::from_iter(0..100usize)
            .partition(2, |n| match n % 10 {
                3 => panic!("expected: three"),
                // Out of range.
                7 => 2,
                rest => rest % 2,
            })
            .window(4)
            .supervised(RestartPolicy::resume())
            .into_vec();
        let flow = Blueprint::all(parts.into_iter().map(Source::count));
        assert_eq!(finished(flow).await.value, Some(vec![50, 30]));
    });
}

#[test]
fn r6_2_a_sink_goes_on_where_its_state_survived() {
    quiet_panics();
    system(async {
        let each = Source::from_iter(0..10u64)
            .for_each(|n| assert!(n % 5 != 2, "expected: two"))
            .named("sink")
            .supervised(RestartPolicy::resume());
        let report = finished(each).await.report;
        let row = report.stage("sink").expect("it is a stage");
        assert_eq!((row.passed, row.failed), (8, 2));
        let lost = Source::from_iter(0..10u64)
            .fold(0, |sum, n| {
                assert!(n != 2, "expected: two");
                sum + n
            })
            .named("sink")
            .supervised(RestartPolicy::resume());
        let error = failure(lost).await;
        assert_eq!(error.stage(), Some("sink"));
        let text = error.cause().map(ToString::to_string).unwrap_or_default();
        assert!(text.contains("expected: two"), "{text}");
        let row = error.report().and_then(|report| report.stage("sink"));
        assert_eq!(row.map(|row| (row.failed, row.recovered)), Some((1, 0)));
    });
}

#[test]
fn r6_2_a_source_that_resumes_for_ever_goes_up() {
    quiet_panics();
    system(async {
        let flow = Source::repeat_with(|| -> u64 { panic!("expected: always") })
            .named("broken")
            .supervised(RestartPolicy::resume())
            .count();
        let running = flow.run(&FlowContext::background()).expect("it starts");
        tokio::time::pause();
        let error = crate::kit::failed(running).await;
        assert_eq!(error.stage(), Some("broken"));
        let report = error.report().expect("it ran");
        assert_eq!(report.stage("broken").map(|row| row.recovered), Some(10));
    });
}
