//! A generator never computes more than its edge asked for.

use actix_flow::prelude::*;

use crate::kit::{Gate, Meter, settle, system, until, value};

/// Every kind of generator, each counting what it computes; all are endless.
fn endless() -> Vec<(Source<u64>, Meter)> {
    let kinds: [fn(Meter) -> Source<u64>; 6] = [
        |meter| Source::from_iter((0..).inspect(move |_| meter.enter())),
        |meter| {
            Source::repeat_with(move || {
                meter.enter();
                1
            })
        },
        |meter| {
            Source::unfold(0, move |n| {
                meter.enter();
                *n += 1;
                Some(*n)
            })
        },
        |meter| {
            Source::from_stream(futures::stream::repeat_with(move || {
                meter.enter();
                1
            }))
        },
        |meter| {
            Source::unfold_async(0, move |n: u64| {
                meter.enter();
                async move { Some((n, n + 1)) }
            })
        },
        |meter| {
            Source::generate(async move |mut out: Yielder<u64>| {
                loop {
                    meter.enter();
                    out.send(1).await;
                }
            })
        },
    ];
    let made = kinds.into_iter().map(|kind| {
        let meter = Meter::new();
        (kind(meter.clone()), meter)
    });
    made.collect()
}

#[test]
fn r3_1_take_asks_for_no_more_than_remains() {
    system(async {
        for (n, window) in [
            (0, 8),
            (1, 8),
            (7, 8),
            (8, 8),
            (20, 8),
            (21, 1),
            (300, 1_024),
        ] {
            for (kind, (source, meter)) in endless().into_iter().enumerate() {
                let flow = source.take(n).window(window).count();
                assert_eq!(value(flow).await, n, "kind {kind}");
                assert_eq!(meter.entered(), n, "kind {kind}, window {window}");
            }
        }
    });
}

#[test]
fn r3_1_first_asks_for_one() {
    system(async {
        for (source, meter) in endless() {
            assert!(value(source.first()).await.is_some());
            assert_eq!(meter.entered(), 1);
        }
    });
}

#[test]
fn r3_1_computed_items_never_exceed_what_was_granted() {
    system(async {
        for window in [1, 2, 5, 16] {
            for (kind, (source, meter)) in endless().into_iter().enumerate() {
                let gate = Gate::new();
                let hold = gate.clone();
                let flow = source
                    .map_async(1, move |n| {
                        let hold = hold.clone();
                        async move {
                            hold.pass().await;
                            n
                        }
                    })
                    .window(window)
                    .take(100)
                    .count();
                let running = flow.run(&FlowContext::background()).unwrap();
                let granted = window as u64;
                until("the window to be used", || meter.entered() == granted).await;
                settle().await;
                assert_eq!(meter.entered(), granted, "kind {kind}");
                gate.open();
                let finished = running.wait().await.unwrap();
                assert_eq!(finished.value, Some(100));
                finished.report.check().unwrap();
                assert!(meter.entered() <= 100 + granted, "kind {kind}");
            }
        }
    });
}

#[test]
fn r3_1_a_take_behind_a_filter_stops_the_generator_within_its_window() {
    system(async {
        let meter = Meter::new();
        let enter = meter.clone();
        let flow = Source::from_iter((0..u64::MAX).inspect(move |_| enter.enter()))
            .filter(|n| n % 10 == 0)
            .window(4)
            .take(3)
            .collect::<Vec<_>>();
        assert_eq!(value(flow).await, [0, 10, 20]);
        assert!((21..=40).contains(&meter.entered()), "{meter:?}");
    });
}

#[test]
fn r3_1_code_behind_a_yield_runs_only_when_the_next_item_is_asked_for() {
    system(async {
        let meter = Meter::new();
        let behind = meter.clone();
        let flow = Source::generate(async move |mut out: Yielder<u64>| {
            for n in 0..10 {
                out.send(n).await;
                behind.enter();
            }
        });
        assert_eq!(value(flow.take(4).collect::<Vec<_>>()).await, [0, 1, 2, 3]);
        assert_eq!(meter.entered(), 3);
    });
}
