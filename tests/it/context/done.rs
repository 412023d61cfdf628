//! Waiting: wakes counted poll by poll, and `run_until`.

use std::future::{Future, pending, ready};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use actix_flow::{Cause, FlowContext};
use tokio::sync::oneshot;

use super::{is_deadline, within};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn done_wakes_once_and_stays_ready() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let cx = &mut Context::from_waker(&waker);
    let mut done = pin!(ctx.with_value(1u8).done());

    assert!(done.as_mut().poll(cx).is_pending());
    assert!(done.as_mut().poll(cx).is_pending());
    assert_eq!(wakes.count(), 0);
    cancel.cancel("enough");
    assert_eq!(wakes.count(), 1);
    assert!(done.as_mut().poll(cx).is_ready());
    assert!(done.as_mut().poll(cx).is_ready());
    assert_eq!(wakes.count(), 1);
}

#[test]
fn done_wakes_the_last_waker_it_was_polled_with() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let (first, last) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    let mut done = pin!(ctx.done());
    for wakes in [&first, &last] {
        let waker = Waker::from(Arc::clone(wakes));
        assert!(
            done.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    cancel.cancel("enough");
    assert_eq!((first.count(), last.count()), (0, 1));
}

#[test]
fn done_of_a_done_context_is_ready_at_the_first_poll() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let made_before = ctx.done();
    cancel.cancel("enough");
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(pin!(made_before).poll(cx).is_ready());
    assert!(pin!(ctx.done()).poll(cx).is_ready());
}

#[test]
fn a_dropped_done_is_not_woken() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    {
        let mut done = pin!(ctx.done());
        let first = done.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(first.is_pending());
    }
    cancel.cancel("enough");
    assert_eq!(wakes.count(), 0);
}

#[test]
fn all_below_are_marked_before_a_waiter_is_woken() {
    struct Looks(FlowContext, AtomicUsize);
    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.1
                .fetch_add(usize::from(self.0.is_done()), Ordering::SeqCst);
        }
    }
    let (above, cancel) = FlowContext::background().with_cancel();
    let below = above.with_value(1u8).with_value(2u16);
    let looks = Arc::new(Looks(below, AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&looks));
    let mut done = pin!(above.done());
    assert!(
        done.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    cancel.cancel("enough");
    assert_eq!(looks.1.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn r1_5_done_resolves_at_the_deadline_or_at_a_cancel_before() {
    let (ctx, _cancel) = FlowContext::background().with_timeout(Duration::from_secs(1));
    assert!(is_deadline(Some(&within("the deadline", ctx.done()).await)));

    let (ctx, cancel) = FlowContext::background().with_timeout(Duration::from_secs(1));
    let waiting = tokio::spawn(ctx.done());
    tokio::task::yield_now().await;
    cancel.cancel("early");
    assert_eq!(
        within("the end", waiting).await.unwrap().to_string(),
        "cancelled: early"
    );
}

#[tokio::test]
async fn run_until_gives_the_output_of_the_future_that_is_first() {
    let (ctx, _cancel) = FlowContext::background().with_cancel();
    assert_eq!(ctx.run_until(ready(7)).await.unwrap(), 7);
}

#[tokio::test]
async fn run_until_drops_the_future_at_its_await_before_it_gives_the_cause() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let (held, mut dropped) = oneshot::channel::<()>();
    let (entered, inside) = oneshot::channel();
    let running = tokio::spawn(ctx.run_until(async move {
        entered.send(()).unwrap();
        pending::<()>().await;
        drop(held);
    }));
    within("the future to be polled", inside).await.unwrap();
    cancel.cancel("enough");
    assert!(matches!(
        within("the end", running).await.unwrap(),
        Err(Cause::Cancelled(_))
    ));
    assert_eq!(
        dropped.try_recv(),
        Err(oneshot::error::TryRecvError::Closed)
    );
}

#[test]
fn run_until_does_not_poll_under_a_done_context() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    cancel.cancel("enough");
    let unpolled = std::future::poll_fn(|_| -> Poll<()> { panic!("polled") });
    assert!(futures::executor::block_on(ctx.run_until(unpolled)).is_err());
}
