//! Callbacks: once, or stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_flow::{Cause, FlowContext};
use tokio::sync::{mpsc, oneshot};

use super::is_deadline;

/// A callback that counts its calls, and the count.
fn counted() -> (impl FnOnce(Cause) + Send + 'static, impl Fn() -> usize) {
    let calls = Arc::new(AtomicUsize::new(0));
    let read = Arc::clone(&calls);
    (
        move |_| {
            calls.fetch_add(1, Ordering::SeqCst);
        },
        move || read.load(Ordering::SeqCst),
    )
}

#[test]
fn r1_7_after_done_runs_once_when_the_context_ends() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let (callback, calls) = counted();
    let after = ctx.after_done(callback).unwrap();
    assert_eq!(calls(), 0);
    cancel.cancel("enough");
    assert_eq!(calls(), 1);
    cancel.cancel("again");
    assert_eq!(calls(), 1);
    assert!(!after.stop());
}

#[test]
fn r1_7_after_done_runs_at_once_under_a_done_context() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    cancel.cancel("enough");
    let (callback, calls) = counted();
    let after = ctx.after_done(callback).unwrap();
    assert_eq!(calls(), 1);
    assert!(!after.stop());
}

#[test]
fn r1_7_a_stopped_callback_is_dropped_and_never_runs() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let (callback, calls) = counted();
    let after = ctx.after_done(callback).unwrap();
    assert!(after.stop());
    assert!(!after.stop());
    cancel.cancel("enough");
    assert_eq!(calls(), 0);
}

#[test]
fn r1_7_stop_drops_what_the_callback_owns() {
    let owned = Arc::new(());
    let held = Arc::clone(&owned);
    let (ctx, _cancel) = FlowContext::background().with_cancel();
    let after = ctx.after_done(move |_| drop(held)).unwrap();
    after.stop();
    assert_eq!(Arc::strong_count(&owned), 1);
}

#[test]
fn r1_7_dropping_the_stop_handle_and_the_context_stops_nothing() {
    let (parent, cancel) = FlowContext::background().with_cancel();
    let (callback, calls) = counted();
    let (child, cancel_child) = parent.with_cancel();
    drop(child.with_value(1u8).after_done(callback).unwrap());
    drop((child, cancel_child, parent));
    cancel.cancel("enough");
    assert_eq!(calls(), 1);
}

#[test]
fn r1_7_a_callback_nobody_can_end_is_dropped_with_its_context() {
    let owned = Arc::new(());
    let held = Arc::clone(&owned);
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let after = ctx.after_done(move |_| drop(held)).unwrap();
    drop((ctx, cancel));
    drop(after);
    assert_eq!(Arc::strong_count(&owned), 1);
}

#[test]
fn r1_7_a_root_that_nobody_can_end_keeps_no_callbacks_of_others() {
    let root = FlowContext::background();
    let app = root.with_value("an application");
    let owned = Arc::new(());
    for above in [&root, &app, &app.without_cancel()] {
        let held = Arc::clone(&owned);
        let (request, cancel) = above.with_cancel();
        let below = request.with_value(1u8);
        below.after_done(move |_| drop(held)).unwrap();
        drop((request, below));
        // It could be ended still.
        assert_eq!(Arc::strong_count(&owned), 2);
        drop(cancel);
        assert_eq!(Arc::strong_count(&owned), 1);
    }
}

#[test]
fn r1_7_callbacks_run_after_marking_and_outside_locks() {
    let (above, cancel) = FlowContext::background().with_cancel();
    let below = above.with_value(1u8).with_cancel().0;
    let (seen, mut marks) = mpsc::channel(2);
    let inner = above.clone();
    above
        .after_done(move |cause| {
            // All of these lock the context that is ending.
            assert!(inner.with_cancel().0.is_done());
            let again = seen.clone();
            inner
                .after_done(move |cause| again.try_send((true, cause)).unwrap())
                .unwrap();
            seen.try_send((below.is_done(), cause)).unwrap();
        })
        .unwrap();
    cancel.cancel("enough");
    for _ in 0..2 {
        let (marked, cause) = marks.try_recv().unwrap();
        assert!(marked);
        assert_eq!(cause.to_string(), "cancelled: enough");
    }
}

#[test]
fn r1_7_a_panic_in_a_callback_is_caught_and_the_others_run() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let (first, first_calls) = counted();
    let (last, last_calls) = counted();
    ctx.after_done(first).unwrap();
    ctx.after_done(|_| std::panic::resume_unwind(Box::new("on purpose")))
        .unwrap();
    ctx.after_done(last).unwrap();
    cancel.cancel("enough");
    assert_eq!((first_calls(), last_calls()), (1, 1));
}

#[test]
fn r1_7_a_callback_that_panics_with_a_bomb_is_caught_too() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    }
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let (last, last_calls) = counted();
    ctx.after_done(|_| std::panic::resume_unwind(Box::new(Bomb)))
        .unwrap();
    ctx.after_done(last).unwrap();
    cancel.cancel("enough");
    assert_eq!(last_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn r1_7_a_deadline_drives_the_callback_where_nobody_waits() {
    let (ended, cause) = oneshot::channel();
    let (above, _) = FlowContext::background().with_timeout(Duration::from_secs(1));
    // The context that is watched inherits the deadline, and is dropped.
    let watched = above.with_value(1u8);
    watched
        .after_done(move |cause| ended.send(cause).unwrap())
        .unwrap();
    drop((watched, above));
    assert!(is_deadline(cause.await.ok().as_ref()));
}

#[tokio::test(start_paused = true)]
async fn r1_7_a_stop_before_the_deadline_holds() {
    let (ctx, _cancel) = FlowContext::background().with_timeout(Duration::from_secs(1));
    let (callback, calls) = counted();
    let after = ctx.after_done(callback).unwrap();
    assert!(after.stop());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(ctx.is_done());
    assert_eq!(calls(), 0);
}

#[test]
fn after_done_needs_a_runtime_only_for_a_deadline_to_come() {
    let (ctx, cancel) = FlowContext::background().with_timeout(Duration::from_secs(60));
    let (callback, calls) = counted();
    assert!(ctx.after_done(callback).is_err());
    assert_eq!(calls(), 0);
    cancel.cancel("enough");
    let (callback, calls) = counted();
    assert!(ctx.after_done(callback).is_ok());
    assert_eq!(calls(), 1);
}
