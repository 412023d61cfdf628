//! Order, and the one end after the data.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{Census, finished, system, value};

#[test]
fn r2_2_an_edge_is_first_in_first_out() {
    system(async {
        let arbiters = [Arbiter::new(), Arbiter::new()];
        for window in [1, 2, 5, 64] {
            let flow = Source::from_iter(0..2_000u64)
                .map(|n| n)
                .on(arbiters[0].handle())
                .map_async(1, |n| async move { n })
                .on(arbiters[1].handle())
                .batch(3)
                .flat_map(|batch| batch)
                .collect::<Vec<_>>()
                .default_window(window);
            let items = value(flow).await;
            assert!(items.into_iter().eq(0..2_000), "window {window}");
        }
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}

/// Counts the items and the ends that it sees.
struct Witness {
    seen: Arc<AtomicU64>,
    ends: Arc<AtomicU64>,
}

impl Stage for Witness {
    type In = u64;
    type Out = u64;
    type Outs = std::option::IntoIter<u64>;
    type Error = BoxError;

    fn accept(&mut self, item: u64) -> Result<Self::Outs, BoxError> {
        assert_eq!(self.ends.load(SeqCst), 0, "an item after the end");
        self.seen.fetch_add(1, SeqCst);
        Ok(Some(item).into_iter())
    }

    fn finish(&mut self) -> Option<Self::Outs> {
        self.ends.fetch_add(1, SeqCst);
        assert_eq!(self.seen.load(SeqCst), 1_000, "the end before the data");
        Some(Some(1_000).into_iter())
    }
}

#[test]
fn r2_3_there_is_one_end_and_it_comes_after_the_data() {
    system(async {
        let counts: [Arc<AtomicU64>; 2] = Default::default();
        let [seen, ends] = counts.clone();
        let flow = Source::from_iter(0..1_000u64)
            .stage_with(move |_| Witness {
                seen: Arc::clone(&seen),
                ends: Arc::clone(&ends),
            })
            .window(10)
            .count();
        assert_eq!(value(flow).await, 1_001);
        assert_eq!(counts.map(|count| count.load(SeqCst)), [1_000, 1]);
    });
}

#[test]
fn r2_4_items_behind_a_cancel_are_discarded_and_counted() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let flow = Source::repeat_with(move || made.item(1))
            .take_while({
                let mut left = 4;
                move |_| {
                    left -= 1;
                    left > 0
                }
            })
            .named("three")
            .window(64)
            .count();
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some(3));
        let edge = &finished.report.edges()[0];
        assert_eq!(edge.received, 4);
        assert!(edge.discarded > 0);
        assert_eq!(edge.sent, census.created());
        census.assert_none_alive();
    });
}

#[test]
fn r2_4_late_items_from_another_arbiter_are_tolerated() {
    system(async {
        let arbiter = Arbiter::new();
        let census = Census::new();
        for _ in 0..200 {
            let made = census.clone();
            let flow = Source::repeat_with(move || made.item(1))
                .on(arbiter.handle())
                .take_while({
                    let mut left = 20;
                    move |_| {
                        left -= 1;
                        left > 0
                    }
                })
                .window(8)
                .count();
            assert_eq!(value(flow).await, 19);
            census.assert_none_alive();
        }
        arbiter.stop();
        arbiter.join().unwrap();
    });
}
