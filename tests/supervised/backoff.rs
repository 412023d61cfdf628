//! Rule 6.4: limits, backoff, and what happens in the meantime.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix_flow::prelude::*;
use tokio::time::Instant;

use crate::kit::{Census, failed, failure, finished, paused, quiet_panics, settle, system, within};

const SECOND: Duration = Duration::from_secs(1);

fn steady(policy: RestartPolicy) -> RestartPolicy {
    policy.backoff(SECOND, 4 * SECOND).jitter(0.0)
}

#[test]
fn r6_4_a_retry_waits_twice_as_long_each_time_and_no_longer_than_the_most() {
    paused(async {
        let start = Instant::now();
        let mut times = Vec::new();
        let flow = Source::once(1u64)
            .retried(steady(RestartPolicy::retry()))
            .try_map(move |n| {
                times.push(start.elapsed().as_secs());
                if times.len() < 6 {
                    Err("busy")
                } else {
                    Ok((n, times.clone()))
                }
            })
            .first();
        let (_, times) = finished(flow).await.value.flatten().expect("it passed");
        assert_eq!(times, [0, 1, 3, 7, 11, 15]);
    });
}

#[test]
fn r6_4_past_the_limit_the_failure_goes_up() {
    paused(async {
        let tries = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&tries);
        let policy = steady(RestartPolicy::retry()).limit(2, 60 * SECOND);
        let flow = Source::once(1u64)
            .retried(policy)
            .try_map(move |_| -> Result<u64, String> {
                Err(format!("try {}", count.fetch_add(1, SeqCst) + 1))
            })
            .count();
        let error = failure(flow).await;
        assert_eq!(tries.load(SeqCst), 3);
        assert!(error.to_string().contains("try 3"), "{error}");
    });
}

#[test]
fn r6_4_a_stage_in_backoff_is_felt_upstream_as_missing_credit_only() {
    paused(async {
        let census = Census::new();
        let made = census.clone();
        let mut broken = true;
        let flow = Source::from_iter(0..1_000u64)
            .map(move |n| made.item(n))
            .retried(steady(RestartPolicy::retry()))
            .try_map(move |item| {
                let fails = item.number == 5 && std::mem::take(&mut broken);
                if fails { Err("busy") } else { Ok(item.number) }
            })
            .named("slow")
            .window(16)
            .count();
        let running = flow.run(&FlowContext::background()).expect("it starts");
        settle().await;
        assert!(census.created() < 40, "{} were made", census.created());
        assert!(!running.control().is_finished());
        let finished = within("the end", running.wait()).await.expect("it goes on");
        assert_eq!(finished.value, Some(1_000));
        assert!(
            finished
                .report
                .edges()
                .iter()
                .all(|edge| edge.most_in_flight <= 1_024)
        );
        census.assert_none_alive();
    });
}

/// A flow whose only item waits for an hour.
fn waiting(census: &Census) -> Pipeline<u64> {
    let census = census.clone();
    let hour = 3_600 * SECOND;
    let flow = Source::from_iter(0..9u64)
        .map(move |n| census.item(n))
        .retried(RestartPolicy::retry().backoff(hour, hour))
        .try_map(|_| -> Result<u64, &str> { Err("busy") })
        .named("waiting")
        .count();
    flow.run(&FlowContext::background()).expect("it starts")
}

#[test]
fn r6_4_every_ending_is_obeyed_at_once_during_a_backoff() {
    paused(async {
        for end in 0..5 {
            let census = Census::new();
            let running = waiting(&census);
            let control = running.control();
            settle().await;
            let start = Instant::now();
            match end {
                0 => drop(control.cancel("enough")),
                1 => drop(control.quit()),
                2 => drop(control.abort()),
                3 => drop(control.quit_stage("waiting").expect("it is there")),
                _ => drop(running),
            }
            within("the end", control.finished()).await;
            assert!(start.elapsed() < SECOND, "ending {end}");
            let report = control.snapshot();
            report.check().expect("the sums hold");
            let row = report.stage("waiting").expect("it is a stage");
            assert_eq!((row.received, row.passed, row.failed), (1, 0, 1));
            census.assert_none_alive();
        }
    });
}

#[test]
fn r6_4_a_close_waits_for_the_backoff() {
    paused(async {
        let mut tries = 0;
        let flow = Source::from_iter(0..9u64)
            .retried(steady(RestartPolicy::retry()))
            .try_map(move |n| {
                tries += 1;
                if tries < 3 { Err("busy") } else { Ok(n) }
            })
            .count();
        let running = flow.run(&FlowContext::background()).expect("it starts");
        settle().await;
        within("the close", running.control().close()).await;
        let finished = within("the end", running.wait()).await.expect("it drained");
        assert_eq!(finished.value, Some(9));
    });
}

#[test]
fn r6_4_a_policy_that_panics_lets_the_failure_go_up() {
    quiet_panics();
    system(async {
        let policy = RestartPolicy::decide(|_| panic!("expected: the policy"));
        let flow = Source::once(1u64)
            .map(|_| -> u64 { panic!("expected: the stage") })
            .named("broken")
            .supervised(policy)
            .count();
        let error = failure(flow).await;
        assert_eq!(error.stage(), Some("broken"));
        assert!(error.to_string().contains("expected: the stage"), "{error}");
    });
}

#[test]
fn r6_4_a_factory_that_panics_at_a_restart_is_another_failure() {
    quiet_panics();
    paused(async {
        for good in [3, 99] {
            let mut starts = 0;
            let policy = steady(RestartPolicy::restart()).limit(5, 600 * SECOND);
            let flow = Source::from_iter(0..4u64)
                .scan_with(
                    move |_| {
                        starts += 1;
                        assert!(starts == 1 || starts >= good, "expected: start {starts}");
                    },
                    |(), n| {
                        assert!(n != 1, "expected: one");
                        Some(n)
                    },
                )
                .named("factory")
                .supervised(policy)
                .collect::<Vec<_>>();
            let running = flow.run(&FlowContext::background()).expect("it starts");
            if good == 3 {
                let finished = within("the end", running.wait()).await.expect("it goes on");
                assert_eq!(finished.value, Some(vec![0, 2, 3]));
                let row = finished.report.stage("factory").expect("it is a stage");
                assert_eq!((row.failed, row.recovered), (1, 1));
            } else {
                let error = failed(running).await;
                assert_eq!(error.stage(), Some("factory"));
                let row = error.report().and_then(|report| report.stage("factory"));
                assert_eq!(row.map(|row| (row.failed, row.recovered)), Some((1, 0)));
            }
        }
    });
}

#[test]
fn r6_4_a_stage_that_is_ended_while_it_waits_has_not_recovered() {
    paused(async {
        for quit in [false, true] {
            let flow = Source::from_iter(0..4u64)
                .retried(steady(RestartPolicy::retry()))
                .try_map(|n| if n == 1 { Err("one") } else { Ok(n) })
                .named("waits")
                .count();
            let running = flow.run(&FlowContext::background()).expect("it starts");
            settle().await;
            let control = running.control();
            let report = if quit {
                let quit = control.quit_stage("waits").expect("it is a stage");
                within("the quit", quit).await;
                let finished = within("the end", running.wait()).await;
                finished.expect("it ends well").report
            } else {
                within("the cancel", control.cancel("enough")).await;
                failed(running).await.report().expect("it ran").clone()
            };
            report.check().expect("it balances");
            let row = report.stage("waits").expect("it is a stage");
            assert_eq!((row.failed, row.recovered), (1, 0), "{quit}");
        }
    });
}

#[test]
fn r6_4_a_factory_that_panics_at_the_start_fails_the_flow() {
    quiet_panics();
    system(async {
        let flow = Source::once(1u64)
            .scan_with(|_| panic!("expected: at the start"), |(), n| Some(n))
            .named("factory")
            .supervised(RestartPolicy::restart())
            .count();
        assert_eq!(failure(flow).await.stage(), Some("factory"));
    });
}

#[test]
fn r6_4_an_isolated_stage_recovers_and_beyond_its_limit_ends_only_its_input() {
    system(async {
        let side = |bad: u64, limit| {
            Source::from_iter(0..10u64)
                .try_map(move |n| if n % 5 == bad { Err("bad") } else { Ok(n) })
                .supervised(RestartPolicy::resume().limit(limit, 60 * SECOND))
        };
        let flow = side(4, 2).merge(side(2, 1)).isolated().count();
        let finished = finished(flow).await;
        // The one gives eight, the other what came before its second failure.
        assert_eq!(finished.value, Some(8 + 6));
        assert_eq!(finished.report.isolated().len(), 1);
    });
}
