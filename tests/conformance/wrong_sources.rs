//! Sources that are wrong on purpose, and the cases that find them.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use actix_flow::prelude::*;
use actix_flow::testing::conformance::{Numbers, Verdict, source};
use futures::{StreamExt, stream};

use crate::wrong::{Wrong, each_case_is_failed, fails, fails_since, turns};

/// Makes many items where it was asked for one.
fn ahead(items: usize) -> Verdict {
    let ahead = move |numbers| {
        let chunks = stream::iter(numbers).ready_chunks(items);
        Source::from_stream(chunks.flat_map(stream::iter))
    };
    source("ahead", ahead).check()
}

static FEW_AHEAD: Wrong = Wrong::new(|| ahead(8));
static MANY_AHEAD: Wrong = Wrong::new(|| ahead(400));
static MOST_AHEAD: Wrong = Wrong::new(|| ahead(15_000));

#[test]
fn one_that_reads_ahead_is_found() {
    let computed = [
        "r3_1_computes_no_more_than_was_asked_for",
        "r5_1_a_close_delivers_what_was_made",
    ];
    fails(&FEW_AHEAD, &computed);
    fails(
        &MANY_AHEAD,
        &["r3_4_the_first_item_does_not_wait_for_others"],
    );
    fails(&MOST_AHEAD, &["r3_3_yields_the_arbiter_between_turns"]);
}

static EARLY: Wrong = Wrong::new(|| {
    let early = |mut numbers: Numbers| {
        let first: Vec<_> = numbers.by_ref().take(3).collect();
        Source::from_iter(first.into_iter().chain(numbers))
    };
    source("early", early).check()
});

#[test]
fn one_that_computes_before_it_is_asked_is_found() {
    fails(&EARLY, &["r3_1_computes_nothing_before_it_is_asked"]);
}

static SHORT: Wrong =
    Wrong::new(|| source("short", |numbers| Source::from_iter(numbers.take(2))).check());

#[test]
fn one_that_loses_items_is_found() {
    let lost = [
        "r2_1_sends_no_more_than_was_asked_for",
        "r2_1_any_number_can_be_asked_for",
        "r2_3_ends_behind_the_last_of_its_items",
        "r2_5_requests_add_up",
    ];
    fails(&SHORT, &lost);
}

static UNSTEADY: Wrong = Wrong::new(|| {
    let unsteady = |numbers: Numbers| {
        let turns = turns();
        Source::from_iter(numbers.map(move |number| (turns.load(SeqCst), number)))
    };
    source("unsteady", unsteady).check()
});

#[test]
fn one_whose_items_are_of_the_moment_is_found() {
    let unsteady_cases = [
        "r2_2_items_do_not_depend_on_demand",
        "r2_2_items_do_not_depend_on_the_schedule",
    ];
    fails(&UNSTEADY, &unsteady_cases);
}

static ENDLESS: Wrong = Wrong::new(|| {
    let endless = |numbers| Source::from_stream(stream::iter(numbers).chain(stream::pending()));
    source("endless", endless).check()
});

#[test]
fn one_that_does_not_end_is_found() {
    let ends = [
        "r2_3_ends_behind_the_last_of_its_items",
        "r2_3_ends_where_there_is_no_item",
    ];
    fails(&ENDLESS, &ends);
}

/// Its items come from a task that nothing ends.
static RUNAWAY: Wrong = Wrong::new(|| {
    let runaway = |numbers: Numbers| {
        let (mut sender, receiver) = futures::channel::mpsc::channel(4);
        actix_rt::spawn(async move {
            for number in numbers {
                // At first as fast as it can, then so that the clock moves.
                if *number < 3000 {
                    tokio::task::yield_now().await;
                } else {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                let _ = sender.try_send(number);
            }
        });
        Source::from_stream(receiver)
    };
    source("runaway", runaway).check()
});

#[test]
fn one_that_runs_on_is_found() {
    let run_on = [
        "r3_2_a_cancel_stops_it_and_drops_what_it_has",
        "r5_2_a_quit_answers_when_it_is_over",
        "r5_7_a_dropped_handle_ends_it",
    ];
    fails(&RUNAWAY, &run_on);
}

/// Its first item is kept by a task.
static LEAKY: Wrong = Wrong::new(|| {
    let leaky = |mut numbers: Numbers| {
        let kept = numbers.next();
        actix_rt::spawn(async move {
            std::future::pending::<()>().await;
            drop(kept);
        });
        Source::from_iter(numbers)
    };
    source("leaky", leaky).check()
});

#[test]
fn one_that_keeps_an_item_is_found() {
    let kept = "r7_4_items_created_are_dropped_however_it_ends";
    fails(&LEAKY, &[kept]);
}

/// It must be read to its end.
struct Sore {
    numbers: Numbers,
    ended: bool,
}

impl Iterator for Sore {
    type Item = <Numbers as Iterator>::Item;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.numbers.next();
        self.ended = next.is_none();
        next
    }
}

impl Drop for Sore {
    fn drop(&mut self) {
        assert!(self.ended, "dropped before its end");
    }
}

static SORE: Wrong = Wrong::new(|| {
    let sore = |numbers| {
        Source::from_iter(Sore {
            numbers,
            ended: false,
        })
    };
    source("sore", sore).check()
});

#[test]
fn one_that_fails_when_its_reader_leaves_is_found() {
    let late = "r2_5_a_second_cancel_and_a_late_request_do_nothing";
    fails(
        &SORE,
        &[late, "r3_2_a_cancel_stops_it_and_drops_what_it_has"],
    );
    fails_since(&SORE, late, "a flow whose reader leaves completes");
}

#[test]
fn each_case_finds_a_wrong_source_but_those_that_the_library_keeps() {
    let verdicts = [
        &MOST_AHEAD,
        &MANY_AHEAD,
        &EARLY,
        &SHORT,
        &UNSTEADY,
        &ENDLESS,
        &RUNAWAY,
        &LEAKY,
        &SORE,
    ];
    // It counts what its own stages do, as `r7_1_no_part_breaks_the_sums` shows: a source is found by
    // that case only where something else than the sums is wrong.
    let kept = ["r7_1_sums_hold_however_it_ends"];
    each_case_is_failed(&verdicts, &kept);
}
