//! Akka Streams' `mapAsync` and `mapAsyncUnordered`:
//! https://github.com/akka/akka-core/blob/main/akka-stream-tests/src/test/scala/akka/stream/scaladsl/FlowMapAsyncSpec.scala
//! and `FlowMapAsyncUnorderedSpec.scala` beside it; what both promise is tested of both.
//!
//! A future that fails is one that panics; one that gives an error gives it to a `try_map` behind.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use futures::{StreamExt, poll};
use tokio::sync::oneshot;

use crate::kit::{
    Gate, Meter, failure, paused, quiet_panics, settle, system, until, value, within,
};

#[derive(Clone, Copy, PartialEq)]
enum Order {
    Kept,
    Free,
}

const BOTH: [Order; 2] = [Order::Kept, Order::Free];

fn map_async<T, U, F>(
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
async fn values<T: Ord + Send + 'static>(order: Order, source: Source<T>) -> Vec<T> {
    let mut values = value(source.collect::<Vec<_>>()).await;
    if order == Order::Free {
        values.sort();
    }
    values
}

fn resume() -> RestartPolicy {
    RestartPolicy::resume().without_limit()
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

/// Fails at 3, while the others wait for what never comes.
async fn fails_at_three(order: Order, at_once: bool) {
    let source = map_async(order, Source::from_iter(1..=5u64), 4, move |n| {
        assert!(!(at_once && n == 3), "expected: err");
        async move {
            assert!(n != 3, "expected: err");
            std::future::pending::<u64>().await
        }
    });
    let error = failure(source.count()).await;
    assert_eq!(error.stage(), Some("mapped"));
    let cause = error.cause().expect("it has a cause");
    assert!(matches!(cause, Cause::Panicked { text, .. } if &**text == "expected: err"));
}

// FlowMapAsyncSpec: "signal future failure"
// FlowMapAsyncUnorderedSpec: "signal future failure"
#[test]
fn a_future_that_fails_is_told_while_others_run() {
    quiet_panics();
    for order in BOTH {
        system(fails_at_three(order, false));
    }
}

// FlowMapAsyncSpec: "signal error from mapAsync"
// FlowMapAsyncUnorderedSpec: "signal error from mapAsyncUnordered"
#[test]
fn a_closure_that_fails_to_make_a_future_is_told_while_others_run() {
    quiet_panics();
    for order in BOTH {
        system(fails_at_three(order, true));
    }
}

// FlowMapAsyncSpec: "signal future already failed"
#[test]
fn a_future_that_is_an_error_at_once_fails_the_flow_when_its_turn_comes() {
    system(async {
        let source = Source::from_iter(1..=5u64).map_async_unordered(4, |n| async move {
            if n == 3 {
                return Err("err1");
            }
            std::future::pending().await
        });
        let error = failure(
            source
                .try_map(|result: Result<u64, _>| result)
                .named("check")
                .count(),
        )
        .await;
        assert_eq!(error.stage(), Some("check"));
        let Some(Cause::Failed { error, .. }) = error.cause() else {
            panic!("it failed")
        };
        assert_eq!(error.to_string(), "err1");
    });
}

// FlowMapAsyncSpec: "signal future failure asap"
// FlowMapAsyncUnorderedSpec: "signal future failure asap"
#[test]
fn a_slow_upstream_does_not_hold_up_a_failure() {
    quiet_panics();
    for order in BOTH {
        system(async {
            let slow = Source::unfold_async(1u64, |n| async move {
                if n > 1 {
                    std::future::pending::<()>().await;
                }
                Some((n, n + 1))
            });
            let source = map_async(order, slow, 4, async |_| -> u64 {
                panic!("expected: err1")
            });
            let error = failure(source.drain()).await;
            assert_eq!(error.stage(), Some("mapped"));
        });
    }
}

struct Promises {
    keep: Vec<oneshot::Sender<&'static str>>,
    flow: Source<&'static str>,
}

/// Six promises; one that is broken is a future that fails.
fn promises() -> Promises {
    let (keep, kept): (Vec<_>, Vec<_>) = (0..6).map(|_| oneshot::channel()).unzip();
    let flow = Source::from_iter(kept).map_async(5, async |promise: oneshot::Receiver<_>| {
        let kept = promise.await;
        kept.unwrap_or_else(|_| panic!("expected: a broken promise"))
    });
    Promises {
        keep,
        flow: flow.named("mapped"),
    }
}

const LETTERS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

// FlowMapAsyncSpec: "a failure mid-stream MUST cause a failure ASAP (stopping strategy)"
#[test]
fn nothing_behind_a_failure_in_the_middle_is_passed() {
    quiet_panics();
    system(async {
        let Promises { keep, flow } = promises();
        let mut outlet = flow
            .run_stream(&FlowContext::background())
            .expect("it starts");
        settle().await;
        for (promise, letter) in keep.into_iter().zip(LETTERS) {
            if letter != "c" {
                promise.send(letter).expect("it is awaited");
            }
        }
        let mut passed = Vec::new();
        let error = loop {
            match within("the error", outlet.next()).await.expect("it fails") {
                Ok(letter) => passed.push(letter),
                Err(error) => break error,
            }
        };
        assert!(["a", "b"].starts_with(&passed), "{passed:?}");
        assert_eq!(error.stage(), Some("mapped"));
    });
}

// FlowMapAsyncSpec: "a failure mid-stream must skip element with resume strategy"
#[test]
fn a_failure_in_the_middle_is_passed_over_though_it_comes_last() {
    quiet_panics();
    system(async {
        let Promises { mut keep, flow } = promises();
        let flow = flow.supervised(resume()).collect::<Vec<_>>();
        let running = flow.run(&FlowContext::background()).expect("it starts");
        settle().await;
        let broken = keep.remove(2);
        for (promise, letter) in keep.into_iter().zip(["a", "b", "d", "e", "f"]) {
            assert!(promise.send(letter).is_ok(), "it is awaited");
            settle().await;
        }
        drop(broken);
        let finished = within("the end", running.wait())
            .await
            .expect("it completes");
        assert_eq!(
            finished.value.expect("it completed"),
            ["a", "b", "d", "e", "f"]
        );
    });
}

// FlowMapAsyncSpec: "resume after future failure", "resume when mapAsync throws"
// FlowMapAsyncUnorderedSpec: "resume after future failure", "resume when mapAsyncUnordered throws"
#[test]
fn a_resumed_stage_goes_on_behind_the_item_that_failed() {
    quiet_panics();
    for (order, at_once) in [
        (Order::Kept, true),
        (Order::Kept, false),
        (Order::Free, true),
        (Order::Free, false),
    ] {
        paused(async {
            let source = map_async(order, Source::from_iter(1..=5u64), 4, move |n| {
                assert!(!(at_once && n == 3), "expected: err");
                async move {
                    assert!(n != 3, "expected: err");
                    n
                }
            });
            assert_eq!(
                values(order, source.supervised(resume())).await,
                [1, 2, 4, 5]
            );
        });
    }
}

// FlowMapAsyncSpec: "resume after already failed future"
#[test]
fn a_resumed_stage_behind_drops_results_that_are_errors() {
    paused(async {
        let source = Source::from_iter(1..=5u64)
            .map_async(4, async |n| if n == 3 { Err("err3") } else { Ok(n) });
        let source = source.try_map(|result| result).supervised(resume());
        assert_eq!(value(source.collect::<Vec<_>>()).await, [1, 2, 4, 5]);
    });
}

// FlowMapAsyncSpec: "resume after multiple failures"
// FlowMapAsyncUnorderedSpec: "resume after multiple failures"
#[test]
fn a_resumed_stage_outlives_failures_one_after_the_other() {
    quiet_panics();
    for order in BOTH {
        paused(async {
            let source = map_async(order, Source::from_iter(1..=6u64), 2, async |n| {
                assert!(n == 6, "expected: failure");
                "happy!"
            });
            assert_eq!(
                value(source.supervised(resume()).first()).await,
                Some("happy!")
            );
        });
    }
}

// FlowMapAsyncSpec: "finish after future failure"
// FlowMapAsyncUnorderedSpec: "finish after future failure"
#[test]
fn a_resumed_stage_ends_though_its_last_item_failed() {
    quiet_panics();
    for order in BOTH {
        paused(async {
            let source = map_async(order, Source::from_iter(1..=3u64), 1, async |n| {
                assert!(n != 3, "expected: err3b");
                n
            });
            let batches = source.supervised(resume()).batch(10);
            assert_eq!(value(batches.first()).await, Some(vec![1, 2]));
        });
    }
}

// FlowMapAsyncSpec: "not invoke the decider twice for the same failed future", "... already failed future",
// "... failure to produce a future"
#[test]
fn the_policy_is_asked_once_for_each_way_to_fail() {
    quiet_panics();
    for (at_once, order) in [
        (true, Order::Kept),
        (false, Order::Kept),
        (true, Order::Free),
        (false, Order::Free),
    ] {
        paused(async {
            let asked = Arc::new(AtomicU64::new(0));
            let count = Arc::clone(&asked);
            let policy = RestartPolicy::decide(move |_| {
                count.fetch_add(1, SeqCst);
                Directive::Resume
            });
            let source = map_async(order, Source::from_iter([true, false]), 1, move |fails| {
                assert!(!(fails && at_once), "expected: this has gone too far");
                async move {
                    assert!(!fails, "expected: this has gone too far");
                    fails
                }
            });
            assert_eq!(values(order, source.supervised(policy)).await, [false]);
            assert_eq!(asked.load(SeqCst), 1);
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
