//! What only the inside of the tree shows: its size, the mark without the clock, who was first.

use std::sync::{Arc, Barrier};
use std::thread::scope;
use std::time::Duration;

use super::{Cause, FlowContext};

fn children(ctx: &FlowContext) -> usize {
    ctx.node.counts().0
}

fn callbacks(ctx: &FlowContext) -> usize {
    ctx.node.counts().1
}

#[test]
fn end_says_who_was_first() {
    let ctx = FlowContext::background().child();
    assert!(!ctx.is_marked());
    assert!(ctx.end(Cause::Completed));
    assert!(ctx.is_marked());
    assert!(!ctx.end(Cause::Quit));
    assert!(matches!(ctx.cause(), Some(Cause::Completed)));
}

#[test]
fn r1_9_dropped_children_leave_the_tree() {
    let root = FlowContext::background();
    let kept = root.child();
    for _ in 0..100_000 {
        drop(root.child());
    }
    assert_eq!(children(&root), 1);
    let many: Vec<_> = (0..100_000).map(|_| root.child()).collect();
    assert_eq!(children(&root), 100_001);
    drop(many);
    assert_eq!(children(&root), 1);
    drop(kept);
    assert_eq!(children(&root), 0);
}

#[test]
fn r1_9_ended_children_leave_the_tree_though_they_are_held() {
    let root = FlowContext::background();
    let many: Vec<_> = (0..1_000).map(|_| root.with_cancel()).collect();
    assert_eq!(children(&root), 1_000);
    for (_, cancel) in &many {
        cancel.cancel("enough");
    }
    assert_eq!(children(&root), 0);

    // Their slots are taken again; the late drops must not free them for a second time.
    let again: Vec<_> = (0..1_000).map(|_| root.child()).collect();
    drop(many);
    assert_eq!(children(&root), 1_000);
    root.end(Cause::Quit);
    assert!(again.iter().all(FlowContext::is_marked));
}

#[test]
fn r1_9_an_ended_subtree_forgets_its_members() {
    let root = FlowContext::background().child();
    let middle = root.child();
    let leaf = middle.child();
    root.end(Cause::Quit);
    assert_eq!(children(&root), 0);
    assert_eq!(children(&middle), 0);
    let late = middle.child();
    assert!(late.is_marked());
    assert_eq!(children(&middle), 0);
    drop(leaf);
}

#[test]
fn r1_9_expired_children_leave_the_tree() {
    let root = FlowContext::background();
    let (ctx, _cancel) = root.with_timeout(Duration::ZERO);
    assert!(ctx.is_marked());
    assert_eq!(children(&root), 0);
}

#[test]
fn r1_9_a_dropped_chain_frees_every_node() {
    let root = FlowContext::background();
    let top = root.child();
    let weak = Arc::downgrade(&top.node);
    let mut last = top;
    for _ in 0..100_000 {
        last = last.child();
    }
    assert!(weak.upgrade().is_some());
    drop(last);
    assert!(weak.upgrade().is_none());
    assert_eq!(children(&root), 0);
}

#[test]
fn r1_7_a_stopped_callback_leaves_the_context() {
    let root = FlowContext::background();
    let held: Vec<_> = (0..1_000)
        .map(|_| {
            root.after_done(|_| {})
                .expect("without a deadline it needs no runtime")
        })
        .collect();
    assert_eq!(callbacks(&root), 1_000);
    for after in &held {
        assert!(after.stop());
    }
    assert_eq!(callbacks(&root), 0);
}

#[test]
fn r1_7_a_callback_moves_up_when_its_context_is_dropped_and_can_still_be_stopped() {
    let (root, _cancel) = FlowContext::background().with_cancel();
    let middle = root.child();
    let leaf = middle.child();
    let after = leaf
        .after_done(|_| {})
        .expect("without a deadline it needs no runtime");
    drop(middle);
    assert_eq!(callbacks(&leaf), 1);
    drop(leaf);
    assert_eq!(callbacks(&root), 1);
    assert_eq!(children(&root), 0);
    assert!(after.stop());
    assert_eq!(callbacks(&root), 0);
}

#[tokio::test(start_paused = true)]
async fn r1_9_a_stopped_callback_ends_the_task_that_drives_the_deadline() {
    let root = FlowContext::background();
    let (ctx, cancel) = root.with_timeout(Duration::from_secs(3_600));
    let after = ctx.after_done(|_| {}).expect("there is a runtime");
    drop((ctx, cancel));
    assert_eq!(children(&root), 1);
    assert!(after.stop());
    tokio::task::yield_now().await;
    assert_eq!(children(&root), 0);
}

#[tokio::test(start_paused = true)]
async fn r1_5_who_sees_the_deadline_of_an_ancestor_ends_all_that_share_it() {
    let root = FlowContext::background();
    let (above, _above) = root.with_timeout(Duration::from_secs(1));
    let (below, sibling) = (above.child(), above.child());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(below.child().is_done());
    assert!(above.is_marked());
    assert!(sibling.is_marked());
    assert!(!root.is_marked());
}

#[test]
fn r1_7_callbacks_stopped_while_they_move_up_leave_nothing_behind() {
    for _ in 0..300 {
        let (root, _cancel) = FlowContext::background().with_cancel();
        let child = root.child();
        let held: Vec<_> = (0..100)
            .map(|_| {
                child
                    .after_done(|_| {})
                    .expect("without a deadline it needs no runtime")
            })
            .collect();
        let together = Barrier::new(2);
        scope(|threads| {
            threads.spawn(|| {
                together.wait();
                drop(child);
            });
            together.wait();
            assert!(held.iter().all(|after| after.stop()));
        });
        assert_eq!(root.node.counts(), (0, 0));
    }
}
