//! Fan-out: which branch gets what, and what happens when a reader leaves.

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{Census, Gate, failure, finished, settle, system, until, value};

#[test]
fn a_broadcast_gives_every_item_to_each_branch() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let branches = Source::from_iter((0..300u64).map(move |n| made.item(n))).broadcast(3);
        let flow = Blueprint::all(
            branches
                .into_vec()
                .into_iter()
                .map(|branch| branch.map(|item| item.number).collect::<Vec<_>>()),
        );
        for branch in value(flow.default_window(5)).await {
            assert!(branch.into_iter().eq(0..300));
        }
        assert_eq!(census.created(), 900, "one clone for each branch but one");
        census.assert_none_alive();
    });
}

#[test]
fn a_partition_gives_each_item_to_the_branch_of_its_key() {
    system(async {
        let branches = Source::from_iter(0..300u64).partition(3, |n| (n % 3) as usize);
        let branches = branches.named("keys").window(4).into_vec();
        let flow = Blueprint::all(branches.into_iter().map(Source::collect::<Vec<_>>));
        let finished = finished(flow).await;
        for (key, branch) in finished.value.unwrap().into_iter().enumerate() {
            assert!(
                branch
                    .into_iter()
                    .eq((0..300).filter(|n| n % 3 == key as u64))
            );
        }
        assert_eq!(finished.report.stage("keys").unwrap().emitted, 300);
    });
}

#[test]
fn a_partition_fails_on_a_branch_that_is_out_of_range_and_says_which() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let items = Source::from_iter((0..100u64).map(move |n| made.item(n)));
        let branches = items.partition(2, |item| item.number as usize / 20);
        let [a, b] = branches.named("keys").into_array();
        let error = failure(a.count().and(b.count())).await;
        assert_eq!(error.stage(), Some("keys"));
        let text = error.to_string();
        assert!(
            text.contains("branch 2") && text.contains("2 branches"),
            "{text}"
        );
        assert_eq!(error.report().unwrap().stage("keys").unwrap().failed, 1);
        census.assert_none_alive();
    });
}

#[test]
fn a_balance_gives_items_to_the_branch_that_works_them_off() {
    system(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let [slow, fast] = Source::from_iter(0..500u64).balance(2).into_array();
        let slow = slow
            .for_each_async(1, move |_| {
                let hold = hold.clone();
                async move { hold.pass().await }
            })
            .window(4)
            .named("slow");
        let flow = fast.count().window(4).named("fast").and(slow);
        let running = flow.run(&FlowContext::background()).unwrap();
        let control = running.control();
        let passed = || {
            let report = control.snapshot();
            report.stage("fast").map_or(0, |stage| stage.passed)
        };
        until("the fast branch to work off the rest", || passed() == 496).await;
        gate.open();
        let finished = running.wait().await.unwrap();
        finished.report.check().unwrap();
        assert_eq!(finished.value.unwrap().0, 496);
    });
}

#[test]
fn a_balance_loses_and_doubles_nothing_between_arbiters() {
    system(async {
        let arbiters = [Arbiter::new(), Arbiter::new()];
        let census = Census::new();
        for window in [1, 2, 16] {
            let made = census.clone();
            let items = Source::from_iter((0..1_000u64).map(move |n| made.item(n)));
            let branches = items.balance(2).into_vec().into_iter().zip(&arbiters);
            let branches = branches.map(|(branch, arbiter)| {
                branch
                    .map(|item| item.number)
                    .window(window)
                    .on(arbiter.handle())
            });
            let mut numbers: Vec<u64> = value(Source::merge_all(branches).collect()).await;
            numbers.sort_unstable();
            assert!(numbers.into_iter().eq(0..1_000));
            census.assert_none_alive();
        }
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}

#[test]
fn r4_8_a_cancelled_branch_of_a_broadcast_never_stalls_the_rest() {
    system(async {
        for window in [1, 2, 64] {
            let census = Census::new();
            let made = census.clone();
            let items = Source::from_iter((0..2_000u64).map(move |n| made.item(n)));
            let [all, few, none] = items.broadcast(3).into_array();
            let flow = all
                .count()
                .and(few.take(3).count())
                .and(none.take(0).count());
            let counts = value(flow.default_window(window)).await;
            assert_eq!(counts, ((2_000, 3), 0), "window {window}");
            census.assert_none_alive();
        }
    });
}

#[test]
fn r4_8_a_branch_that_was_dropped_before_the_run_is_a_reader_that_has_left() {
    system(async {
        let items = || Source::from_iter(0..2_000u64);
        let [gone, all] = items().broadcast(2).into_array();
        drop(gone);
        assert_eq!(value(all.count()).await, 2_000);
        let [all, _] = items().balance(2).into_array();
        assert_eq!(value(all.count()).await, 2_000);
        let [half, _] = items().partition(2, |n| (n % 2) as usize).into_array();
        let finished = finished(half.count()).await;
        assert_eq!(finished.value, Some(1_000));
        let partition = finished.report.stage("partition-1").unwrap();
        assert_eq!((partition.passed, partition.discarded), (1_000, 1_000));
    });
}

#[test]
fn r4_8_items_for_a_cancelled_branch_of_a_partition_are_discarded_and_counted() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let items = Source::from_iter((0..4_000u64).map(move |n| made.item(n)));
        let branches = items.partition(2, |item| (item.number % 2) as usize);
        let [all, few] = branches.into_array();
        let flow = all.count().and(few.take(3).count()).default_window(8);
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some((2_000, 3)));
        let partition = finished.report.stage("partition-1").unwrap();
        assert_eq!(partition.passed + partition.discarded, 4_000);
        assert!(partition.discarded > 1_900, "{}", partition.discarded);
        census.assert_none_alive();
    });
}

#[test]
fn r4_8_an_item_that_waits_for_a_branch_is_discarded_when_its_reader_leaves() {
    system(async {
        let (gate, census) = (Gate::new(), Census::new());
        let (hold, made) = (gate.clone(), census.clone());
        let items = Source::from_iter((0..100u64).map(move |n| made.item(n)));
        let [a, b] = items
            .partition(2, |item| usize::from(item.number < 50))
            .into_array();
        // Branch 1 takes a window, then its reader leaves: 50 items were for it.
        let b = b
            .map_async(1, move |_| {
                let hold = hold.clone();
                async move { hold.pass().await }
            })
            .named("left")
            .window(3);
        let flow = a.count().and(b.count());
        let running = flow.run(&FlowContext::background()).unwrap();
        until("the branch to be blocked", || gate.arrived() > 0).await;
        settle().await;
        drop(running.control().quit_stage("left").unwrap());
        gate.open();
        let finished = running.wait().await.unwrap();
        finished.report.check().unwrap();
        assert_eq!(finished.value.unwrap().0, 50);
        let partition = finished.report.stage("partition-1").unwrap();
        assert!(partition.discarded > 40, "{}", partition.discarded);
        census.assert_none_alive();
    });
}

#[test]
fn r4_8_when_all_readers_have_left_the_source_is_cancelled() {
    system(async {
        let items = || Source::repeat_with(|| 1u64);
        let verbs = [items().broadcast(2), items().balance(2)];
        for verb in verbs {
            let [a, b] = verb.into_array();
            let flow = a.take(2).count().and(b.take(5).count());
            assert_eq!(value(flow).await, (2, 5));
        }
    });
}
