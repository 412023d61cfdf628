use std::time::{Duration, Instant};

use actix_flow::prelude::*;

use crate::kit::{Census, Gate, quiet_panics, system, until, within};

async fn finished<R: Send + 'static>(blueprint: Blueprint<R>) -> Report {
    let flow = blueprint.run(&FlowContext::background()).unwrap();
    let finished = within("the end", flow.wait()).await.unwrap();
    finished.report.check().unwrap();
    finished.report
}

#[test]
fn r7_1_filtered_and_kept_items_have_passed() {
    system(async {
        let flow = Source::from_iter(0..100u32)
            .filter(|n| n % 4 == 0)
            .batch(10);
        let report = finished(flow.count()).await;
        let row = |name| {
            let row = report.stage(name).unwrap();
            (row.received, row.passed, row.emitted)
        };
        assert_eq!(row("from_iter-1"), (0, 0, 100));
        assert_eq!(row("filter-1"), (100, 100, 25));
        assert_eq!(row("batch-1"), (25, 25, 3));
        assert_eq!(row("count-1"), (3, 3, 0));
    });
}

#[test]
fn r7_1_an_item_fails_once_and_what_is_behind_it_is_discarded() {
    system(async {
        let flow = Source::from_iter(0..100u32)
            .try_map(|n| if n == 7 { Err("seven") } else { Ok(n) })
            .count()
            .run(&FlowContext::background())
            .unwrap();
        let error = within("the end", flow.wait()).await.unwrap_err();
        let report = error.report().unwrap();
        report.check().unwrap();
        let row = report.stage("try_map-1").unwrap();
        assert_eq!((row.received, row.passed, row.failed), (8, 7, 1));
        let edge = &report.edges()[0];
        // How many were sent by then is a matter of turns.
        assert_eq!((edge.received, edge.discarded), (8, edge.sent - 8));
    });
}

#[test]
fn r7_2_what_a_stage_emits_is_what_its_edges_were_sent() {
    system(async {
        let branches = Source::from_iter(0..90u32).broadcast(3).into_vec();
        let ends = branches.into_iter().map(Source::count);
        let report = finished(Blueprint::all(ends)).await;
        assert_eq!(report.stage("broadcast-1").unwrap().emitted, 270);
        let edges = report.edges().iter();
        let sent: Vec<_> = edges
            .filter(|edge| &*edge.from == "broadcast-1")
            .map(|edge| (edge.sent, edge.received))
            .collect();
        assert_eq!(sent, [(90, 90); 3]);
    });
}

#[test]
fn r7_2_items_for_a_branch_that_nobody_reads_are_discarded_by_the_stage() {
    system(async {
        let [even, odd] = Source::from_iter(0..10usize)
            .partition(2, |n| n % 2)
            .into_array();
        drop(odd);
        let report = finished(even.count()).await;
        let row = report.stage("partition-1").unwrap();
        assert_eq!((row.received, row.passed, row.discarded), (10, 5, 5));
    });
}

#[test]
fn r7_4_what_was_made_is_dropped_when_wait_returns() {
    system(async {
        quiet_panics();
        let census = Census::new();
        let made = census.clone();
        let flow = Source::from_iter((0..1000).map(move |n| made.item(n)))
            .batch(7)
            .map_parallel(2, |batch| batch)
            .flat_map(|batch| batch)
            .map(|item| {
                assert!(item.number < 500, "expected: at 500");
                item
            })
            .collect::<Vec<_>>()
            .default_window(16)
            .run(&FlowContext::background())
            .unwrap();
        let error = within("the end", flow.wait()).await.unwrap_err();
        error.report().unwrap().check().unwrap();
        assert!(census.created() > 500);
        census.assert_none_alive();
    });
}

#[test]
fn r7_5_the_shares_of_every_stage_sum_to_one() {
    system(async {
        let flow = Source::from_iter(0..10_000u64)
            .map_async(4, |n| async move {
                tokio::task::yield_now().await;
                n
            })
            .map_parallel(2, |n| n)
            .fold(0, |sum, n| sum + n);
        let report = finished(flow).await;
        for row in report.stages() {
            let shares = &row.shares;
            let sum = shares.busy + shares.starved + shares.blocked + shares.waiting;
            assert!((sum + shares.queued - 1.0).abs() < 1e-6, "{}", row.name);
        }
    });
}

#[test]
fn r7_5_the_stage_that_waits_for_its_futures_is_the_bottleneck() {
    system(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let flow = Source::from_iter(0..10)
            .map(|n| n)
            .map_async(1, move |n: u32| {
                let gate = hold.clone();
                async move {
                    gate.pass().await;
                    n
                }
            })
            .named("slow")
            .window(2)
            .count()
            .run(&FlowContext::background())
            .unwrap();
        let control = flow.control();
        until("the future", || gate.arrived() == 1).await;
        // Times are those of the real clock; while it waits nobody else can do anything.
        let start = Instant::now();
        until("some time", || start.elapsed() > Duration::from_millis(20)).await;
        gate.open();
        let report = within("the end", flow.wait()).await.unwrap().report;
        let slow = report.bottleneck().unwrap();
        assert_eq!(&*slow.name, "slow", "{report}");
        assert!(slow.shares.waiting > slow.shares.busy);
        assert!(
            report.stage("map-1").unwrap().shares.blocked > 0.5,
            "{report}"
        );
        assert!(
            report.stage("count-1").unwrap().shares.starved > 0.5,
            "{report}"
        );
        assert!(control.is_finished());
    });
}
