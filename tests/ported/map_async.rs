//! Akka Streams' `mapAsync` and `mapAsyncUnordered`:
//! https://github.com/akka/akka-core/blob/main/akka-stream-tests/src/test/scala/akka/stream/scaladsl/FlowMapAsyncSpec.scala
//! and `FlowMapAsyncUnorderedSpec.scala` beside it; what both promise is tested of both.
//!
//! What becomes of failures is in `map_async_failures.rs`.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use futures::{StreamExt, poll};

use crate::kit::{Gate, Meter, settle, system, until, value, within};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Order {
    Kept,
    Free,
}

pub(crate) const BOTH: [Order; 2] = [Order::Kept, Order::Free];

pub(crate) fn map_async<T, U, F>(
    order: Order,
    source: Source<T>,
    concurrency: usize,
    f: impl FnMut(T) -> F + Send + 'static,
) -> Source<U>
where
    T: Send + 'static,
    U: Send + 'static,
    F: Future<Output = U> + 'static,
{
    let mapped = match order {
        Order::Kept => source.map_async(concurrency, f),
        Order::Free => source.map_async_unordered(concurrency, f),
    };
    mapped.named("mapped")
}

/// Sorted where the order is free.
pub(crate) async fn values<T: Ord + Send + 'static>(order: Order, source: Source<T>) -> Vec<T> {
    let mut values = value(source.collect::<Vec<_>>()).await;
    if order == Order::Free {
        values.sort();
    }
    values
}

// FlowMapAsyncSpec: "produce future elements"
#[test]
fn results_come_as_they_are_asked_for_and_then_the_end() {
    system(async {
        let source = Source::from_iter(1..=3).map_async(4, async |n: u64| n);
        let mut outlet = source
            .run_stream(&FlowContext::background())
            .expect("it starts");
        for n in 1..=3 {
            let result = within("a result", outlet.next()).await;
            assert_eq!(result.expect("it goes on").expect("it is well"), n);
        }
        assert!(within("the end", outlet.next()).await.is_none());
    });
}

// FlowMapAsyncSpec: "produce future elements in order"
#[test]
fn results_come_in_the_order_of_the_items_however_long_each_takes() {
    system(async {
        let source = Source::from_iter(1..=50u64).map_async(4, async |n| {
            for _ in 0..fastrand::u64(0..n % 3 * 10 + 1) {
                tokio::task::yield_now().await;
            }
            n
        });
        assert!(
            value(source.collect::<Vec<_>>())
                .await
                .into_iter()
                .eq(1..=50)
        );
    });
}

// FlowMapAsyncUnorderedSpec: "produce future elements in the order they are ready"
#[test]
fn results_without_order_come_as_they_are_ready() {
    system(async {
        let gates: Vec<_> = (0..4).map(|_| Gate::new()).collect();
        let waits = gates.clone();
        let source = Source::from_iter(0..4usize).map_async_unordered(4, move |n| {
            let gate = waits[n].clone();
            async move {
                gate.pass().await;
                n
            }
        });
        let mut outlet = source
            .run_stream(&FlowContext::background())
            .expect("it starts");
        for n in [1, 3, 2, 0] {
            settle().await;
            assert!(poll!(outlet.next()).is_pending());
            gates[n].open();
            let result = within("a result", outlet.next()).await;
            assert_eq!(result.expect("it goes on").expect("it is well"), n);
        }
        assert!(within("the end", outlet.next()).await.is_none());
    });
}

// FlowMapAsyncSpec: "not run more futures than requested parallelism"
// FlowMapAsyncUnorderedSpec: "not run more futures than requested elements"
#[test]
fn no_future_begins_before_its_result_has_a_place() {
    for order in BOTH {
        system(async {
            let begun = Arc::new(AtomicU64::new(0));
            let count = Arc::clone(&begun);
            let source = map_async(order, Source::from_iter(1..=20u64), 8, move |n| {
                count.fetch_add(1, SeqCst);
                async move { n }
            });
            let (mut outlet, flow) = source.window(8).into_stream();
            let _running = flow
                .window(1)
                .run(&FlowContext::background())
                .expect("it starts");
            // Eight in the stage, of which results wait for a place, and one with the reader.
            for read in 0..=11 {
                settle().await;
                assert!(
                    begun.load(SeqCst) <= 8 + 1 + read,
                    "{} begun, {read} read",
                    begun.load(SeqCst)
                );
                assert!(begun.load(SeqCst) > read, "it makes what is asked for");
                assert!(within("a result", outlet.next()).await.is_some());
            }
            let rest = within("the rest", outlet.collect::<Vec<_>>()).await;
            assert_eq!((rest.len(), begun.load(SeqCst)), (8, 20));
        });
    }
}

// FlowMapAsyncSpec: "not run more futures than configured"
// FlowMapAsyncUnorderedSpec: "not run more futures than configured"
#[test]
fn no_more_futures_run_than_configured() {
    const MOST: usize = 8;
    for order in BOTH {
        system(async {
            let meter = Meter::new();
            let counts = meter.clone();
            let source = map_async(order, Source::from_iter(0..10_000u64), MOST, move |_| {
                let meter = counts.clone();
                async move {
                    meter.enter();
                    tokio::task::yield_now().await;
                    meter.leave();
                }
            });
            assert_eq!(value(source.count()).await, 10_000);
            assert_eq!(meter.most(), MOST as u64);
        });
    }
}

// FlowMapAsyncSpec and FlowMapAsyncUnorderedSpec: "complete without requiring further demand" with parallelism 1
// and 2, with futures that are ready and with some that are not
#[test]
fn the_end_comes_without_room_for_a_further_item() {
    for order in BOTH {
        for (items, ready) in [(1, true), (1, false), (2, true), (2, false)] {
            system(async {
                let source = map_async(
                    order,
                    Source::from_iter(1..=items),
                    items as usize,
                    move |n| async move {
                        if !ready {
                            tokio::task::yield_now().await;
                        }
                        n
                    },
                );
                let (mut outlet, flow) = source.into_stream();
                let flow = flow.window(items as usize).run(&FlowContext::background());
                let running = flow.expect("it starts");
                for _ in 0..items {
                    assert!(within("a result", outlet.next()).await.is_some());
                }
                assert!(within("the end", outlet.next()).await.is_none());
                within("the flow", running.into_future())
                    .await
                    .expect("it completes");
            });
        }
    }
}

/// Gives nothing for some items.
async fn some(order: Order, items: u64, concurrency: usize, is_some: fn(u64) -> bool) -> Vec<u64> {
    let source = map_async(
        order,
        Source::from_iter(0..items),
        concurrency,
        move |n| async move { is_some(n).then_some(n) },
    );
    values(order, source.filter_map(|n| n)).await
}

// FlowMapAsyncSpec and FlowMapAsyncUnorderedSpec: "ignore element when future is completed with null",
// "continue emitting after a sequence of nulls", "complete without emitting any element after a sequence of nulls
// only"
#[test]
fn results_that_are_none_are_passed_over() {
    for order in BOTH {
        system(async {
            assert_eq!(some(order, 3, 2, |n| n != 1).await, [0, 2]);
            assert_eq!(
                some(order, 103, 3, |n| n == 0 || n >= 100).await,
                [0, 100, 101, 102]
            );
            assert_eq!(some(order, 200, 3, |_| false).await, []);
        });
    }
}

// FlowMapAsyncSpec and FlowMapAsyncUnorderedSpec: "complete stage if future with null result is completed last"
#[test]
fn the_flow_ends_though_the_last_result_is_none() {
    for order in BOTH {
        system(async {
            let gate = Gate::new();
            let (waits, count) = (gate.clone(), Arc::new(AtomicU64::new(0)));
            let ready = Arc::clone(&count);
            let source = map_async(order, Source::from_iter(1..=3u64), 2, move |n| {
                let (gate, ready) = (waits.clone(), Arc::clone(&ready));
                async move {
                    if n == 2 {
                        gate.pass().await;
                        return None;
                    }
                    ready.fetch_add(1, SeqCst);
                    Some(n)
                }
            });
            let flow = source.filter_map(|n| n).collect::<Vec<_>>();
            let running = flow.run(&FlowContext::background()).expect("it starts");
            until("the others", || count.load(SeqCst) == 2).await;
            gate.open();
            let mut came = within("the end", running.into_future())
                .await
                .expect("it completes");
            came.sort_unstable();
            assert_eq!(came, [1, 3]);
        });
    }
}

// FlowMapAsyncSpec: "should handle cancel properly"
// FlowMapAsyncUnorderedSpec: "handle cancel properly"
#[test]
fn a_reader_that_leaves_ends_the_source() {
    for order in BOTH {
        system(async {
            let (upstream, source) = Source::<u64>::inlet(4);
            let source = map_async(order, source, 4, async |n| n);
            let outlet = source
                .run_stream(&FlowContext::background())
                .expect("it starts");
            settle().await;
            assert!(!upstream.is_closed());
            drop(outlet);
            until("the inlet to close", || upstream.is_closed()).await;
        });
    }
}
