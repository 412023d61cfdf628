//! One thread: what a cancel reaches, what it leaves, what stays of it.

use actix_flow::{Cause, FlowContext};

use super::reason;

#[test]
fn r1_1_cancel_is_visible_in_every_descendant_when_it_returns() {
    let (root, cancel) = FlowContext::background().with_cancel();
    let mut all = vec![root];
    for n in 0..1_000 {
        // A tree of every shape between chain and star: each hangs below some earlier one.
        let parent = &all[n / (1 + n % 7)];
        let child = match n % 3 {
            0 => parent.with_cancel().0,
            1 => parent.with_value(n),
            _ => parent.with_timeout(std::time::Duration::from_secs(3_600)).0,
        };
        all.push(child);
    }
    assert!(all.iter().all(|ctx| !ctx.is_done()));
    cancel.cancel("enough");
    assert!(all.iter().all(FlowContext::is_done));
    assert!(all.iter().all(|ctx| reason(ctx) == "cancelled: enough"));
    assert!(all.iter().all(|ctx| ctx.err().is_err()));
}

#[test]
fn r1_1_cancel_reaches_a_context_whose_ancestors_were_dropped() {
    let (root, cancel) = FlowContext::background().with_cancel();
    let (leaf, _) = root.with_cancel().0.with_value(1u8).with_cancel();
    drop(root);
    cancel.cancel("enough");
    assert!(leaf.is_done());
}

#[test]
fn r1_1_a_chain_of_100_000_is_cancelled_without_recursion() {
    let (root, cancel) = FlowContext::background().with_cancel();
    let mut last = root;
    for _ in 0..100_000 {
        last = last.with_cancel().0;
    }
    cancel.cancel("enough");
    assert_eq!(reason(&last), "cancelled: enough");
}

#[test]
fn r1_2_cancel_touches_neither_parent_nor_sibling() {
    let (parent, _cancel) = FlowContext::background().with_cancel();
    let (child, cancel) = parent.with_cancel();
    let (sibling, _) = parent.with_cancel();
    let nephew = sibling.with_value(1u8);
    cancel.cancel("enough");
    assert!(child.is_done());
    assert!(!parent.is_done());
    assert!(!sibling.is_done());
    assert!(!nephew.is_done());
    assert!(parent.err().is_ok());
}

#[test]
fn r1_3_the_first_cause_wins() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    cancel.cancel(Cause::Quit);
    cancel.clone().cancel("second");
    assert!(matches!(ctx.cause(), Some(Cause::Quit)));
}

#[test]
fn r1_3_the_first_cause_wins_across_levels() {
    let (parent, cancel_parent) = FlowContext::background().with_cancel();
    let (child, cancel_child) = parent.with_cancel();
    let (grandchild, cancel_grandchild) = child.with_cancel();
    let (other, _) = parent.with_cancel();
    cancel_grandchild.cancel("grandchild");
    cancel_parent.cancel("parent");
    cancel_child.cancel("child");
    assert_eq!(reason(&grandchild), "cancelled: grandchild");
    assert_eq!(reason(&child), "cancelled: parent");
    assert_eq!(reason(&other), "cancelled: parent");
    assert_eq!(reason(&parent), "cancelled: parent");
}

#[test]
fn r1_3_descendants_of_a_cancelled_child_keep_its_cause() {
    let (parent, cancel_parent) = FlowContext::background().with_cancel();
    let (child, cancel_child) = parent.with_cancel();
    let below = child.with_value(1u8);
    cancel_child.cancel("child");
    cancel_parent.cancel("parent");
    assert_eq!(reason(&below), "cancelled: child");
}

#[test]
fn r1_4_a_child_of_a_done_context_is_born_done() {
    let (parent, cancel) = FlowContext::background().with_cancel();
    cancel.cancel("before you were born");
    let (child, cancel_child) = parent.with_cancel();
    assert_eq!(reason(&child), "cancelled: before you were born");
    cancel_child.cancel("later");
    let grandchild = child.with_value(1u8);
    assert_eq!(reason(&grandchild), "cancelled: before you were born");
}

#[test]
fn r1_9_a_chain_of_100_000_drops_without_recursion() {
    let mut last = FlowContext::background();
    for n in 0..100_000u32 {
        last = last.with_value(n);
    }
    drop(last);
}

#[test]
fn dropping_the_handle_does_nothing_and_a_guard_cancels() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    drop(cancel.clone());
    drop(cancel.clone().cancel_on_drop().disarm());
    assert!(!ctx.is_done());
    drop(cancel.cancel_on_drop());
    assert_eq!(reason(&ctx), "cancelled: dropped");
}

#[test]
fn a_guard_cancels_in_a_panic() {
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let guard = cancel.cancel_on_drop();
    let panicked = std::thread::spawn(move || {
        let _guard = guard;
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(panicked.join().is_err());
    assert!(ctx.is_done());
}

#[test]
fn debug_shows_state_and_types_but_no_value() {
    struct Secret(#[expect(dead_code, reason = "only carried")] &'static str);
    let (ctx, cancel) = FlowContext::background().with_cancel();
    let ctx = ctx.with_value(Secret("hunter2"));
    cancel.cancel("enough");
    let shown = format!("{ctx:?}");
    assert!(shown.contains("Secret"), "{shown}");
    assert!(shown.contains("enough"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn contexts_and_their_parts_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    fn moves<T: Send + 'static>() {}
    crosses::<FlowContext>();
    crosses::<actix_flow::CancelHandle>();
    crosses::<actix_flow::AfterDone>();
    moves::<actix_flow::Done>();
    assert_eq!(size_of::<FlowContext>(), size_of::<usize>());
}
