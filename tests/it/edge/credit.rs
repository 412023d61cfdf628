//! What is in flight never exceeds the window.

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{Gate, Meter, finished, settle, system, until, value};

const WINDOWS: [usize; 6] = [1, 2, 3, 7, 64, 1024];

#[test]
fn r2_1_in_flight_never_exceeds_the_window_on_one_arbiter() {
    system(async {
        for window in WINDOWS {
            let meter = Meter::new();
            let (enter, leave) = (meter.clone(), meter.clone());
            let flow = Source::from_iter((0..3_000u64).inspect(move |_| enter.enter()))
                .inspect(move |_| leave.leave())
                .window(window)
                .count();
            let report = finished(flow).await.report;
            assert!(meter.most() <= window as u64, "{window}: {}", meter.most());
            assert_eq!(meter.inside(), 0);
            let edge = &report.edges()[0];
            assert_eq!(edge.window, window);
            assert_eq!(edge.sent, 3_000);
            assert!((1..=window as u64).contains(&edge.most_in_flight));
        }
    });
}

#[test]
fn r2_1_in_flight_never_exceeds_the_window_between_arbiters() {
    system(async {
        let (there, back) = (Arbiter::new(), Arbiter::new());
        for window in WINDOWS {
            let meter = Meter::new();
            let (enter, leave) = (meter.clone(), meter.clone());
            let flow = Source::from_iter(0..1_000u64)
                .inspect(move |_| enter.enter())
                .on(there.handle())
                .inspect(move |_| leave.leave())
                .window(window)
                .on(back.handle())
                .count();
            let report = finished(flow).await.report;
            assert!(meter.most() <= window as u64, "{window}: {}", meter.most());
            assert_eq!(report.edges()[1].window, window);
        }
        for arbiter in [there, back] {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}

#[test]
fn r2_1_each_output_of_an_expansion_needs_credit() {
    system(async {
        let gate = Gate::new();
        let meter = Meter::new();
        let (enter, leave, hold) = (meter.clone(), meter.clone(), gate.clone());
        let flow = Source::once(())
            .flat_map(move |()| {
                let enter = enter.clone();
                (0..200u64).inspect(move |_| enter.enter())
            })
            .for_each_async(1, move |_| {
                let (leave, hold) = (leave.clone(), hold.clone());
                async move {
                    hold.pass().await;
                    leave.leave();
                }
            })
            .window(5);
        let running = flow.run(&FlowContext::background()).unwrap();
        until("the window to be full", || meter.entered() == 5).await;
        settle().await;
        assert_eq!(meter.entered(), 5);
        gate.open();
        running.wait().await.unwrap().report.check().unwrap();
        assert_eq!((meter.entered(), meter.most()), (200, 5));
    });
}

#[test]
fn r2_1_a_fan_in_holds_at_most_the_window_of_each_input() {
    system(async {
        let gate = Gate::new();
        let meters = [Meter::new(), Meter::new(), Meter::new()];
        let sources = meters
            .clone()
            .map(|meter| Source::from_iter((0..100u64).inspect(move |_| meter.enter())));
        let hold = gate.clone();
        let flow = Source::merge_all(sources)
            .window(4)
            .for_each_async(1, move |_| {
                let hold = hold.clone();
                async move { hold.pass().await }
            })
            .window(1);
        let running = flow.run(&FlowContext::background()).unwrap();
        let made = || meters.iter().map(Meter::entered).sum::<u64>();
        // A window each, and for the one that went on its refill of the one credit that came back.
        until("the windows to be full", || made() >= 12).await;
        settle().await;
        assert!(
            meters.iter().all(|meter| meter.entered() <= 6),
            "{meters:?}"
        );
        assert!(made() <= 14, "{meters:?}");
        gate.open();
        running.wait().await.unwrap().report.check().unwrap();
    });
}

#[test]
fn r2_7_a_window_of_one_is_a_rendezvous() {
    system(async {
        let meter = Meter::new();
        let (enter, leave) = (meter.clone(), meter.clone());
        let flow = Source::from_iter((0..500u64).inspect(move |_| enter.enter()))
            .for_each(move |_| leave.leave())
            .window(1);
        let report = finished(flow).await.report;
        assert_eq!((meter.most(), meter.entered()), (1, 500));
        assert_eq!(report.edges()[0].most_in_flight, 1);
        assert_eq!(report.stages()[0].batches, 500);
    });
}

#[test]
fn r2_7_every_edge_can_be_a_rendezvous() {
    system(async {
        let flow = Source::from_iter(0..200u64)
            .map(|n| n + 1)
            .flat_map(|n| [n, n])
            .map_async(1, |n| async move { n })
            .batch(7)
            .flat_map(|batch| batch)
            .collect::<Vec<_>>()
            .default_window(1);
        let expected: Vec<_> = (1..=200u64).flat_map(|n| [n, n]).collect();
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some(expected));
        let edges = finished.report.edges();
        assert!(edges.iter().all(|e| (e.window, e.most_in_flight) == (1, 1)));
    });
}

#[test]
fn r2_1_a_batch_can_be_larger_than_the_window() {
    system(async {
        let flow = Source::from_iter(0..12_000u64)
            .batch(5_000)
            .window(16)
            .map(|batch| batch.len())
            .collect::<Vec<_>>();
        assert_eq!(value(flow).await, [5_000, 5_000, 2_000]);
    });
}
