//! Concurrent maps of futures: order and bounds.

use actix_flow::prelude::*;

use crate::kit::{Gate, Meter, paused, settle, system, until, value};
use std::time::Duration;

#[test]
fn r4_7_map_async_keeps_input_order_whatever_ends_first() {
    paused(async {
        let flow = Source::from_iter(0..200u64)
            .map_async(16, |n| async move {
                tokio::time::sleep(Duration::from_millis((n * 7) % 31)).await;
                n
            })
            .collect::<Vec<_>>();
        assert!(value(flow).await.into_iter().eq(0..200));
    });
}

#[test]
fn r4_7_map_async_unordered_passes_results_as_they_come() {
    paused(async {
        let flow = Source::from_iter([30u64, 10, 20])
            .map_async_unordered(3, |n| async move {
                tokio::time::sleep(Duration::from_millis(n)).await;
                n
            })
            .collect::<Vec<_>>();
        assert_eq!(value(flow).await, [10, 20, 30]);
    });
}

#[test]
fn r4_7_no_more_futures_run_than_the_concurrency() {
    paused(async {
        for concurrency in [1, 3, 8] {
            let meter = Meter::new();
            let inside = meter.clone();
            let flow = Source::from_iter(0..100u64).map_async(concurrency, move |n| {
                let inside = inside.clone();
                inside.enter();
                async move {
                    tokio::time::sleep(Duration::from_millis(n % 5)).await;
                    inside.leave();
                }
            });
            assert_eq!(value(flow.count()).await, 100);
            assert_eq!(meter.most(), concurrency as u64);
        }
    });
}

#[test]
fn r4_7_running_and_waiting_for_their_turn_never_exceed_the_window() {
    system(async {
        let (gate, meter) = (Gate::new(), Meter::new());
        let (hold, enter) = (gate.clone(), meter.clone());
        let flow = Source::from_iter(0..100u64)
            .map_async(4, move |n| {
                let hold = hold.clone();
                enter.enter();
                async move {
                    if n == 0 {
                        hold.pass().await;
                    }
                    n
                }
            })
            .window(10)
            .collect::<Vec<_>>();
        let running = flow.run(&FlowContext::background()).unwrap();
        // The first holds up nine that are ready.
        until("the window to be used", || meter.entered() == 10).await;
        settle().await;
        assert_eq!(meter.entered(), 10);
        gate.open();
        let finished = running.wait().await.unwrap();
        finished.report.check().unwrap();
        assert!(finished.value.unwrap().into_iter().eq(0..100));
    });
}

#[test]
fn r4_7_futures_run_on_while_results_wait_for_room() {
    system(async {
        let (gate, meter) = (Gate::new(), Meter::new());
        let (hold, left) = (gate.clone(), meter.clone());
        let flow = Source::from_iter(0..8u64)
            .map_async(4, move |n| {
                let left = left.clone();
                async move {
                    tokio::task::yield_now().await;
                    left.enter();
                    n
                }
            })
            .for_each_async(1, move |_| {
                let hold = hold.clone();
                async move { hold.pass().await }
            })
            .window(1);
        let running = flow.run(&FlowContext::background()).unwrap();
        until("those begun to end", || meter.entered() >= 4).await;
        gate.open();
        running.wait().await.unwrap().report.check().unwrap();
        assert_eq!(meter.entered(), 8);
    });
}

#[test]
fn r4_7_map_blocking_keeps_order_and_its_bound() {
    system(async {
        let meter = Meter::new();
        let inside = meter.clone();
        let flow = Source::from_iter(0..60u64)
            .map_blocking(3, move |n| {
                inside.enter();
                std::thread::yield_now();
                inside.leave();
                n
            })
            .collect::<Vec<_>>();
        assert!(value(flow).await.into_iter().eq(0..60));
        assert!((1..=3).contains(&meter.most()), "{meter:?}");
    });
}
