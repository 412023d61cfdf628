//! Checks of your own sources, stages and sinks against the rules of edges.
//!
//! Whoever writes a [`Stage`](crate::Stage) or composes verbs cannot break an edge from the inside: the
//! library holds its ends. What a part can do wrong lies beside: compute what nobody asked for, hold
//! what no window bounds, hold its arbiter (as a source), swallow an end, a failure or a cancel between two flows
//! or channels, lose items when it is closed, outlive its flow. The cases here look for these from
//! outside, by probes, each under the number of a rule of the design.
//!
//! * Use [`source`] for what makes items, [`stage`] for what turns items into others (a
//!   [`Stage`](crate::Stage), a verb, or a function over several), [`sink`] for what ends a flow.
//! * A check is told what it cannot see: that an order, a time or a thread is the part's own.
//! * Its [`Verdict`] names each case that failed, and how.
//!
//! The idea is that of the test kit of Reactive Streams.
//!
//! # Examples
//!
//! A source that reads ahead of what it was asked for, and what is found:
//!
//! ```
//! use actix_flow::prelude::*;
//! use actix_flow::testing::conformance;
//! use futures::{StreamExt, stream};
//!
//! let ahead = |numbers| Source::from_stream(stream::iter(numbers).ready_chunks(8).flat_map(stream::iter));
//! let verdict = conformance::source("ahead", ahead).check();
//! assert!(verdict.failed().contains(&"r3_1_computes_no_more_than_was_asked_for"), "{verdict}");
//!
//! let by_one = |numbers| Source::from_stream(stream::iter(numbers));
//! conformance::source("by one", by_one).check().assert_passed();
//! ```

mod endings;
mod feed;
mod numbers;
mod options;
mod sink;
mod source;
mod stage;
mod verdict;

use std::fmt;

pub use numbers::Numbers;
pub use sink::SinkCheck;
pub use source::SourceCheck;
pub use stage::StageCheck;
pub use verdict::{Finding, Verdict};

use super::Tracked;
use crate::flow::{Blueprint, Source};

/// Checks a source, made of the numbers that the closure is given: one item of each, in order.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing::conformance;
///
/// conformance::source("doubled", |numbers| Source::from_iter(numbers).map(|n| 2 * *n))
///     .without("r3_1_computes_nothing_before_it_is_asked", "a stage asks for its window")
///     .without("r3_1_computes_no_more_than_was_asked_for", "a stage asks for its window")
///     .check()
///     .assert_passed();
/// ```
pub fn source<T: fmt::Debug + Send + 'static>(
    name: &str,
    make: impl Fn(Numbers) -> Source<T> + 'static,
) -> SourceCheck<T> {
    SourceCheck::new(name, make)
}

/// Checks a stage, or a function over several; its items are made of numbers.
///
/// Keep the number in the item: then the check sees what becomes of it.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing::{Tracked, conformance};
///
/// /// Adds up neighbours.
/// #[derive(Default)]
/// struct Pairs(Option<u64>);
///
/// impl Stage for Pairs {
///     type In = Tracked<u64>;
///     type Out = u64;
///     type Outs = std::option::IntoIter<u64>;
///     type Error = std::convert::Infallible;
///
///     fn accept(&mut self, item: Tracked<u64>) -> Result<Self::Outs, Self::Error> {
///         let last = self.0.replace(*item);
///         Ok(last.map(|last| last + *item).into_iter())
///     }
/// }
///
/// conformance::stage("pairs", |n| n, |items| items.stage_with(|_| Pairs::default()))
///     .gives(|items| (1..items).map(|n| 2 * n - 1).collect())
///     .check()
///     .assert_passed();
/// ```
pub fn stage<T: Send + 'static, U: fmt::Debug + Send + 'static>(
    name: &str,
    item: impl Fn(Tracked<u64>) -> T + Send + Sync + 'static,
    stage: impl Fn(Source<T>) -> Source<U> + 'static,
) -> StageCheck<T, U> {
    StageCheck::new(name, item, stage)
}

/// Checks a sink, or a function that ends a flow; its items are made of numbers.
///
/// # Examples
///
/// ```
/// use actix_flow::testing::conformance;
///
/// conformance::sink("sum", |n| n, |items| items.fold(0, |sum, n| sum + *n))
///     .gives(|items| (0..items).sum())
///     .check()
///     .assert_passed();
/// ```
pub fn sink<T: Send + 'static, R: fmt::Debug + Send + 'static>(
    name: &str,
    item: impl Fn(Tracked<u64>) -> T + Send + Sync + 'static,
    sink: impl Fn(Source<T>) -> Blueprint<R> + 'static,
) -> SinkCheck<T, R> {
    SinkCheck::new(name, item, sink)
}
