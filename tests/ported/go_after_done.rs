//! Go's `context`, foreign contexts and `AfterFunc`: https://github.com/golang/go/tree/master/src/context

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, mpsc};

use actix_flow::{AfterDone, FlowContext};
use tokio::sync::oneshot;

use crate::go_context::{FOR_EVER, SHORT, children, why};
use crate::kit::{paused, until, within};

/// A root that something foreign ends, as a context of another package does in Go.
fn foreign(cause: &str) -> (FlowContext, oneshot::Sender<()>) {
    let (end, ended) = oneshot::channel();
    let ctx = FlowContext::until(ended, cause).expect("there is a runtime");
    (ctx, end)
}

// src/context/x_test.go: TestCustomContextPropagation
#[test]
fn the_cause_of_a_foreign_root_reaches_those_below() {
    paused(async {
        let (root, end) = foreign("because");
        let (child, _cancel) = root.with_cancel();
        end.send(()).expect("the root waits for it");
        let cause = within("the child", child.done()).await;
        assert_eq!(cause.to_string(), "cancelled: because");
    });
}

// src/context/x_test.go: TestCustomContextCause
#[test]
fn a_child_of_a_foreign_root_keeps_the_cause_of_its_own() {
    paused(async {
        let (root, end) = foreign("the root");
        let (child, cancel) = root.with_cancel();
        cancel.cancel("the child");
        assert_eq!(why(&child).as_deref(), Some("cancelled: the child"));
        assert_eq!(why(&root), None);
        end.send(()).expect("the root waits for it");
        within("the root", root.done()).await;
        assert_eq!(why(&child).as_deref(), Some("cancelled: the child"));
        assert_eq!(why(&root).as_deref(), Some("cancelled: the root"));
    });
}

// src/context/afterfunc_test.go: TestCustomContextAfterFuncCancel, TestCustomContextAfterFuncTimeout,
// TestCustomContextAfterFuncAfterFunc
#[test]
fn a_foreign_root_ends_a_child_a_timeout_and_runs_a_callback() {
    paused(async {
        let (root, end) = foreign("because");
        let (child, _cancel) = root.with_cancel();
        let (timeout, _cancel) = root.with_timeout(FOR_EVER);
        let (called, calls) = mpsc::channel();
        let stop = root.after_done(move |cause| called.send(cause).expect("it is heard"));
        let stop = stop.expect("no deadline, no runtime needed");
        end.send(()).expect("the root waits for it");
        within("the child", child.done()).await;
        within("the timeout", timeout.done()).await;
        until("the callback", || calls.try_recv().is_ok()).await;
        assert!(!stop.stop());
    });
}

// src/context/afterfunc_test.go: TestCustomContextAfterFuncUnregisterCancel,
// TestCustomContextAfterFuncUnregisterTimeout, TestCustomContextAfterFuncUnregisterAfterFunc
#[test]
fn a_foreign_root_forgets_what_ended_below_it() {
    paused(async {
        let (root, _end) = foreign("never");
        let (_first, cancel_first) = root.with_cancel();
        let (_second, cancel_second) = root.with_cancel();
        let (_timeout, cancel_timeout) = root.with_timeout(FOR_EVER);
        assert_eq!(children(&root), "3");
        for cancel in [cancel_first, cancel_second, cancel_timeout] {
            cancel.cancel("enough");
        }
        assert_eq!(children(&root), "0");
        let stop = root
            .after_done(|_| {})
            .expect("no deadline, no runtime needed");
        assert!(format!("{root:?}").contains("callbacks: 1"));
        assert!(stop.stop());
        assert!(format!("{root:?}").contains("callbacks: 0"));
    });
}

fn calls(ctx: &FlowContext) -> (AfterDone, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let stop = ctx.after_done(move |_| {
        counted.fetch_add(1, SeqCst);
    });
    (stop.expect("no deadline, or a runtime"), calls)
}

// src/context/x_test.go: TestAfterFuncCalledAfterCancel
#[test]
fn a_callback_runs_after_the_cancel_and_cannot_be_stopped_then() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let (stop, calls) = calls(&ctx);
    assert_eq!(calls.load(SeqCst), 0);
    cancel.cancel("enough");
    assert_eq!(calls.load(SeqCst), 1);
    assert!(!stop.stop());
}

// src/context/x_test.go: TestAfterFuncCalledAfterTimeout
#[test]
fn a_callback_runs_at_the_timeout_though_nobody_waits() {
    paused(async {
        let (ctx, _cancel) = FlowContext::background().with_timeout(SHORT);
        let (_stop, calls) = calls(&ctx);
        drop(ctx);
        tokio::time::advance(SHORT).await;
        until("the callback", || calls.load(SeqCst) == 1).await;
    });
}

// src/context/x_test.go: TestAfterFuncCalledImmediately
#[test]
fn a_callback_of_a_done_context_runs_at_once() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    cancel.cancel("enough");
    assert_eq!(calls(&ctx).1.load(SeqCst), 1);
}

// src/context/x_test.go: TestAfterFuncNotCalledAfterStop
#[test]
fn a_stopped_callback_does_not_run() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let (stop, calls) = calls(&ctx);
    assert!(stop.stop());
    cancel.cancel("enough");
    assert_eq!(calls.load(SeqCst), 0);
    assert!(!stop.stop());
}
