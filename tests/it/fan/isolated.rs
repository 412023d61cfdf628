//! Fan-ins that keep a failure to one input.

use actix_flow::Cause;
use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{Census, Meter, finished, quiet_panics, refusal, system, until, within};

type Join = fn(Source<u64>, Source<u64>) -> Source<u64>;

const JOINS: [(&str, Join); 4] = [
    ("merge", |a, b| a.merge(b)),
    ("concat", |a, b| a.concat(b)),
    ("interleave", |a, b| a.interleave(b, 3)),
    ("merge_sorted", |a, b| a.merge_sorted(b)),
];

#[test]
fn r4_4_an_isolated_input_that_fails_ends_only_itself() {
    system(async {
        for (verb, join) in JOINS {
            for first in [true, false] {
                let census = Census::new();
                let made = census.clone();
                let bad = Source::from_iter((0..100u64).map(move |n| made.item(n)))
                    .try_map(|item| match item.number {
                        n if n < 5 => Ok(n),
                        _ => Err("five is too much"),
                    })
                    .named("bad");
                let good = Source::from_iter(1_000..1_500u64);
                let both = if first {
                    join(bad, good)
                } else {
                    join(good, bad)
                };
                let flow = both.isolated().collect::<Vec<_>>();
                let finished = finished(flow).await;
                assert!(matches!(finished.ending, Cause::Completed), "{verb}");
                let mut items = finished.value.unwrap();
                items.sort_unstable();
                let shipped = (0..5).chain(1_000..1_500);
                assert!(items.into_iter().eq(shipped), "{verb}");
                let isolated = finished.report.isolated();
                assert_eq!(isolated.len(), 1, "{verb}");
                assert_eq!(
                    isolated[0].to_string(),
                    "stage `bad` failed: five is too much"
                );
                census.assert_none_alive();
            }
        }
    });
}

#[test]
fn r4_4_an_isolated_input_that_panics_ends_only_itself() {
    quiet_panics();
    system(async {
        for (verb, join) in JOINS {
            let bad = Source::from_iter(0..100u64)
                .map(|n| {
                    assert!(n < 7, "expected: seven");
                    n
                })
                .named("bad")
                .map_async(1, |n| async move { n })
                .batch(2)
                .flat_map(|batch| batch);
            let good = Source::from_iter(1_000..1_010u64);
            let finished = finished(join(bad, good).isolated().count()).await;
            assert_eq!(finished.value, Some(17), "{verb}");
            let [Cause::Panicked { stage, text }] = finished.report.isolated() else {
                panic!("{:?}", finished.report.isolated());
            };
            assert_eq!((&**stage, &**text), ("bad", "expected: seven"));
        }
    });
}

#[test]
fn r4_4_an_isolated_input_lost_with_its_arbiter_ends_only_itself() {
    system(async {
        let (arbiter, census, meter) = (Arbiter::new(), Census::new(), Meter::new());
        let (made, enter) = (census.clone(), meter.clone());
        let bad = Source::repeat_with(move || made.item(0))
            .map(move |item| {
                enter.enter();
                item
            })
            .named("there")
            .on(arbiter.handle());
        let (inlet, good) = Source::inlet(1);
        let made = census.clone();
        let good = good.map(move |n| made.item(n));
        let flow = bad.merge(good).isolated().filter(|item| item.number > 0);
        let running = flow.count().run(&FlowContext::background()).unwrap();
        until("items to flow", || meter.entered() > 100).await;
        arbiter.stop();
        arbiter.join().unwrap();
        for n in 1..=10 {
            inlet.send(n).await.unwrap();
        }
        drop(inlet);
        let finished = within("the flow", running.wait()).await.unwrap();
        finished.report.check().unwrap();
        assert_eq!(finished.value, Some(10));
        let [Cause::Lost { stage }] = finished.report.isolated() else {
            panic!("{:?}", finished.report.isolated());
        };
        assert_eq!(&**stage, "there");
        census.assert_none_alive();
    });
}

#[test]
fn r4_4_an_isolated_zip_completes_with_the_input_that_failed() {
    system(async {
        let bad = Source::from_iter(0..100u64).try_map(|n| if n < 3 { Ok(n) } else { Err("no") });
        let flow = bad.zip(Source::repeat_with(|| 1u64)).isolated().count();
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some(3));
        assert_eq!(finished.report.isolated().len(), 1);
    });
}

#[test]
fn r4_4_when_every_isolated_input_fails_the_flow_completes() {
    system(async {
        let bad = |n: u64| Source::<u64>::failed(format!("number {n}"));
        let flow = Source::merge_all((0..5).map(bad)).isolated().count();
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some(0));
        assert_eq!(finished.report.isolated().len(), 5);
    });
}

#[test]
fn r4_4_a_failure_goes_to_the_nearest_isolating_fan_in() {
    system(async {
        let bad = Source::<u64>::failed("bad").merge(Source::from_iter(0..10));
        let good = Source::from_iter(0..10u64).merge(Source::from_iter(0..10));
        let flow = bad.merge(good).isolated().count();
        let finished = finished(flow).await;
        assert!((20..=30).contains(&finished.value.unwrap()));
        assert_eq!(finished.report.isolated().len(), 1);
    });
}

#[test]
fn r4_4_a_worker_that_panics_in_an_isolated_input_ends_only_that_input() {
    quiet_panics();
    system(async {
        let bad = Source::from_iter(0..1_000u64)
            .map_parallel(2, |n| {
                assert!(n != 500, "expected: half");
                n
            })
            .window(8);
        let good = Source::from_iter(0..100u64);
        let finished = finished(bad.merge(good).isolated().count()).await;
        assert!(finished.value.unwrap() >= 100);
        assert_eq!(finished.report.isolated().len(), 1);
    });
}

#[test]
fn r4_4_a_failure_behind_the_isolating_fan_in_fails_the_flow() {
    system(async {
        let both = Source::from_iter(0..10u64).merge(Source::from_iter(0..10));
        let flow = both
            .isolated()
            .try_map(|n| if n < 9 { Ok(n) } else { Err("nine") });
        let error = crate::kit::failure(flow.count()).await;
        assert_eq!(error.stage(), Some("try_map-1"));
    });
}

#[test]
fn isolated_means_nothing_where_nothing_is_joined() {
    system(async {
        let refused = refusal(Source::from_iter(0..3u64).map(|n| n).isolated().count());
        assert!(matches!(refused, StartError::Misplaced { .. }));
        assert_eq!(
            refused.to_string(),
            "`isolated` was written at `map-1`, where it means nothing: leave it out"
        );
    });
}

#[test]
fn r4_4_a_stage_that_has_enough_does_not_fail_with_its_input() {
    system(async {
        // Shipped in one turn with the failure behind it, so that both are there at once.
        let input = Source::from_iter(0..6u64)
            .try_map(|n| {
                if n < 5 {
                    Ok(n)
                } else {
                    Err("five is too much")
                }
            })
            .named("bad")
            .take_while(|n| *n < 4);
        let flow = input.merge(Source::empty()).isolated().count();
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some(4));
        let take = finished.report.stage("take_while-1").unwrap();
        assert!(matches!(take.ending, Some(Cause::Completed)));
    });
}
