//! How a stage or a sink under check gets its items: all that it asks for, or one by one.

use std::panic::Location;
use std::sync::Arc;

use super::super::{Census, SourceProbe, Tracked};
use super::endings::settle;
use super::numbers::Ledger;
use crate::flow::Source;

/// How an item is made of a number.
pub(super) type Make<T> = Arc<dyn Fn(Tracked<u64>) -> T + Send + Sync>;

/// A source of so many items, and what is known of them.
pub(super) fn fed<T: Send + 'static>(make: &Make<T>, items: u64) -> (Source<T>, Ledger) {
    let (ledger, make) = (Ledger::default(), Arc::clone(make));
    let numbers = ledger.numbers(items);
    let source = Source::from_iter(numbers.map(move |number| make(number)));
    (source, ledger)
}

/// Sends so many items one after the other; says how many were taken.
pub(super) async fn play<T: Send + 'static>(
    source: &SourceProbe<T>,
    make: &Make<T>,
    census: &Census,
    items: u64,
) -> u64 {
    for number in 0..items {
        if !source
            .offer(make(census.track(number)), Location::caller())
            .await
        {
            return number;
        }
        settle().await;
    }
    items
}
