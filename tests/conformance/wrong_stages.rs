//! Stages that are wrong on purpose, and the cases that find them.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_flow::prelude::*;
use actix_flow::testing::Tracked;
use actix_flow::testing::conformance::stage;
use futures::StreamExt;
use futures::channel::mpsc;

use crate::wrong::{Wrong, each_case_is_failed, fails, fails_since, turns};

type Item = Tracked<u64>;

/// Holds one item back, and forgets it at the end.
struct Forgetful(Option<Item>);

impl Stage for Forgetful {
    type In = Item;
    type Out = u64;
    type Outs = std::option::IntoIter<u64>;
    type Error = std::convert::Infallible;

    fn accept(&mut self, item: Item) -> Result<Self::Outs, Self::Error> {
        let last = self.0.replace(item);
        Ok(last.map(|last| *last).into_iter())
    }
}

static FORGETFUL: Wrong = Wrong::new(|| {
    stage(
        "forgetful",
        |n| n,
        |items| items.stage_with(|_| Forgetful(None)),
    )
    .gives(|items| (0..items).collect())
    .check()
});

#[test]
fn one_that_forgets_its_last_item_is_found() {
    let forgotten = [
        "r2_2_outputs_are_those_it_is_to_give",
        "r2_2_outputs_do_not_depend_on_how_items_come",
        "r2_7_outputs_do_not_depend_on_the_window",
        "r5_1_a_close_loses_nothing",
    ];
    fails(&FORGETFUL, &forgotten);
}

/// Makes something of nothing.
struct Closing;

impl Stage for Closing {
    type In = Item;
    type Out = u64;
    type Outs = std::option::IntoIter<u64>;
    type Error = std::convert::Infallible;

    fn accept(&mut self, item: Item) -> Result<Self::Outs, Self::Error> {
        Ok(Some(*item).into_iter())
    }

    fn finish(&mut self) -> Option<Self::Outs> {
        Some(Some(0).into_iter())
    }
}

static CLOSING: Wrong = Wrong::new(|| {
    stage("closing", |n| n, |items| items.stage_with(|_| Closing))
        .gives(|items| (0..items).collect())
        .check()
});

#[test]
fn one_that_makes_something_of_nothing_is_found() {
    fails(&CLOSING, &["r2_3_ends_where_no_item_comes"]);
}

/// Puts a channel without a bound between two flows.
static BRIDGE: Wrong = Wrong::new(|| {
    let bridge = |items: Source<Item>| {
        let (sender, receiver) = mpsc::unbounded();
        let slowly = |n| async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            n
        };
        let flow = items.map_async(1, slowly).for_each(move |item| {
            let _ = sender.unbounded_send(item);
        });
        let running = flow.run(&FlowContext::background());
        running.expect("it starts").detach();
        Source::from_stream(receiver)
    };
    stage("bridge", |n| n, bridge).check()
});

#[test]
fn a_channel_between_two_flows_is_found() {
    let broken = [
        "r2_1_holds_no_more_than_its_windows",
        "r2_6_a_cancel_below_reaches_the_source",
        "r2_6_a_failure_above_reaches_the_sink",
        "r5_2_a_quit_answers_when_it_is_over",
        "r5_7_a_dropped_handle_ends_it",
    ];
    fails(&BRIDGE, &broken);
}

static UNSTEADY: Wrong = Wrong::new(|| {
    let unsteady = |items: Source<Item>| {
        let turns = turns();
        items.map(move |n| (turns.load(SeqCst), n))
    };
    stage("unsteady", |n| n, unsteady).check()
});

#[test]
fn one_whose_outputs_are_of_the_moment_is_found() {
    let unsteady_cases = [
        "r2_2_outputs_do_not_depend_on_demand",
        "r2_2_outputs_do_not_depend_on_how_items_come",
        "r2_2_outputs_do_not_depend_on_the_schedule",
    ];
    fails(&UNSTEADY, &unsteady_cases);
}

static ENDLESS: Wrong = Wrong::new(|| {
    let endless =
        |items: Source<Item>| items.concat(Source::from_stream(futures::stream::pending()));
    stage("endless", |n| n, endless).check()
});

#[test]
fn one_that_does_not_end_is_found() {
    fails(&ENDLESS, &["r2_3_ends_where_no_item_comes"]);
}

static HUSHED: Wrong = Wrong::new(|| {
    let none = || Source::from_iter(std::iter::empty());
    stage("hushed", |n| n, move |items| items.merge(none()).isolated()).check()
});

#[test]
fn one_that_hides_a_failure_is_found() {
    fails(&HUSHED, &["r2_6_a_failure_above_reaches_the_sink"]);
}

/// One branch waits for four items, the other for the first.
static NARROW: Wrong = Wrong::new(|| {
    let narrow = |items: Source<Item>| {
        let [left, right] = items.map(|n| *n).broadcast(2).into_array();
        left.batch(4).zip(right).map(|pair| pair)
    };
    stage("narrow", |n| n, narrow).check()
});

#[test]
fn one_that_stalls_where_windows_are_small_is_found() {
    fails(&NARROW, &["r2_7_outputs_do_not_depend_on_the_window"]);
}

/// Keeps every item, behind its flow.
static HOARDING: Wrong = Wrong::new(|| {
    let hoard = Arc::new(Mutex::new(Vec::new()));
    let hoarding = move |items: Source<Item>| {
        let hoard = Arc::clone(&hoard);
        items.map(move |n| {
            let copy = *n;
            let mut hoard = hoard.lock().expect("no one panics");
            // Some only: the test has an end.
            if hoard.len() < 10_000 {
                hoard.push(n);
            }
            copy
        })
    };
    stage("hoarding", |n| n, hoarding).check()
});

#[test]
fn one_that_keeps_items_is_found() {
    let hoarding = [
        "r2_1_holds_no_more_than_its_windows",
        "r2_2_outputs_do_not_depend_on_demand",
    ];
    fails(&HOARDING, &hoarding);
}

/// Takes only what it is asked for, and gives nothing up while it runs.
static GROWING: Wrong = Wrong::new(|| {
    let growing = |items: Source<Item>| {
        items.scan(Vec::new(), |all: &mut Vec<Item>, n: Item| {
            let copy = *n;
            all.push(n);
            Some(copy)
        })
    };
    stage("growing", |n| n, growing).check()
});

#[test]
fn one_whose_state_grows_with_every_item_is_found() {
    let growing = ["r2_1_holds_no_more_than_its_windows"];
    let failed = fails(&GROWING, &growing);
    assert_eq!(failed.len(), growing.len(), "{failed:?}");
}

/// It must hear of the end of its input.
struct Sore(bool);

impl Stage for Sore {
    type In = Item;
    type Out = u64;
    type Outs = std::option::IntoIter<u64>;
    type Error = std::convert::Infallible;

    fn accept(&mut self, item: Item) -> Result<Self::Outs, Self::Error> {
        Ok(Some(*item).into_iter())
    }

    fn finish(&mut self) -> Option<Self::Outs> {
        self.0 = true;
        None
    }
}

impl Drop for Sore {
    fn drop(&mut self) {
        assert!(self.0, "dropped before its end");
    }
}

static SORE: Wrong =
    Wrong::new(|| stage("sore", |n| n, |items| items.stage_with(|_| Sore(false))).check());

#[test]
fn one_that_fails_when_its_reader_leaves_is_found() {
    let late = "r2_5_a_second_cancel_and_a_late_request_do_nothing";
    fails(&SORE, &[late, "r2_6_a_cancel_below_reaches_the_source"]);
    fails_since(&SORE, late, "the flow ends well");
}

#[test]
fn each_case_finds_a_wrong_stage_but_those_that_the_library_keeps() {
    let verdicts = [
        &FORGETFUL, &CLOSING, &BRIDGE, &UNSTEADY, &ENDLESS, &HUSHED, &NARROW, &SORE,
    ];
    let kept = [
        // It calls a stage, and pulls what that gives, only with room for an output.
        "r2_1_sends_no_more_than_was_asked_for",
        // It counts what its own stages do, as `r7_1_no_part_breaks_the_sums` shows.
        "r7_1_sums_hold_however_it_ends",
    ];
    each_case_is_failed(&verdicts, &kept);
}

#[test]
fn the_receiver_of_a_bridge_is_a_stream() {
    // A bridge with a bound, that passes on ends both ways, keeps the rules of values.
    let bridge = |items: Source<Item>| {
        let outlet = items.run_stream(&FlowContext::background());
        let outlet = outlet.expect("it starts");
        let failed = |item: Result<Item, _>| item;
        Source::from_stream(outlet.map(failed)).try_map(|item| item)
    };
    let verdict = stage("outlet", |n| n, bridge).check();
    let values = "r2_2_outputs_do_not_depend_on_demand";
    assert!(!verdict.failed().contains(&values), "{verdict}");
    assert!(
        !verdict
            .failed()
            .contains(&"r2_6_a_failure_above_reaches_the_sink"),
        "{verdict}"
    );
}
