//! Akka Streams' `mapAsync` and `mapAsyncUnordered` of futures that fail:
//! https://github.com/akka/akka-core/blob/main/akka-stream-tests/src/test/scala/akka/stream/scaladsl/FlowMapAsyncSpec.scala
//! and `FlowMapAsyncUnorderedSpec.scala` beside it; what both promise is tested of both.
//!
//! A future that fails is one that panics; one that gives an error gives it to a `try_map` behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use futures::StreamExt;
use tokio::sync::oneshot;

use crate::kit::{failure, paused, quiet_panics, settle, system, value, within};
use crate::map_async::{BOTH, Order, map_async, values};

fn resume() -> RestartPolicy {
    RestartPolicy::resume().without_limit()
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
