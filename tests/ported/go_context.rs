//! Go's `context`: https://github.com/golang/go/tree/master/src/context

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use actix_flow::{CancelHandle, Cause, FlowContext};
use futures::executor::block_on;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::kit::{paused, system, within};

pub(crate) const SHORT: Duration = Duration::from_millis(1);
pub(crate) const FOR_EVER: Duration = Duration::from_secs(1_000_000);

pub(crate) fn why(ctx: &FlowContext) -> Option<String> {
    ctx.cause().map(|cause| cause.to_string())
}

/// One look at the future, as a `select` with a `default`.
fn is_ready(ctx: &FlowContext) -> bool {
    let mut done = pin!(ctx.done());
    let polled = done.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    polled.is_ready()
}

pub(crate) fn children(ctx: &FlowContext) -> String {
    let text = format!("{ctx:?}");
    let (_, rest) = text
        .split_once("children: ")
        .expect("it shows its children");
    rest.chars().take_while(char::is_ascii_digit).collect()
}

// src/context/x_test.go: TestBackground
#[test]
fn a_background_is_never_done() {
    let ctx = FlowContext::background();
    assert!(!is_ready(&ctx));
    assert_eq!(why(&ctx), None);
    assert!(ctx.deadline().is_none());
}

// src/context/x_test.go: TestWithCancel
#[test]
fn a_cancel_is_seen_by_all_below_when_it_returns() {
    let (first, cancel) = FlowContext::background().with_cancel();
    let wrapped = first.with_value("wrapped");
    let (second, _cancel_second) = wrapped.with_cancel();
    let all = [first, wrapped, second];
    for ctx in &all {
        assert!(!is_ready(ctx) && ctx.err().is_ok());
    }
    cancel.cancel("enough");
    for ctx in &all {
        assert!(is_ready(ctx));
        assert_eq!(why(ctx).as_deref(), Some("cancelled: enough"));
    }
}

// src/context/context_test.go: XTestParentFinishesChild
#[test]
fn a_parent_ends_children_of_each_kind_and_lets_them_go() {
    paused(async {
        let (parent, cancel) = FlowContext::background().with_cancel();
        let (with_cancel, _cancel_child) = parent.with_cancel();
        let with_value = parent.with_value("a value");
        let (with_timeout, _cancel_timeout) = with_value.with_timeout(FOR_EVER);
        assert_eq!(
            (children(&parent), children(&with_value)),
            ("2".into(), "1".into())
        );
        assert!(
            [&parent, &with_cancel, &with_value, &with_timeout]
                .iter()
                .all(|ctx| !is_ready(ctx))
        );

        cancel.cancel("enough");
        assert_eq!(children(&parent), "0");
        for ctx in [&parent, &with_cancel, &with_value, &with_timeout] {
            assert!(is_ready(ctx));
            assert_eq!(why(ctx).as_deref(), Some("cancelled: enough"));
        }
        let born_late = parent.with_value("another");
        assert!(is_ready(&born_late));
        assert_eq!(why(&born_late).as_deref(), Some("cancelled: enough"));
    });
}

// src/context/context_test.go: XTestChildFinishesFirst
#[test]
fn a_child_that_ends_first_leaves_its_parent_and_does_not_end_it() {
    let (cancellable, _cancel_parent) = FlowContext::background().with_cancel();
    for parent in [FlowContext::background(), cancellable] {
        let (child, cancel) = parent.with_cancel();
        assert_eq!(children(&parent), "1");
        cancel.cancel("enough");
        assert_eq!(children(&parent), "0");
        assert!(is_ready(&child) && !is_ready(&parent));
        assert_eq!(why(&parent), None);
    }
}

async fn hits_its_deadline(ctx: FlowContext) {
    let cause = within("a deadline", ctx.done()).await;
    assert!(matches!(cause, Cause::DeadlineExceeded), "{cause}");
    assert!(matches!(ctx.err(), Err(Cause::DeadlineExceeded)));
}

// src/context/x_test.go: TestDeadline
#[test]
fn a_deadline_holds_for_what_is_derived_also_with_a_later_one() {
    paused(async {
        let root = FlowContext::background();
        let start = Instant::now();
        hits_its_deadline(root.with_deadline(start + SHORT).0).await;
        let (soon, _) = root.with_deadline(Instant::now() + SHORT);
        hits_its_deadline(soon.with_value("wrapped")).await;
        let (soon, _) = root.with_deadline(Instant::now() + SHORT);
        let late = soon
            .with_value("wrapped")
            .with_deadline(Instant::now() + FOR_EVER);
        hits_its_deadline(late.0).await;
        hits_its_deadline(root.with_deadline(start).0).await;
        hits_its_deadline(root.with_deadline(Instant::now()).0).await;
    });
}

// src/context/x_test.go: TestTimeout
#[test]
fn a_timeout_holds_for_what_is_derived_also_with_a_longer_one() {
    paused(async {
        let root = FlowContext::background();
        hits_its_deadline(root.with_timeout(SHORT).0).await;
        hits_its_deadline(root.with_timeout(SHORT).0.with_value("wrapped")).await;
        let (soon, _) = root.with_timeout(SHORT);
        hits_its_deadline(soon.with_value("wrapped").with_timeout(FOR_EVER).0).await;
    });
}

// src/context/x_test.go: TestCanceledTimeout
#[test]
fn a_cancel_before_the_timeout_is_the_cause() {
    paused(async {
        let (outer, _cancel) = FlowContext::background().with_timeout(Duration::from_secs(1));
        let (inner, cancel) = outer.with_value("wrapped").with_timeout(FOR_EVER);
        cancel.cancel("enough");
        assert!(is_ready(&inner));
        assert_eq!(why(&inner).as_deref(), Some("cancelled: enough"));
    });
}

// src/context/x_test.go: TestValues
#[test]
fn values_are_found_by_type_through_every_layer() {
    #[derive(Debug, PartialEq)]
    struct First(&'static str);
    #[derive(Debug, PartialEq)]
    struct Second(&'static str);
    #[derive(Debug, PartialEq)]
    struct Third(Option<&'static str>);

    let check = |ctx: &FlowContext, first, second, third| {
        assert_eq!(ctx.value::<First>().map(|value| value.0), first);
        assert_eq!(ctx.value::<Second>().map(|value| value.0), second);
        assert_eq!(ctx.value::<Third>().and_then(|value| value.0), third);
    };
    let c0 = FlowContext::background();
    check(&c0, None, None, None);
    let c1 = c0.with_value(First("1"));
    check(&c1, Some("1"), None, None);
    let c2 = c1.with_value(Second("2"));
    check(&c2, Some("1"), Some("2"), None);
    let c3 = c2.with_value(Third(Some("3")));
    check(&c3, Some("1"), Some("2"), Some("3"));
    let hidden = c3.with_value(Third(None));
    check(&hidden, Some("1"), Some("2"), None);
    let (derived, _cancel) = hidden.with_cancel();
    check(&derived.with_value(First("4")), Some("4"), Some("2"), None);
    check(&c1, Some("1"), None, None);
}

// src/context/x_test.go: TestSimultaneousCancels
#[test]
fn all_contexts_of_a_tree_are_cancelled_at_once_by_as_many_threads() {
    let root = FlowContext::background().with_cancel();
    let mut open = VecDeque::from([root.0.clone()]);
    let mut all = vec![root];
    while all.len() < 100 {
        let parent = open.pop_front().expect("each adds four");
        for _ in 0..4 {
            let child = parent.with_cancel();
            open.push_back(child.0.clone());
            all.push(child);
        }
    }
    fastrand::shuffle(&mut all);
    let (contexts, handles): (Vec<FlowContext>, Vec<CancelHandle>) = all.into_iter().unzip();
    let threads: Vec<_> = handles
        .into_iter()
        .map(|handle| thread::spawn(move || handle.cancel("enough")))
        .collect();
    system(async {
        for ctx in contexts {
            ctx.done().await;
        }
    });
    for thread in threads {
        thread.join().expect("no cancel panics");
    }
}

// src/context/x_test.go: TestInterlockedCancels
#[test]
fn a_child_is_cancelled_by_one_who_waits_for_its_parent() {
    let (parent, cancel_parent) = FlowContext::background().with_cancel();
    let (child, cancel_child) = parent.with_cancel();
    let waiter = thread::spawn(move || {
        block_on(parent.done());
        cancel_child.cancel("the parent is done");
    });
    cancel_parent.cancel("enough");
    block_on(child.done());
    waiter.join().expect("no deadlock, no panic");
    assert_eq!(why(&child).as_deref(), Some("cancelled: enough"));
}

struct Layer(u64);

/// At least 30 layers of values, cancels and timeouts in random order, all kinds among them.
fn layers(seed: u64, timeout: Duration) -> (FlowContext, Vec<CancelHandle>, u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut ctx = FlowContext::background();
    let (mut cancels, mut timers, mut newest, mut layer) = (Vec::new(), 0, 0, 0);
    while layer < 30 || timers == 0 || cancels.len() == timers || newest == 0 {
        layer += 1;
        let cancel;
        match random.u8(..3) {
            0 => {
                newest = layer;
                ctx = ctx.with_value(Layer(layer));
                continue;
            }
            1 => (ctx, cancel) = ctx.with_cancel(),
            _ => {
                timers += 1;
                (ctx, cancel) = ctx.with_timeout(timeout);
            }
        }
        cancels.push(cancel);
    }
    (ctx, cancels, newest)
}

fn newest_layer(ctx: &FlowContext) -> u64 {
    ctx.value::<Layer>().expect("a layer has a value").0
}

// src/context/x_test.go: TestLayersCancel
#[test]
fn any_cancel_of_many_layers_ends_the_innermost() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let (ctx, cancels, newest) = layers(seed, FOR_EVER);
    assert_eq!((ctx.is_done(), newest_layer(&ctx)), (false, newest));
    cancels[seed as usize % cancels.len()].cancel("enough");
    assert_eq!((ctx.is_done(), newest_layer(&ctx)), (true, newest));
}

// src/context/x_test.go: TestLayersTimeout
#[test]
fn a_timeout_of_many_layers_ends_the_innermost() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    paused(async {
        let (ctx, _cancels, newest) = layers(seed, SHORT);
        assert_eq!(newest_layer(&ctx), newest);
        hits_its_deadline(ctx.clone()).await;
        assert_eq!(newest_layer(&ctx), newest);
    });
}

// src/context/context_test.go: XTestCancelRemoves
#[test]
fn a_cancelled_child_leaves_the_list_of_its_parent() {
    let (parent, _cancel) = FlowContext::background().with_cancel();
    assert_eq!(children(&parent), "0");
    let (_child, cancel) = parent.with_cancel();
    assert_eq!(children(&parent), "1");
    cancel.cancel("enough");
    assert_eq!(children(&parent), "0");
    let (_child, cancel) = parent.with_timeout(FOR_EVER);
    assert_eq!(children(&parent), "1");
    cancel.cancel("enough");
    assert_eq!(children(&parent), "0");
}

// src/context/context_test.go: XTestCustomContextGoroutines
#[test]
fn no_kind_of_context_costs_a_task() {
    paused(async {
        let tasks = || Handle::current().metrics().num_alive_tasks();
        let before = tasks();
        let (ctx, _cancel) = FlowContext::background().with_cancel();
        let (ctx, _cancel) = ctx.with_timeout(FOR_EVER);
        let ctx = ctx.with_value("a value");
        let (ctx, _cancel) = ctx.with_deadline(Instant::now() + SHORT);
        let _apart = ctx.without_cancel();
        assert_eq!(tasks(), before);
    });
}

// src/context/x_test.go: TestWithCancelCanceledParent
#[test]
fn a_child_of_a_cancelled_parent_is_born_done_with_its_cause() {
    let (parent, cancel) = FlowContext::background().with_cancel();
    cancel.cancel("because");
    let (child, _cancel) = parent.with_cancel();
    assert!(is_ready(&child));
    assert_eq!(why(&child).as_deref(), Some("cancelled: because"));
}

// src/context/x_test.go: TestWithCancelSimultaneouslyCanceledParent
#[test]
fn a_child_derived_while_its_parent_is_cancelled_has_its_cause() {
    for _ in 0..100 {
        let (parent, cancel) = FlowContext::background().with_cancel();
        let start = Arc::new(Barrier::new(2));
        let started = Arc::clone(&start);
        let canceller = thread::spawn(move || {
            started.wait();
            cancel.cancel("because");
        });
        start.wait();
        let (child, _cancel) = parent.with_cancel();
        assert_eq!(block_on(child.done()).to_string(), "cancelled: because");
        canceller.join().expect("no cancel panics");
    }
}

// src/context/x_test.go: TestCauseRace
#[test]
fn who_polls_the_cause_while_it_is_set_sees_none_or_all_of_it() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let canceller = thread::spawn(move || cancel.cancel("raced"));
    let seen = loop {
        match why(&ctx) {
            Some(cause) => break cause,
            None => thread::yield_now(),
        }
    };
    assert_eq!(seen, "cancelled: raced");
    canceller.join().expect("no cancel panics");
}

// src/context/x_test.go: TestWithoutCancel
#[test]
fn without_cancel_there_is_no_deadline_and_no_end_but_the_values() {
    let (ctx, _cancel) = FlowContext::background()
        .with_value("value")
        .with_timeout(FOR_EVER);
    let ctx = ctx.without_cancel();
    assert!(ctx.deadline().is_none() && !is_ready(&ctx) && ctx.err().is_ok());
    assert_eq!(ctx.value::<&str>().as_deref(), Some(&"value"));
}
