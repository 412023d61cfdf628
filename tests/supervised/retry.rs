//! Rule 6.2: a retry gives the stage the same item, and keeps the order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_flow::prelude::*;

use crate::kit::{Census, failure, finished, quiet_panics, system};

/// Fails the first `times` times that an item is tried for which `picky` holds.
#[derive(Clone, Default)]
struct Flaky(Arc<Mutex<HashMap<u64, u32>>>);

impl Flaky {
    fn attempt(&self, n: u64, times: u32) -> Result<u64, String> {
        let mut attempts = self.0.lock().expect("nothing panics under it");
        let attempt = attempts.entry(n).or_default();
        *attempt += 1;
        if *attempt <= times {
            return Err(format!("attempt {attempt} of {n}"));
        }
        Ok(n)
    }
}

/// Tries an item again at once, as often as it takes.
pub(crate) fn at_once() -> RestartPolicy {
    RestartPolicy::retry()
        .without_limit()
        .backoff(Duration::ZERO, Duration::ZERO)
}

fn times(n: u64) -> u32 {
    if n % 7 == 3 { 2 } else { 0 }
}

#[test]
fn r6_2_a_retried_item_fails_not_at_all_when_it_passes_at_last() {
    system(async {
        let (flaky, census) = (Flaky::default(), Census::new());
        let made = census.clone();
        let flow = Source::from_iter(0..100u64)
            .map(move |n| made.item(n))
            .retried(at_once())
            .try_map(move |item| flaky.attempt(item.number, times(item.number)))
            .named("flaky")
            .collect::<Vec<_>>();
        let finished = finished(flow).await;
        assert!(finished.value.is_some_and(|all| all.into_iter().eq(0..100)));
        let row = finished.report.stage("flaky").expect("it is a stage");
        assert_eq!((row.received, row.passed, row.failed), (100, 100, 0));
        assert_eq!(row.recovered, 28);
        census.assert_none_alive();
    });
}

#[test]
fn r6_2_a_retry_that_is_given_up_fails_once() {
    system(async {
        let (flaky, census) = (Flaky::default(), Census::new());
        let made = census.clone();
        let policy = at_once().limit(3, Duration::from_secs(60));
        let flow = Source::from_iter(0..10u64)
            .map(move |n| made.item(n))
            .retried(policy)
            .try_map(move |item| flaky.attempt(item.number, 9))
            .named("flaky")
            .count();
        let error = failure(flow).await;
        assert_eq!(error.stage(), Some("flaky"));
        let row = error.report().and_then(|report| report.stage("flaky"));
        let row = row.expect("it is a stage");
        assert_eq!((row.received, row.failed, row.recovered), (1, 1, 3));
        census.assert_none_alive();
    });
}

#[test]
fn r6_2_a_retry_keeps_the_order_of_futures_and_runs_the_others() {
    quiet_panics();
    system(async {
        let flaky = Flaky::default();
        let flow = Source::from_iter(0..200u64)
            .retried(at_once())
            .map_async(8, move |n| {
                let flaky = flaky.clone();
                async move {
                    for _ in 0..n % 3 {
                        tokio::task::yield_now().await;
                    }
                    flaky.attempt(n, times(n)).expect("expected: flaky");
                    n
                }
            })
            .named("flaky")
            .collect::<Vec<_>>();
        let finished = finished(flow).await;
        assert!(finished.value.is_some_and(|all| all.into_iter().eq(0..200)));
        let row = finished.report.stage("flaky").expect("it is a stage");
        assert_eq!((row.passed, row.failed), (200, 0));
    });
}

#[test]
fn r6_2_a_closure_that_makes_futures_is_retried_too() {
    quiet_panics();
    system(async {
        let flaky = Flaky::default();
        let flow = Source::from_iter(0..50u64)
            .retried(at_once())
            .map_async(4, move |n| {
                flaky.attempt(n, times(n)).expect("expected: flaky");
                std::future::ready(n)
            })
            .collect::<Vec<_>>();
        assert!(
            finished(flow)
                .await
                .value
                .is_some_and(|all| all.into_iter().eq(0..50))
        );
    });
}

#[test]
fn r6_2_a_retry_keeps_the_order_of_a_parallel_map() {
    quiet_panics();
    system(async {
        for ordered in [true, false] {
            let flaky = Flaky::default();
            let source = Source::from_iter(0..500u64).retried(at_once());
            let work = move |n| flaky.attempt(n, times(n)).expect("expected: flaky");
            let worked = match ordered {
                true => source.map_parallel(3, work),
                false => source.map_parallel_unordered(3, work),
            };
            let flow = worked.window(9).collect::<Vec<_>>();
            let mut all = finished(flow).await.value.expect("it completed");
            if !ordered {
                all.sort_unstable();
            }
            assert!(all.into_iter().eq(0..500));
        }
    });
}

#[test]
fn r6_2_a_retry_keeps_the_order_of_each_key_of_a_partition() {
    system(async {
        let flaky = Flaky::default();
        let parts = Source::from_iter(0..300u64)
            .partition(3, |n| usize::try_from(n % 3).expect("it is small"))
            .into_vec();
        let flow = Blueprint::all(parts.into_iter().map(|part| {
            let flaky = flaky.clone();
            part.retried(at_once())
                .try_map(move |n| flaky.attempt(n, times(n)))
                .collect::<Vec<_>>()
        }));
        let all = finished(flow).await.value.expect("it completed");
        for (key, part) in (0..).zip(all) {
            assert!(part.into_iter().eq((0..300).filter(|n| n % 3 == key)));
        }
    });
}

#[test]
fn r6_2_a_failing_expansion_is_tried_again_from_its_beginning() {
    quiet_panics();
    system(async {
        let mut broken = true;
        let flow = Source::from_iter(0..2u64)
            .retried(at_once())
            .flat_map(move |n| {
                let breaks = n == 1 && std::mem::take(&mut broken);
                (0..3).map(move |m| {
                    assert!(!breaks || m < 2, "expected: once");
                    n * 10 + m
                })
            })
            .collect::<Vec<_>>();
        assert_eq!(
            finished(flow).await.value,
            Some(vec![0, 1, 2, 10, 11, 10, 11, 12])
        );
    });
}
