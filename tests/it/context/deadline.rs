//! Deadlines, on a paused clock.

use std::time::Duration;

use actix_flow::FlowContext;
use tokio::time::{Instant, advance};

use super::{hit_its_deadline, is_deadline, reason};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn r1_5_the_earliest_deadline_wins() {
    let start = Instant::now();
    let (near, _near) = FlowContext::background().with_timeout(SECOND);
    let (far_below_near, _far) = near.with_timeout(10 * SECOND);
    assert_eq!(far_below_near.deadline(), Some(start + SECOND));

    let (far, _far) = FlowContext::background().with_timeout(10 * SECOND);
    let (near_below_far, _near) = far.with_timeout(SECOND);
    assert_eq!(near_below_far.deadline(), Some(start + SECOND));

    advance(SECOND).await;
    assert!(hit_its_deadline(&far_below_near));
    assert!(hit_its_deadline(&near_below_far));
    assert!(!far.is_done());
}

#[tokio::test(start_paused = true)]
async fn r1_5_done_is_driven_by_the_deadline_of_an_ancestor() {
    let start = Instant::now();
    let (above, _above) = FlowContext::background().with_timeout(SECOND);
    let (below, _below) = above.with_timeout(60 * SECOND);
    let cause = below.with_value(1u8).done().await;
    assert!(is_deadline(Some(&cause)));
    assert!(start.elapsed() < 2 * SECOND);
    assert!(above.is_done());
}

#[tokio::test(start_paused = true)]
async fn r1_5_is_done_compares_the_clock_where_nobody_waits() {
    let (ctx, _cancel) = FlowContext::background().with_timeout(SECOND);
    let below = ctx.with_value(1u8);
    advance(SECOND - Duration::from_millis(1)).await;
    assert!(!below.is_done());
    advance(Duration::from_millis(1)).await;
    assert!(below.is_done());
    assert!(hit_its_deadline(&ctx));
}

#[tokio::test(start_paused = true)]
async fn r1_3_a_deadline_that_passed_unseen_comes_before_a_later_cancel() {
    let (parent, cancel) = FlowContext::background().with_cancel();
    let (child, cancel_child) = parent.with_timeout(SECOND);
    let below = child.with_value(1u8);
    advance(SECOND).await;
    cancel.cancel("late");
    cancel_child.cancel("later");
    assert!(hit_its_deadline(&child));
    assert!(hit_its_deadline(&below));
    assert_eq!(reason(&parent), "cancelled: late");
}

#[tokio::test(start_paused = true)]
async fn r1_3_a_cancel_of_its_own_after_the_deadline_is_not_the_first_cause() {
    let (ctx, cancel) = FlowContext::background().with_timeout(SECOND);
    advance(SECOND).await;
    cancel.cancel("late");
    assert!(hit_its_deadline(&ctx));
}

#[tokio::test(start_paused = true)]
async fn r1_3_a_cancel_before_the_deadline_stays() {
    let (ctx, cancel) = FlowContext::background().with_timeout(SECOND);
    cancel.cancel("early");
    advance(2 * SECOND).await;
    assert_eq!(reason(&ctx), "cancelled: early");
}

#[tokio::test(start_paused = true)]
async fn r1_4_a_deadline_in_the_past_makes_a_context_born_done() {
    let root = FlowContext::background();
    let past = Instant::now();
    advance(SECOND).await;
    assert!(hit_its_deadline(&root.with_deadline(past).0));
    assert!(hit_its_deadline(&root.with_timeout(Duration::ZERO).0));
    assert!(!root.is_done());
}

#[tokio::test(start_paused = true)]
async fn r1_4_a_child_of_a_context_past_its_deadline_is_done() {
    let (parent, _cancel) = FlowContext::background().with_timeout(SECOND);
    advance(SECOND).await;
    assert!(parent.with_cancel().0.is_done());
}

#[test]
fn a_timeout_beyond_the_clock_is_no_deadline() {
    let (ctx, _cancel) = FlowContext::background().with_timeout(Duration::MAX);
    assert!(ctx.deadline().is_none());
    assert!(!ctx.is_done());
}

#[test]
fn a_deadline_is_an_instant_of_std_or_of_tokio_and_needs_no_runtime_to_be_seen() {
    let ours = Instant::now();
    let root = FlowContext::background();
    assert_eq!(root.with_deadline(ours).0.deadline(), Some(ours));
    let (ctx, _cancel) = root.with_deadline(ours.into_std());
    assert_eq!(ctx.deadline(), Some(ours));
    assert!(ctx.is_done());
}
