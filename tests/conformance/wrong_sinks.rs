//! Sinks that are wrong on purpose, and the cases that find them.

use std::sync::atomic::Ordering::SeqCst;

use actix_flow::prelude::*;
use actix_flow::testing::Tracked;
use actix_flow::testing::conformance::sink;

use crate::wrong::{Wrong, each_case_is_failed, fails, turns};

type Item = Tracked<u64>;

static SHORT: Wrong = Wrong::new(|| {
    sink("short", |n| n, |items| items.take(2).count())
        .gives(|items| items)
        .check()
});

#[test]
fn one_that_loses_items_is_found() {
    let lost = [
        "r2_2_its_value_is_that_it_is_to_give",
        "r2_2_its_value_does_not_depend_on_how_items_come",
        "r2_7_its_value_does_not_depend_on_the_window",
    ];
    fails(&SHORT, &lost);
}

static ODD: Wrong = Wrong::new(|| {
    let odd = |items: Source<Item>| items.batch(4).filter(|batch| batch.len() == 4).count();
    sink("odd", |n| n, odd)
        .gives(|items| items.div_ceil(4))
        .check()
});

#[test]
fn one_that_drops_the_rest_at_a_close_is_found() {
    fails(&ODD, &["r5_1_a_close_loses_nothing"]);
}

static UNSTEADY: Wrong = Wrong::new(|| {
    let unsteady = |items: Source<Item>| {
        let turns = turns();
        items.fold(0, move |sum, _| sum + turns.load(SeqCst))
    };
    sink("unsteady", |n| n, unsteady).check()
});

#[test]
fn one_whose_value_is_of_the_moment_is_found() {
    let unsteady_cases = [
        "r2_2_its_value_does_not_depend_on_how_items_come",
        "r2_2_its_value_does_not_depend_on_the_schedule",
    ];
    fails(&UNSTEADY, &unsteady_cases);
}

static ENDLESS: Wrong = Wrong::new(|| {
    let none = || Source::from_stream(futures::stream::pending::<Item>());
    sink("endless", |n| n, move |items| items.concat(none()).drain()).check()
});

#[test]
fn one_that_does_not_end_is_found() {
    let ends = [
        "r2_3_takes_all_items_and_ends_with_them",
        "r2_3_ends_where_no_item_comes",
    ];
    fails(&ENDLESS, &ends);
}

static IDLE: Wrong = Wrong::new(|| sink("idle", |n| n, |items| items.into_probe().1).check());

#[test]
fn one_that_asks_for_nothing_is_found() {
    fails(&IDLE, &["r2_1_asks_for_items"]);
}

static HUSHED: Wrong = Wrong::new(|| {
    let none = || Source::from_iter(std::iter::empty());
    sink(
        "hushed",
        |n| n,
        move |items| items.merge(none()).isolated().drain(),
    )
    .check()
});

#[test]
fn one_that_hides_a_failure_is_found() {
    let failures = [
        "r2_6_a_failure_above_fails_the_flow",
        "r2_6_a_failure_behind_items_fails_the_flow",
    ];
    fails(&HUSHED, &failures);
}

/// Runs its items in a flow of their own, which nothing ends.
static RUNAWAY: Wrong = Wrong::new(|| {
    let runaway = |items: Source<Item>| {
        let slowly = items.for_each_async(1, |_| {
            tokio::time::sleep(std::time::Duration::from_millis(500))
        });
        let running = slowly.run(&FlowContext::background());
        running.expect("it starts").detach();
        Source::<u64>::empty().drain()
    };
    sink("runaway", |n| n, runaway).check()
});

#[test]
fn one_that_runs_on_is_found() {
    let run_on = [
        "r5_4_a_cancel_ends_it_within_one_item",
        "r5_7_a_dropped_handle_ends_it",
        "r7_4_items_created_are_dropped_however_it_ends",
    ];
    fails(&RUNAWAY, &run_on);
}

#[test]
fn each_case_finds_a_wrong_sink_but_those_that_the_library_keeps() {
    let verdicts = [&SHORT, &ODD, &UNSTEADY, &ENDLESS, &IDLE, &HUSHED, &RUNAWAY];
    // It counts what its own stages do, as `r7_1_no_part_breaks_the_sums` shows.
    let kept = ["r7_1_sums_hold_however_it_ends"];
    each_case_is_failed(&verdicts, &kept);
}
