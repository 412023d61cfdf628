//! Why no part fails the case of the sums by these: they are counted by the library's own stages, and no
//! code of a part writes or moves a count. So parts are tried here that fail, lie and panic wherever a
//! part has a say.

use std::cmp::Ordering;
use std::panic::resume_unwind;

use actix_flow::prelude::*;
use actix_flow::testing::Tracked;
use actix_flow::testing::conformance::{Finding, stage};

type Item = Tracked<u64>;

const CASE: &str = "r7_1_sums_hold_however_it_ends";

/// Panics at one number, without a word: what is said of panics costs time.
fn torn_at(number: u64, at: u64) {
    if number == at {
        resume_unwind(Box::new("expected"));
    }
}

/// Outputs that say of themselves what they like.
struct Outs {
    number: u64,
    left: u64,
    hint: fn(u64) -> (usize, Option<usize>),
    torn: Torn,
}

#[derive(Clone, Copy, PartialEq)]
enum Torn {
    Not,
    Next,
    Hint,
    Drop,
}

impl Outs {
    fn torn(&self, here: Torn) {
        if self.torn == here {
            torn_at(self.number, 7);
        }
    }
}

impl Iterator for Outs {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        if self.left == 1 {
            self.torn(Torn::Next);
        }
        Some(self.number)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.torn(Torn::Hint);
        (self.hint)(self.left)
    }
}

impl Drop for Outs {
    fn drop(&mut self) {
        self.torn(Torn::Drop);
    }
}

/// A stage with such outputs.
fn outs(items: Source<Item>, torn: Torn, hint: fn(u64) -> (usize, Option<usize>)) -> Source<u64> {
    items.flat_map(move |item| Outs {
        number: *item,
        left: 3,
        hint,
        torn,
    })
}

/// An item of which no copy can be made.
struct Frail(u64);

impl Clone for Frail {
    fn clone(&self) -> Self {
        torn_at(self.0, 7);
        Self(self.0)
    }
}

fn frail(items: Source<Item>) -> Source<Frail> {
    items.map(|item| Frail(*item))
}

fn ordered(one: &u64, other: &u64) -> Ordering {
    torn_at(*one, 7);
    one.cmp(other)
}

/// Checks a part, which can be found for something else than its sums.
#[track_caller]
fn sums_hold<U: std::fmt::Debug + Send + 'static>(
    part: &str,
    of: impl Fn(Source<Item>) -> Source<U> + 'static,
) {
    let verdict = stage(part, |n| n, of).check();
    assert_eq!(verdict.finding(CASE), Some(&Finding::Passed), "{verdict}");
}

#[test]
fn r7_1_no_part_breaks_the_sums() {
    let at_most: fn(u64) -> _ = |left| (0, Some(left as usize));
    sums_hold("few said", |items| outs(items, Torn::Not, |_| (0, Some(0))));
    sums_hold("many said", |items| outs(items, Torn::Not, |_| (9, None)));
    sums_hold("torn next", move |items| outs(items, Torn::Next, at_most));
    sums_hold("torn hint", move |items| outs(items, Torn::Hint, at_most));
    sums_hold("torn drop", move |items| outs(items, Torn::Drop, at_most));
    sums_hold("torn drops", move |items| {
        outs(items, Torn::Drop, at_most).supervised(RestartPolicy::resume())
    });
    sums_hold("torn map", |items| {
        items
            .map(|n| torn_at(*n, 7))
            .supervised(RestartPolicy::resume())
    });
    sums_hold("torn future", |items| {
        items
            .map_async(3, |n| async move { torn_at(*n, 7) })
            .supervised(RestartPolicy::resume())
    });
    sums_hold("torn clone", |items| {
        let [left, right] = frail(items).broadcast(2).into_array();
        left.merge(right).map(|n| n.0)
    });
    sums_hold("torn copy", |items| {
        let retried = frail(items).retried(RestartPolicy::retry());
        retried.try_map(|n| Ok::<_, String>(n.0))
    });
    sums_hold("torn key", |items| {
        let parted = items.partition(2, |n| {
            torn_at(**n, 7);
            0
        });
        Source::merge_all(parted.into_vec())
    });
    sums_hold("torn order", |items| {
        let numbers = items.map(|n| *n);
        numbers.merge_sorted_by(Source::from_iter(0..9), ordered)
    });
    sums_hold("torn weight", |items| {
        let weigh = |n: &Item| {
            torn_at(**n, 7);
            1
        };
        items
            .weigh(weigh, 8)
            .on_discard(|n| torn_at(**n, 9))
            .map(|n| *n)
    });
}
