//! The rows of Go's table of causes:
//! https://github.com/golang/go/blob/master/src/context/x_test.go, TestCause

use std::time::Duration;

use actix_flow::FlowContext;

const FOR_EVER: Duration = Duration::from_secs(1_000_000);
const DEADLINE: Option<&str> = Some("deadline exceeded");

#[track_caller]
fn ends(ctx: &FlowContext, with: Option<&str>) {
    assert_eq!(ctx.err().is_err(), with.is_some());
    assert_eq!(ctx.cause().map(|cause| cause.to_string()).as_deref(), with);
}

fn root() -> FlowContext {
    FlowContext::background()
}

// TestCause/Background
#[test]
fn cause_of_a_background() {
    ends(&root(), None);
}

// TestCause/WithCancel, WithCancelCause and WithCancelCause_nil: there is one cancel, with a reason.
#[test]
fn cause_of_a_cancel_is_its_reason() {
    for (reason, cause) in [("parent", "cancelled: parent"), ("", "cancelled: ")] {
        let (ctx, cancel) = root().with_cancel();
        cancel.cancel(reason);
        ends(&ctx, Some(cause));
    }
}

/// A child of a cancellable parent, both cancelled in this order, each with this reason.
fn two(parent_first: bool, parent: &str, child: &str) -> FlowContext {
    let (outer, cancel_parent) = root().with_cancel();
    let (ctx, cancel_child) = outer.with_cancel();
    if parent_first {
        cancel_parent.cancel(parent);
        cancel_child.cancel(child);
    } else {
        cancel_child.cancel(child);
        cancel_parent.cancel(parent);
    }
    ctx
}

// TestCause/WithCancelCause:_parent_cause_before_child
// TestCause/WithCancelCause:_parent_cause_before_nil
// TestCause/WithCancelCause:_child_cause_after_nil
#[test]
fn cause_of_a_parent_before_the_child() {
    ends(&two(true, "parent", "child"), Some("cancelled: parent"));
    ends(&two(true, "parent", ""), Some("cancelled: parent"));
    ends(&two(true, "", "child"), Some("cancelled: "));
}

// TestCause/WithCancelCause:_parent_cause_after_child
// TestCause/WithCancelCause:_parent_cause_after_nil
// TestCause/WithCancelCause:_child_cause_before_nil
#[test]
fn cause_of_a_child_before_the_parent() {
    ends(&two(false, "parent", "child"), Some("cancelled: child"));
    ends(&two(false, "parent", ""), Some("cancelled: "));
    ends(&two(false, "", "child"), Some("cancelled: child"));
}

// TestCause/WithTimeout
#[test]
fn cause_of_a_timeout_of_nothing_is_the_deadline_though_cancelled_after() {
    let (ctx, cancel) = root().with_timeout(Duration::ZERO);
    cancel.cancel("too late");
    ends(&ctx, DEADLINE);
}

// TestCause/WithTimeout_canceled and WithTimeoutCause_canceled
#[test]
fn cause_of_a_timeout_cancelled_before_is_the_cancel() {
    let (ctx, cancel) = root().with_timeout(FOR_EVER);
    cancel.cancel("enough");
    ends(&ctx, Some("cancelled: enough"));
}

// TestCause/WithTimeoutCause_stacked
#[test]
fn cause_of_a_timeout_before_its_parent_is_the_deadline() {
    let (outer, cancel) = root().with_cancel();
    let (ctx, _cancel) = outer.with_timeout(Duration::ZERO);
    cancel.cancel("finished early");
    ends(&ctx, DEADLINE);
}

// TestCause/WithTimeoutCause_stacked_canceled
#[test]
fn cause_of_a_parent_before_the_timeout_is_the_parents() {
    let (outer, cancel) = root().with_cancel();
    let (ctx, _cancel) = outer.with_timeout(FOR_EVER);
    cancel.cancel("finished early");
    ends(&ctx, Some("cancelled: finished early"));
}

// TestCause/WithoutCancel, WithoutCancel_canceled and WithoutCancel_timeout
#[test]
fn cause_of_a_context_without_cancel_is_none() {
    ends(&root().without_cancel(), None);
    let (ctx, cancel) = root().with_cancel();
    let apart = ctx.without_cancel();
    cancel.cancel("finished early");
    ends(&apart, None);
    let (ctx, cancel) = root().with_timeout(Duration::ZERO);
    let apart = ctx.without_cancel();
    cancel.cancel("finished early");
    ends(&apart, None);
}
