//! Maps on worker actors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::Cause;
use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{
    Census, Gate, Meter, failed, finished, quiet_panics, settle, system, until, value, within,
};

#[test]
fn r4_7_map_parallel_keeps_input_order() {
    system(async {
        for (workers, window) in [(1, 1), (1, 8), (3, 3), (3, 4), (4, 64)] {
            let flow = Source::from_iter(0..1_000u64)
                .map_parallel(workers, |n| {
                    if n % 7 == 0 {
                        std::thread::yield_now();
                    }
                    n
                })
                .window(window)
                .collect::<Vec<_>>();
            let items = value(flow).await;
            assert!(items.into_iter().eq(0..1_000), "{workers} {window}");
        }
    });
}

#[test]
fn r4_7_map_parallel_unordered_gives_every_result_once() {
    system(async {
        let flow = Source::from_iter(0..1_000u64)
            .map_parallel_unordered(3, |n| n)
            .window(9)
            .collect::<Vec<_>>();
        let mut items = value(flow).await;
        items.sort_unstable();
        assert!(items.into_iter().eq(0..1_000));
    });
}

#[test]
fn r4_7_workers_run_at_once_and_no_more_than_there_are() {
    system(async {
        let (gate, meter) = (Gate::new(), Meter::new());
        let (hold, inside) = (gate.clone(), meter.clone());
        let flow = Source::from_iter(0..50u64).map_parallel(3, move |n| {
            inside.enter();
            hold.pass_blocking();
            inside.leave();
            n
        });
        // Small, so that the first worker to start cannot take all items.
        let running = flow
            .window(6)
            .count()
            .run(&FlowContext::background())
            .unwrap();
        until("all workers to be at the gate", || gate.arrived() == 3).await;
        gate.open();
        let finished = running.wait().await.unwrap();
        finished.report.check().unwrap();
        assert_eq!(finished.value, Some(50));
        assert_eq!(meter.most(), 3);
    });
}

#[test]
fn r4_7_running_and_waiting_results_of_workers_never_exceed_the_window() {
    system(async {
        let (gate, meter) = (Gate::new(), Meter::new());
        let (hold, enter) = (gate.clone(), meter.clone());
        let flow = Source::from_iter(0..200u64)
            .map_parallel(2, move |n| {
                enter.enter();
                if n == 0 {
                    hold.pass_blocking();
                }
                n
            })
            .window(10)
            .collect::<Vec<_>>();
        let running = flow.run(&FlowContext::background()).unwrap();
        // One worker holds the first, the other has its share of results.
        until("a share to wait", || meter.entered() >= 6).await;
        settle().await;
        assert!(meter.entered() <= 10, "{meter:?}");
        gate.open();
        let finished = running.wait().await.unwrap();
        finished.report.check().unwrap();
        assert!(finished.value.unwrap().into_iter().eq(0..200));
    });
}

#[test]
fn composites_report_their_parts_and_a_summed_row() {
    system(async {
        let flow = Source::from_iter(0..100u64)
            .map_parallel(2, |n| n)
            .named("digest");
        let running = flow.count().run(&FlowContext::background()).unwrap();
        let graph = running.control().graph();
        let names: Vec<_> = graph.stages().map(|(name, _)| name.to_owned()).collect();
        let expected = [
            "from_iter-1",
            "digest/split",
            "digest/1",
            "digest/2",
            "digest/join",
            "count-1",
        ];
        assert_eq!(names, expected);
        let report = running.wait().await.unwrap().report;
        report.check().unwrap();
        let whole = report.stage("digest").unwrap();
        assert!(whole.summed);
        let parts = report
            .stages()
            .iter()
            .filter(|row| row.part_of.as_deref() == Some("digest"));
        assert_eq!(whole.emitted, parts.map(|row| row.emitted).sum::<u64>());
        let workers = ["digest/1", "digest/2"].map(|name| report.stage(name).unwrap().passed);
        assert_eq!(workers.iter().sum::<u64>(), 100);
    });
}

#[test]
fn r4_7_results_lost_with_a_quit_worker_do_not_hold_back_the_order() {
    system(async {
        for _ in 0..10 {
            let (gate, census, meter) = (Gate::new(), Census::new(), Meter::new());
            let (hold, made, enter) = (gate.clone(), census.clone(), meter.clone());
            let flow = Source::from_iter((0..500u64).map(move |n| made.item(n)))
                .map_parallel(2, move |item| {
                    enter.enter();
                    hold.pass_blocking();
                    item
                })
                .named("digest")
                .window(16)
                .fold(vec![], |mut numbers, item| {
                    numbers.push(item.number);
                    numbers
                });
            let running = flow.run(&FlowContext::background()).unwrap();
            let control = running.control();
            until("both workers to be busy", || gate.arrived() == 2).await;
            drop(control.quit_stage("digest/1").unwrap());
            gate.open();
            let finished = within("the flow", running.wait()).await.unwrap();
            finished.report.check().unwrap();
            assert!(matches!(finished.ending, Cause::Completed));
            let numbers = finished.value.unwrap();
            assert!(numbers.is_sorted());
            assert!((480..500).contains(&numbers.len()), "{}", numbers.len());
            census.assert_none_alive();
        }
    });
}

#[test]
fn r4_7_when_all_workers_are_quit_the_flow_completes_with_what_they_gave() {
    system(async {
        let meter = Meter::new();
        let enter = meter.clone();
        let flow = Source::repeat_with(|| 1u64)
            .map_parallel(2, move |n| {
                enter.enter();
                n
            })
            .named("digest");
        let running = flow.count().run(&FlowContext::background()).unwrap();
        until("items to flow", || meter.entered() > 100).await;
        drop(running.control().quit_stage("digest").unwrap());
        let finished = within("the flow", running.wait()).await.unwrap();
        finished.report.check().unwrap();
        assert!(finished.value.unwrap() > 0);
    });
}

#[test]
fn a_worker_has_a_closure_with_a_state_of_its_own() {
    system(async {
        let made = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&made);
        let ctx = FlowContext::background().with_value(40u64);
        let flow = Source::from_iter(0..100u64)
            .map_parallel_with(3, move |cx| {
                count.fetch_add(1, SeqCst);
                let base = std::rc::Rc::new(*cx.value::<u64>().unwrap());
                let mut calls = 0u64;
                move |n| {
                    calls += 1;
                    assert!(calls <= 100);
                    n + *base
                }
            })
            .collect::<Vec<_>>();
        let items = flow.run(&ctx).unwrap().await.unwrap();
        assert!(items.into_iter().eq(40..140));
        assert_eq!(made.load(SeqCst), 3);
    });
}

#[test]
fn workers_can_share_arbiters_of_the_caller() {
    system(async {
        let arbiters = [Arbiter::new(), Arbiter::new()];
        let places = [
            arbiters[0].handle(),
            arbiters[1].handle(),
            arbiters[0].handle(),
        ];
        for _ in 0..3 {
            let here = std::thread::current().id();
            let flow = Source::from_iter(0..300u64)
                .map_parallel_on(&places, move |n| {
                    assert_ne!(std::thread::current().id(), here);
                    n
                })
                .collect::<Vec<_>>();
            assert!(value(flow).await.into_iter().eq(0..300));
        }
        for arbiter in arbiters {
            assert!(arbiter.handle().alive());
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}

#[test]
fn a_worker_that_panics_fails_the_flow_and_loses_no_item() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let made = census.clone();
        let flow = Source::from_iter((0..1_000u64).map(move |n| made.item(n)))
            .map_parallel(3, |item| {
                assert!(item.number != 400, "expected: four hundred");
                item
            })
            .named("digest")
            .count();
        let running = flow.run(&FlowContext::background()).unwrap();
        let error = failed(running).await;
        assert!(error.stage().unwrap().starts_with("digest/"));
        assert!(matches!(error.cause(), Some(Cause::Panicked { .. })));
        assert_eq!(error.report().unwrap().stage("digest").unwrap().failed, 1);
        census.assert_none_alive();
    });
}

#[test]
fn an_item_travels_as_segments_and_comes_back_as_one_result() {
    system(async {
        for (jobs, window) in [(1, 1), (2, 4), (3, 64)] {
            let flow = Source::from_iter(0..60u64)
                .segmented(
                    jobs,
                    |n| 0..n,
                    |segment| segment * 2,
                    |results: Vec<u64>| results,
                )
                .window(window)
                .named("split")
                .collect::<Vec<_>>();
            let finished = finished(flow).await;
            let expected: Vec<Vec<_>> = (0..60)
                .map(|n| (0..n).map(|segment| segment * 2).collect())
                .collect();
            assert_eq!(finished.value, Some(expected));
            let parts: Vec<_> = finished
                .report
                .stages()
                .iter()
                .map(|row| &*row.name)
                .collect();
            assert!(parts.contains(&"split/cut") && parts.contains(&"split/regroup"));
        }
    });
}

#[test]
fn segments_are_cut_only_as_workers_take_them() {
    system(async {
        let meter = Meter::new();
        let cut = meter.clone();
        let flow = Source::once(())
            .segmented(
                2,
                move |()| {
                    let cut = cut.clone();
                    std::iter::repeat_with(move || cut.enter())
                },
                |()| (),
                |results| results.len(),
            )
            .window(8)
            .count();
        let running = flow.run(&FlowContext::background()).unwrap();
        until("segments to flow", || meter.entered() > 50).await;
        within("the flow to be gone", running.control().cancel("endless")).await;
        failed(running).await;
    });
}

#[test]
fn an_item_that_lost_a_segment_gives_no_result() {
    system(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let flow = Source::from_iter(0..50u64)
            .segmented(
                2,
                |n| vec![n; 3],
                move |n| {
                    hold.pass_blocking();
                    n
                },
                |results: Vec<u64>| results,
            )
            .named("split")
            .window(8)
            .collect::<Vec<_>>();
        let running = flow.run(&FlowContext::background()).unwrap();
        until("both workers to be busy", || gate.arrived() == 2).await;
        drop(running.control().quit_stage("split/2").unwrap());
        gate.open();
        let finished = within("the flow", running.wait()).await.unwrap();
        finished.report.check().unwrap();
        let results = finished.value.unwrap();
        assert!(results.len() < 50);
        assert!(
            results
                .iter()
                .all(|r| r.len() == 3 && r[0] == r[1] && r[1] == r[2])
        );
        assert!(results.is_sorted());
    });
}
