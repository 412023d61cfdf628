//! Verbs that put items together.

use std::time::Duration;

use actix_flow::prelude::*;
use tokio::time::Instant;

use crate::kit::{paused, refusal, system, value};

#[test]
fn batches_are_of_their_size_and_the_last_can_be_smaller() {
    system(async {
        let batches = Source::from_iter(0..7u64).batch(3).collect::<Vec<_>>();
        assert_eq!(
            value(batches).await,
            [vec![0, 1, 2], vec![3, 4, 5], vec![6]]
        );
        let none = Source::<u64>::empty().batch(3).collect::<Vec<_>>();
        assert_eq!(value(none).await, Vec::<Vec<u64>>::new());
        let one = Source::from_iter(0..2u64).batch(1).collect::<Vec<_>>();
        assert_eq!(value(one.default_window(1)).await, [vec![0], vec![1]]);
    });
}

#[test]
fn a_batch_within_a_time_goes_when_it_is_full_or_its_time_is_over() {
    paused(async {
        let start = Instant::now();
        // Ticks at 0, 10, 20 .. ms; a batch waits 25 ms from its first on.
        let flow = Source::ticks(Duration::from_millis(10))
            .batch_within(100, Duration::from_millis(25))
            .map(move |batch| (start.elapsed().as_millis(), batch))
            .take(2)
            .collect::<Vec<_>>();
        let expected = [(25, vec![0, 1, 2]), (55, vec![3, 4, 5])];
        assert_eq!(value(flow).await, expected);
        let start = Instant::now();
        let flow = Source::ticks(Duration::from_millis(10))
            .batch_within(2, Duration::from_secs(9))
            .map(move |batch| (start.elapsed().as_millis(), batch))
            .take(2)
            .collect::<Vec<_>>();
        assert_eq!(value(flow).await, [(10, vec![0, 1]), (30, vec![2, 3])]);
    });
}

#[test]
fn a_batch_of_none_is_refused() {
    system(async {
        let refused = refusal(Source::once(1u64).batch(0).count());
        assert_eq!(
            refused.to_string(),
            "stage `batch-1` has a size of 0: give it more"
        );
        let second = Duration::from_secs(1);
        let refused = refusal(Source::once(1u64).batch_within(0, second).count());
        assert_eq!(
            refused.to_string(),
            "stage `batch_within-1` has a size of 0: give it more"
        );
    });
}
