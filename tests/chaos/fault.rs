//! Stages of random flows that fail.

use actix_flow::prelude::*;

use super::shape::{Shape, rest};
use crate::kit::Item;

impl Shape<'_> {
    /// A stage that fails at one of its items.
    pub(super) fn fault(&mut self, source: Source<Item>) -> Source<Item> {
        self.faulty = true;
        let mut left = self.rng.u64(0..=60);
        let mut is_last = move || {
            let last = left == 0;
            left = left.wrapping_sub(1);
            last
        };
        match self.rng.u64(0..=5) {
            0 => {
                let failing = source.try_map(
                    move |item| {
                        if is_last() { Err("no more") } else { Ok(item) }
                    },
                );
                self.dress("FAIL try_map", failing, 1)
            }
            1 => {
                let panicking = source.filter(move |_| {
                    assert!(!is_last(), "expected: in a filter");
                    true
                });
                self.dress("PANIC filter", panicking, 1)
            }
            2 => {
                let expanding = source.flat_map(move |item| {
                    let last = is_last();
                    (0..3).map(move |n| {
                        assert!(n < 2 || !last, "expected: in an expansion");
                        item.clone()
                    })
                });
                self.dress("PANIC flat_map", expanding, 1)
            }
            3 => {
                let panicking = source.map_async(2, move |item| {
                    let last = is_last();
                    async move {
                        rest(1).await;
                        assert!(!last, "expected: in a future");
                        item
                    }
                });
                self.dress("PANIC map_async", panicking, 2)
            }
            4 => {
                let panicking = source.map_parallel(2, move |item: Item| {
                    assert!(item.number % 50 != 49, "expected: in a worker");
                    item
                });
                self.dress("PANIC map_parallel", panicking, 2)
            }
            _ => {
                let panicking = source.map_blocking(2, move |item: Item| {
                    assert!(item.number % 50 != 49, "expected: in a blocking closure");
                    item
                });
                self.dress("PANIC map_blocking", panicking, 2)
            }
        }
    }
}
