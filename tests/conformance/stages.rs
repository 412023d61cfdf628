//! Every verb of the library that turns items into others.

use std::fmt::Debug;
use std::time::Duration;

use actix::prelude::*;
use actix_flow::prelude::*;
use actix_flow::testing::Tracked;
use actix_flow::testing::conformance::{StageCheck, stage};
use actix_rt::Arbiter;

type Item = Tracked<u64>;

fn check<U: Debug + Send + 'static>(
    verb: &str,
    of: impl Fn(Source<Item>) -> Source<U> + 'static,
) -> StageCheck<Item, U> {
    stage(verb, |number| number, of)
}

fn passes<U: Debug + Send + 'static>(check: &StageCheck<Item, U>) {
    check.check().assert_passed();
}

/// A stage that passes on what it gets, in order.
fn same(verb: &str, of: impl Fn(Source<Item>) -> Source<Item> + 'static) -> StageCheck<Item, Item> {
    let census = actix_flow::testing::Census::new();
    check(verb, of).gives(move |items| (0..items).map(|n| census.track(n)).collect())
}

async fn later(n: Item) -> Item {
    tokio::task::yield_now().await;
    n
}

#[test]
fn map() {
    passes(&check("map", |items| items.map(|n| *n + 1)).gives(|n| (1..=n).collect()));
}

#[test]
fn try_map() {
    passes(&same("try_map", |items| items.try_map(Ok::<_, String>)));
}

#[test]
fn filter() {
    passes(&check("filter", |items| items.filter(|n| **n % 3 == 0)));
    passes(&check("filter of all", |items| items.filter(|_| false)));
}

#[test]
fn filter_map() {
    let odd = |n: Item| (*n % 2 == 1).then_some(*n);
    let odds = |n| (0..n).filter(|n| n % 2 == 1).collect();
    passes(&check("filter_map", move |items| items.filter_map(odd)).gives(odds));
}

#[test]
fn flat_map() {
    let thrice = |items: Source<Item>| items.flat_map(|n| vec![n; 3]);
    passes(&check("flat_map", thrice));
    passes(&check("flat_map to none", |items| {
        items.flat_map(|_| None::<u64>)
    }));
}

#[test]
fn inspect() {
    passes(&same("inspect", |items| items.inspect(|_| {})));
}

#[test]
fn enumerate() {
    passes(&check("enumerate", |items| {
        items.enumerate().map(|(n, i)| n == *i)
    }));
}

#[test]
fn skip() {
    passes(&check("skip", |items| items.skip(5)));
}

#[test]
fn skip_while() {
    passes(&check("skip_while", |items| items.skip_while(|n| **n < 5)));
}

#[test]
fn take() {
    passes(&check("take", |items| items.take(5)));
}

#[test]
fn take_while() {
    passes(&check("take_while", |items| items.take_while(|n| **n < 5)));
}

#[test]
fn scan() {
    let sums = |sum: &mut u64, n: Item| {
        *sum += *n;
        Some(*sum)
    };
    passes(&check("scan", move |items| items.scan(0, sums)));
    passes(&check("scan_with", move |items| {
        items.scan_with(|_| 0, sums)
    }));
}

#[test]
fn batch() {
    passes(&check("batch", |items| items.batch(4)));
}

#[test]
fn batch_within() {
    // Where items are slow to come, batches are smaller.
    let batches = |items: Source<Item>| items.batch_within(4, Duration::from_millis(1));
    let flat = move |items: Source<Item>| batches(items).flat_map(|batch| batch);
    passes(&same("batch_within", flat));
}

#[test]
fn map_async() {
    passes(&same("map_async", |items| items.map_async(3, later)).smallest_window(3));
    let unordered = same("map_async_unordered", |items| {
        items.map_async_unordered(3, later)
    });
    passes(&unordered.unordered().smallest_window(3));
}

#[test]
fn map_blocking() {
    let blocking = same("map_blocking", |items| items.map_blocking(2, |n| n));
    passes(&blocking.smallest_window(2).on_real_clock());
}

#[derive(Message)]
#[rtype(result = "u64")]
struct Question(Item);

struct Oracle;

impl Actor for Oracle {
    type Context = Context<Self>;
}

impl Handler<Question> for Oracle {
    type Result = u64;

    fn handle(&mut self, question: Question, _: &mut Context<Self>) -> u64 {
        *question.0
    }
}

#[test]
fn ask() {
    let asked = |items: Source<Item>| items.map(Question).ask(Oracle.start().recipient(), 3);
    passes(
        &check("ask", asked)
            .gives(|n| (0..n).collect())
            .smallest_window(3),
    );
}

#[test]
fn map_parallel() {
    let parallel = same("map_parallel", |items| items.map_parallel(2, |n| n));
    passes(&parallel.smallest_window(2).on_real_clock());
}

#[test]
fn map_parallel_unordered() {
    let parallel = same("map_parallel_unordered", |items| {
        items.map_parallel_unordered(2, |n| n)
    });
    passes(&parallel.unordered().smallest_window(2).on_real_clock());
}

#[test]
fn map_parallel_with() {
    let parallel = same("map_parallel_with", |items| {
        items.map_parallel_with(2, |_| |n| n)
    });
    passes(&parallel.smallest_window(2).on_real_clock());
}

#[test]
fn map_parallel_unordered_with() {
    let parallel = same("map_parallel_unordered_with", |items| {
        items.map_parallel_unordered_with(2, |_| |n| n)
    });
    passes(&parallel.unordered().smallest_window(2).on_real_clock());
}

#[test]
fn map_parallel_on() {
    let parallel = same("map_parallel_on", |items| {
        items.map_parallel_on(&[Arbiter::current(), Arbiter::current()], |n| n)
    });
    passes(&parallel.smallest_window(2));
}

#[test]
fn segmented() {
    let segmented = check("segmented", |items| {
        let halves = |n: Item| [*n, *n + 1];
        items.segmented(2, halves, |n| n, |sums| sums.iter().sum::<u64>())
    });
    let sums = |n: u64| (0..n).map(|n| 2 * n + 1).collect();
    passes(&segmented.gives(sums).smallest_window(2).on_real_clock());
}

fn other() -> Source<u64> {
    Source::from_iter(1000..1003)
}

#[test]
fn merge() {
    let merged = check("merge", |items| items.map(|n| *n).merge(other()));
    passes(&merged.unordered());
    let merged = check("merge_all", |items| {
        Source::merge_all([items.map(|n| *n), other(), other()])
    });
    passes(&merged.unordered());
}

#[test]
fn concat() {
    passes(&check("concat", |items| items.map(|n| *n).concat(other())));
    passes(&check("concat behind", |items| {
        other().concat(items.map(|n| *n))
    }));
}

#[test]
fn interleave() {
    passes(&check("interleave", |items| {
        items.map(|n| *n).interleave(other(), 2)
    }));
}

#[test]
fn merge_sorted() {
    passes(&check("merge_sorted", |items| {
        items.map(|n| *n).merge_sorted(other())
    }));
    passes(&check("merge_sorted_by", |items| {
        items.map(|n| *n).merge_sorted_by(other(), Ord::cmp)
    }));
}

#[test]
fn zip() {
    passes(&check("zip", |items| items.zip(other())));
    passes(&check("zip behind", |items| {
        Source::from_iter(0..).zip(items)
    }));
}

#[test]
fn isolated() {
    let isolated = check("isolated", |items| {
        items.map(|n| *n).merge(other()).isolated()
    });
    passes(&isolated.unordered().isolating());
}

#[test]
fn broadcast() {
    passes(&check("broadcast", |items| {
        let [left, right] = items.broadcast(2).into_array();
        left.zip(right)
    }));
}

#[test]
fn partition() {
    let parted = check("partition", |items| {
        Source::merge_all(items.partition(3, |n| **n as usize % 3).into_vec())
    });
    passes(&parted.unordered());
}

#[test]
fn balance() {
    let balanced = check("balance", |items| {
        Source::merge_all(items.balance(3).into_vec())
    });
    passes(&balanced.unordered());
}

#[test]
fn supervised_and_retried() {
    passes(&same("supervised", |items| {
        items.map(|n| n).supervised(RestartPolicy::resume())
    }));
    passes(&same("retried", |items| {
        items
            .retried(RestartPolicy::retry())
            .try_map(Ok::<_, String>)
    }));
}

#[test]
fn weigh() {
    let weighed = same("weigh", |items| {
        items.weigh(|n| **n as usize % 4, 6).map(|n| n)
    });
    passes(&weighed);
}

struct Undertaker;

impl Actor for Undertaker {
    type Context = Context<Self>;
}

impl Handler<DeadLetter<Item>> for Undertaker {
    type Result = ();

    fn handle(&mut self, letter: DeadLetter<Item>, _: &mut Context<Self>) {
        drop(letter);
    }
}

#[test]
fn dead_letters() {
    passes(&same("dead_letters", |items| {
        let undertaker = Undertaker.start().recipient();
        items.dead_letters(undertaker).map(|n| n)
    }));
}

#[test]
fn on_discard() {
    passes(&same("on_discard", |items| {
        items.on_discard(|_| {}).map(|n| n)
    }));
}
