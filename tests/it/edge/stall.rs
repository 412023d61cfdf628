//! Flows that can never move again.

use actix_flow::prelude::*;
use actix_flow::{Cause, StalledNeed, StalledWait};

use crate::kit::{Census, failure, system};

/// Runs a flow that must stall; gives who waits for whom.
async fn stalled<R: Send + 'static>(flow: Blueprint<R>) -> Vec<StalledWait> {
    let error = failure(flow).await;
    match error.cause() {
        Some(Cause::Stalled { waits }) => waits.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn wait<'a>(waits: &'a [StalledWait], stage: &str) -> (StalledNeed, Vec<&'a str>) {
    let of_stage = waits.iter().find(|wait| &*wait.stage == stage);
    let wait = of_stage.unwrap_or_else(|| panic!("{stage} is not among {waits:?}"));
    (wait.need, wait.peers.iter().map(|peer| &**peer).collect())
}

#[test]
fn r2_8_a_zip_behind_a_filter_on_one_branch_of_a_broadcast_stalls() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let branches = Source::repeat_with(move || made.item(1)).broadcast(2);
        let [none, all] = branches.named("both").into_array();
        let flow = none
            .filter(|_| false)
            .named("none")
            .zip(all)
            .named("pairs")
            .count()
            .named("sink");
        let waits = stalled(flow).await;
        assert_eq!(waits.len(), 5);
        assert_eq!(wait(&waits, "pairs"), (StalledNeed::Item, vec!["none"]));
        assert_eq!(wait(&waits, "none"), (StalledNeed::Item, vec!["both"]));
        assert_eq!(wait(&waits, "both"), (StalledNeed::Credit, vec!["pairs"]));
        let source = wait(&waits, "repeat_with-1");
        assert_eq!(source, (StalledNeed::Credit, vec!["both"]));
        assert_eq!(wait(&waits, "sink"), (StalledNeed::Item, vec!["pairs"]));
        census.assert_none_alive();
    });
}

#[test]
fn r2_8_a_batch_larger_than_the_other_branch_can_hold_stalls() {
    system(async {
        for (size, window) in [(100, 64), (2_000, 1_024)] {
            let [a, b] = Source::from_iter(0..10_000u64).broadcast(2).into_array();
            let flow = a.batch(size).zip(b).named("pairs").count();
            let waits = stalled(flow.default_window(window)).await;
            let pairs = wait(&waits, "pairs");
            assert_eq!(pairs, (StalledNeed::Item, vec!["batch-1"]));
        }
    });
}

#[test]
fn r2_8_a_batch_on_one_branch_falls_behind_until_it_stalls() {
    system(async {
        let [a, b] = Source::from_iter(0..100_000u64).broadcast(2).into_array();
        let flow = a.batch(100).zip(b).named("pairs").count();
        let waits = stalled(flow).await;
        let pairs = wait(&waits, "pairs");
        assert_eq!(pairs, (StalledNeed::Item, vec!["batch-1"]));
    });
}

#[test]
fn r2_8_branches_of_a_broadcast_in_a_concat_stall() {
    system(async {
        let [a, b] = Source::from_iter(0..2_000u64).broadcast(2).into_array();
        let waits = stalled(a.concat(b).named("line").count()).await;
        assert_eq!(
            wait(&waits, "line"),
            (StalledNeed::Item, vec!["broadcast-1"])
        );
        let split = wait(&waits, "broadcast-1");
        assert_eq!(split, (StalledNeed::Credit, vec!["line"]));
    });
}

#[test]
fn r2_8_branches_of_a_partition_in_a_concat_stall() {
    system(async {
        let branches = Source::from_iter(0..5_000u64).partition(2, |n| (n % 2) as usize);
        let [a, b] = branches.into_array();
        let b = b.map(|n| n).named("odd");
        let waits = stalled(a.concat(b).named("line").count()).await;
        let line = wait(&waits, "line");
        assert_eq!(line, (StalledNeed::Item, vec!["partition-1"]));
        let split = wait(&waits, "partition-1");
        assert_eq!(split, (StalledNeed::Credit, vec!["odd"]));
    });
}

#[test]
fn r2_8_a_skewed_partition_into_a_zip_stalls() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let items = Source::from_iter(0..5_000u64).map(move |n| made.item(n));
        let [a, b] = items
            .partition(2, |item| usize::from(item.number % 100 == 0))
            .into_array();
        let a = a.map(|item| item).named("most");
        let waits = stalled(a.zip(b).named("pairs").count()).await;
        let pairs = wait(&waits, "pairs");
        assert_eq!(pairs, (StalledNeed::Item, vec!["partition-1"]));
        let split = wait(&waits, "partition-1");
        assert_eq!(split, (StalledNeed::Credit, vec!["most"]));
        census.assert_none_alive();
    });
}

#[test]
fn r2_8_a_stall_names_the_branch_also_where_one_before_it_was_dropped() {
    system(async {
        let branches = Source::from_iter(0..5_000u64).broadcast(3);
        let [gone, a, b] = branches.named("split").into_array();
        drop(gone);
        let a = a.filter(|_| false).named("none");
        let b = b.map(|n| n).named("all");
        let waits = stalled(a.zip(b).named("pairs").count()).await;
        assert_eq!(wait(&waits, "split"), (StalledNeed::Credit, vec!["all"]));
        assert_eq!(wait(&waits, "pairs"), (StalledNeed::Item, vec!["none"]));
    });
}

#[test]
fn r2_8_an_interleave_that_waits_for_the_wrong_branch_stalls() {
    system(async {
        let [a, b] = Source::from_iter(0..5_000u64).broadcast(2).into_array();
        let a = a.filter(|n| *n > 4_000).named("late");
        let waits = stalled(a.interleave(b, 1).named("turns").count()).await;
        assert_eq!(wait(&waits, "turns"), (StalledNeed::Item, vec!["late"]));
    });
}

#[test]
fn r2_8_a_stall_prints_who_waits_for_whom() {
    system(async {
        let [a, b] = Source::from_iter(0..2_000u64).broadcast(2).into_array();
        let error = failure(a.concat(b).named("line").count()).await;
        let text = error.to_string();
        assert!(
            text.contains("`line` waits for an item from `broadcast-1`"),
            "{text}"
        );
        assert!(
            text.contains("`broadcast-1` waits for credit of `line`"),
            "{text}"
        );
        assert_eq!(error.stage(), None);
    });
}

#[test]
fn r2_8_a_part_of_a_flow_that_stalls_is_found_when_the_rest_is_over() {
    system(async {
        let [a, b] = Source::from_iter(0..2_000u64).broadcast(2).into_array();
        let stuck = a.concat(b).named("line").count();
        let sound = Source::from_iter(0..10_000u64).count().named("sound");
        let waits = stalled(sound.and(stuck)).await;
        assert!(waits.iter().all(|wait| &*wait.stage != "sound"));
        wait(&waits, "line");
    });
}
