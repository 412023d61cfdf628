//! Verbs that make something of each item.

use std::rc::Rc;
use std::sync::{Arc, Mutex};

use actix_flow::Cause;
use actix_flow::prelude::*;

use crate::kit::{Census, failure, finished, system, value};

fn numbers(n: u64) -> Source<u64> {
    Source::from_iter(0..n)
}

async fn all<T: Send + 'static>(source: Source<T>) -> Vec<T> {
    value(source.collect().default_window(3)).await
}

#[test]
fn maps_and_filters_work_on_each_item_in_order() {
    system(async {
        assert_eq!(all(numbers(4).map(|n| n * 2)).await, [0, 2, 4, 6]);
        assert_eq!(all(numbers(7).filter(|n| n % 3 == 0)).await, [0, 3, 6]);
        let halves = numbers(6).filter_map(|n| (n % 2 == 0).then_some(n / 2));
        assert_eq!(all(halves).await, [0, 1, 2]);
        assert_eq!(
            all(numbers(3).flat_map(|n| vec![n; n as usize])).await,
            [1, 2, 2]
        );
        let letters = Source::from_iter("ab".chars()).enumerate();
        assert_eq!(all(letters).await, [(0, 'a'), (1, 'b')]);
    });
}

#[test]
fn take_and_skip_and_their_conditions() {
    system(async {
        assert_eq!(all(numbers(9).take(2)).await, [0, 1]);
        assert_eq!(all(numbers(2).take(9)).await, [0, 1]);
        assert_eq!(all(numbers(5).skip(3)).await, [3, 4]);
        assert_eq!(all(numbers(2).skip(3)).await, []);
        assert_eq!(all(numbers(2).skip(0)).await, [0, 1]);
        assert_eq!(all(numbers(9).take_while(|n| *n < 3)).await, [0, 1, 2]);
        let rest = Source::from_iter([1, 2, 9, 1]).skip_while(|n| *n < 5);
        assert_eq!(all(rest).await, [9, 1]);
    });
}

#[test]
fn inspect_sees_each_item_once_and_passes_it() {
    system(async {
        let seen = Arc::new(Mutex::new(vec![]));
        let notes = Arc::clone(&seen);
        let looked = numbers(4).inspect(move |n| notes.lock().unwrap().push(*n));
        assert_eq!(all(looked).await, *seen.lock().unwrap());
    });
}

#[test]
fn scan_has_a_state_and_ends_at_none() {
    system(async {
        let sums = numbers(u64::MAX).scan(0, |sum, n| {
            *sum += n;
            (*sum < 10).then_some(*sum)
        });
        assert_eq!(all(sums).await, [0, 1, 3, 6]);
        let ctx = FlowContext::background().with_value(100u64);
        let from = |cx: &FlowContext| Rc::new(*cx.value::<u64>().unwrap());
        let sums = numbers(3).scan_with(from, |base, n| Some(**base + n));
        let flow = sums.collect::<Vec<_>>().run(&ctx).unwrap();
        assert_eq!(flow.await.unwrap(), [100, 101, 102]);
    });
}

#[test]
fn try_map_fails_the_flow_with_its_first_error() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let flow = Source::from_iter((0..50u64).map(move |n| made.item(n)))
            .try_map(|item| match item.number {
                20 => Err(std::io::Error::other("twenty")),
                _ => Ok(item),
            })
            .named("parse")
            .count();
        let error = failure(flow).await;
        assert_eq!(error.stage(), Some("parse"));
        assert_eq!(
            error.to_string(),
            "the flow gave no value: stage `parse` failed: twenty"
        );
        let source = std::error::Error::source(&error).unwrap();
        assert!(source.downcast_ref::<std::io::Error>().is_some());
        let parse = error.report().unwrap().stage("parse").unwrap();
        assert_eq!((parse.failed, parse.passed), (1, 20));
        census.assert_none_alive();
    });
}

/// Doubles items, gives their sum at the end, and fails at 13.
struct Doubling {
    sum: Rc<std::cell::Cell<u64>>,
}

impl Stage for Doubling {
    type In = u64;
    type Out = u64;
    type Outs = std::vec::IntoIter<u64>;
    type Error = String;

    fn accept(&mut self, item: u64) -> Result<Self::Outs, String> {
        if item == 13 {
            return Err("unlucky".into());
        }
        self.sum.set(self.sum.get() + item);
        Ok(vec![item, item].into_iter())
    }

    fn finish(&mut self) -> Option<Self::Outs> {
        Some(vec![self.sum.get()].into_iter())
    }
}

fn doubling(_: &FlowContext) -> Doubling {
    Doubling { sum: Rc::default() }
}

#[test]
fn a_stage_of_ones_own_has_a_state_that_need_not_be_send() {
    system(async {
        let doubled = all(numbers(3).stage_with(doubling)).await;
        assert_eq!(doubled, [0, 0, 1, 1, 2, 2, 3]);
        let error = failure(numbers(20).stage_with(doubling).count()).await;
        assert!(matches!(error.cause(), Some(Cause::Failed { .. })));
        assert!(error.to_string().ends_with("unlucky"));
    });
}

#[test]
fn an_expansion_counts_its_item_once() {
    system(async {
        for window in [1, 2, 7, 1_024] {
            let flow = numbers(40)
                .flat_map(|n| std::iter::repeat_n(n, n as usize))
                .named("grow")
                .count()
                .default_window(window);
            let finished = finished(flow).await;
            let grow = finished.report.stage("grow").unwrap();
            assert_eq!((grow.received, grow.passed, grow.emitted), (40, 40, 780));
        }
    });
}
