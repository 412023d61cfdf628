//! tokio-util's `CancellationToken`:
//! https://github.com/tokio-rs/tokio/blob/master/tokio-util/tests/sync_cancellation_token.rs

use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use actix_flow::{CancelHandle, Cause, Done, FlowContext};
use tokio::sync::oneshot;

/// Counts the wakes of all that it was polled with.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

struct Probe {
    wakes: Arc<Wakes>,
    waker: Waker,
}

impl Probe {
    fn new() -> Self {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        Self { wakes, waker }
    }

    fn poll<F: Future>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&self.waker))
    }

    fn waits(&self, done: &mut Done) -> bool {
        self.poll(Pin::new(done)).is_pending()
    }

    fn wakes(&self) -> usize {
        self.wakes.0.load(SeqCst)
    }
}

fn token() -> (FlowContext, CancelHandle) {
    FlowContext::background().with_cancel()
}

// tokio-util/tests/sync_cancellation_token.rs: cancel_token, cancel_token_owned
#[test]
fn a_cancel_wakes_who_waits_and_is_ready_for_who_was_not_polled() {
    let (probe, (ctx, cancel)) = (Probe::new(), token());
    let mut polled = ctx.done();
    assert!(probe.waits(&mut polled));
    let mut unpolled = ctx.clone().done();
    assert_eq!((probe.wakes(), ctx.is_done()), (0, false));
    cancel.cancel("enough");
    assert_eq!((probe.wakes(), ctx.is_done()), (1, true));
    assert!(!probe.waits(&mut polled) && !probe.waits(&mut unpolled));
}

// tokio-util/tests/sync_cancellation_token.rs: cancel_token_owned_drop_test
#[test]
fn a_wait_may_be_dropped_with_the_last_of_its_context() {
    let (probe, (ctx, cancel)) = (Probe::new(), token());
    let mut done = ctx.done();
    drop((ctx, cancel));
    assert!(probe.waits(&mut done));
    assert_eq!(probe.wakes(), 0);
    drop(done);
    assert_eq!(Arc::strong_count(&probe.wakes), 2, "its waker is gone");
}

fn ends_both(probe: &Probe, parent: &FlowContext, cancel: &CancelHandle, below: &FlowContext) {
    assert!(!below.is_done());
    let (mut inner, mut outer) = (below.done(), parent.done());
    assert!(probe.waits(&mut inner) && probe.waits(&mut outer));
    assert_eq!(probe.wakes(), 0);
    cancel.cancel("enough");
    assert_eq!(probe.wakes(), 2);
    assert!(parent.is_done() && below.is_done());
    assert!(!probe.waits(&mut inner) && !probe.waits(&mut outer));
}

// tokio-util/tests/sync_cancellation_token.rs: cancel_child_token_through_parent
#[test]
fn a_child_is_woken_by_the_cancel_of_its_parent() {
    let (parent, cancel) = token();
    let (child, _cancel) = parent.with_cancel();
    ends_both(&Probe::new(), &parent, &cancel, &child);
}

// tokio-util/tests/sync_cancellation_token.rs:
// cancel_grandchild_token_through_parent_if_child_was_dropped
#[test]
fn a_grandchild_is_woken_though_the_child_between_was_dropped() {
    let (parent, cancel) = token();
    let (child, cancel_child) = parent.with_cancel();
    let (grandchild, _cancel) = child.with_cancel();
    drop((child, cancel_child));
    ends_both(&Probe::new(), &parent, &cancel, &grandchild);
}

// tokio-util/tests/sync_cancellation_token.rs: cancel_child_token_without_parent
#[test]
fn a_cancelled_child_leaves_parent_and_later_children_alone() {
    let (probe, (parent, cancel)) = (Probe::new(), token());
    let (first, cancel_first) = parent.with_cancel();
    let (mut first_done, mut parent_done) = (first.done(), parent.done());
    assert!(probe.waits(&mut first_done) && probe.waits(&mut parent_done));

    cancel_first.cancel("enough");
    assert_eq!(
        (probe.wakes(), first.is_done(), parent.is_done()),
        (1, true, false)
    );
    assert!(!probe.waits(&mut first_done) && probe.waits(&mut parent_done));

    let (second, _cancel) = parent.with_cancel();
    let mut second_done = second.done();
    assert!(probe.waits(&mut second_done) && probe.waits(&mut parent_done));
    cancel.cancel("enough");
    assert_eq!(
        (probe.wakes(), second.is_done(), parent.is_done()),
        (3, true, true)
    );
    assert!(!probe.waits(&mut second_done) && !probe.waits(&mut parent_done));
}

// tokio-util/tests/sync_cancellation_token.rs: create_child_token_after_parent_was_cancelled
#[test]
fn a_child_made_after_the_cancel_is_ready_in_either_order_of_drops() {
    for child_first in [true, false] {
        let (probe, (parent, cancel)) = (Probe::new(), token());
        cancel.cancel("enough");
        let (child, cancel_child) = parent.with_cancel();
        assert!(child.is_done());
        assert!(!probe.waits(&mut child.done()) && !probe.waits(&mut parent.done()));
        assert_eq!(probe.wakes(), 0);
        if child_first {
            drop((child, cancel_child));
            drop((parent, cancel));
        } else {
            drop((parent, cancel));
            assert!(child.is_done());
        }
    }
}

// tokio-util/tests/sync_cancellation_token.rs: drop_multiple_child_tokens
#[test]
fn children_that_are_dropped_in_any_order_end_nothing() {
    for first_first in [true, false] {
        let (parent, _cancel) = token();
        let mut children: Vec<_> = (0..3).map(|_| parent.with_cancel()).collect();
        assert!(children.iter().all(|(child, _)| !child.is_done()));
        while !children.is_empty() {
            drop(children.remove(if first_first { 0 } else { children.len() - 1 }));
            assert!(!parent.is_done() && children.iter().all(|(child, _)| !child.is_done()));
        }
    }
}

// tokio-util/tests/sync_cancellation_token.rs: cancel_only_all_descendants
#[test]
fn a_cancel_wakes_all_below_and_nobody_beside_or_above() {
    let probe = Probe::new();
    let (parent, _cancel_parent) = token();
    let (middle, cancel) = parent.with_cancel();
    let (sibling, _sibling) = parent.with_cancel();
    let (child, _child) = middle.with_cancel();
    let (other, _other) = middle.with_cancel();
    let (grandchild, _grandchild) = child.with_cancel();
    let (second, _second) = child.with_cancel();
    let (last, _last) = grandchild.with_cancel();
    let below = [middle, child, other, grandchild, second, last];
    let mut ends: Vec<_> = below.iter().map(FlowContext::done).collect();
    let mut apart = [parent.done(), sibling.done()];
    assert!(
        ends.iter_mut()
            .chain(&mut apart)
            .all(|done| probe.waits(done))
    );
    assert_eq!(probe.wakes(), 0);

    cancel.cancel("enough");
    assert_eq!(probe.wakes(), 6);
    assert!(below.iter().all(FlowContext::is_done));
    assert!(!parent.is_done() && !sibling.is_done());
    assert!(ends.iter_mut().all(|done| !probe.waits(done)));
    assert!(apart.iter_mut().all(|done| probe.waits(done)));
    assert_eq!(probe.wakes(), 6);
}

// tokio-util/tests/sync_cancellation_token.rs: drop_parent_before_child_tokens
#[test]
fn children_outlive_a_parent_that_was_dropped() {
    let (parent, cancel) = token();
    let children = [parent.with_cancel(), parent.with_cancel()];
    drop((parent, cancel));
    assert!(children.iter().all(|(child, _)| !child.is_done()));
    children[0].1.cancel("enough");
    assert_eq!(children.map(|(child, _)| child.is_done()), [true, false]);
}

// tokio-util/tests/sync_cancellation_token.rs: derives_send_sync
#[test]
fn contexts_handles_and_waits_go_to_any_thread() {
    fn goes<T: Send + Sync>() {}
    goes::<FlowContext>();
    goes::<CancelHandle>();
    goes::<Done>();
}

// tokio-util/tests/sync_cancellation_token.rs: run_until_cancelled_test, run_until_cancelled_owned_test
#[test]
fn run_until_gives_the_output_or_the_cause_and_polls_nothing_once_done() {
    let probe = Probe::new();
    let (ctx, cancel) = token();
    let mut running = pin!(ctx.run_until(pending::<()>()));
    assert!(probe.poll(running.as_mut()).is_pending());
    cancel.cancel("enough");
    let Poll::Ready(Err(cause)) = probe.poll(running.as_mut()) else {
        panic!("the context is done")
    };
    assert_eq!(cause.to_string(), "cancelled: enough");

    let (ctx, _cancel) = token();
    let (answer, answered) = oneshot::channel();
    let mut running = pin!(ctx.run_until(answered));
    drop(ctx);
    assert!(probe.poll(running.as_mut()).is_pending());
    answer.send(42).expect("it is awaited");
    assert!(matches!(probe.poll(running), Poll::Ready(Ok(Ok(42)))));

    let (ctx, cancel) = token();
    let mut running = pin!(ctx.run_until(async { panic!("polled under a done context") }));
    cancel.cancel("enough");
    let polled: Poll<Result<(), Cause>> = probe.poll(running.as_mut());
    assert!(matches!(polled, Poll::Ready(Err(_))));
}
