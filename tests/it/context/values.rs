//! Values, with the examples of the Go talk: an address, a session, a node.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use actix_flow::FlowContext;

#[derive(Debug, PartialEq)]
struct SessionId(u64);

#[derive(Debug, PartialEq)]
struct NodeId(&'static str);

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));

#[test]
fn r1_6_a_request_carries_its_address_session_and_node() {
    let request = FlowContext::background()
        .with_value(CLIENT)
        .with_value(SessionId(7))
        .with_value(NodeId("eu-1"));
    let (query, _cancel) = request.with_timeout(Duration::from_secs(1));
    assert_eq!(query.value::<IpAddr>().as_deref(), Some(&CLIENT));
    assert_eq!(query.value::<SessionId>().as_deref(), Some(&SessionId(7)));
    assert_eq!(query.value::<NodeId>().as_deref(), Some(&NodeId("eu-1")));
    assert!(query.value::<String>().is_none());
}

#[test]
fn r1_6_the_nearest_value_wins() {
    let outer = FlowContext::background().with_value(SessionId(7));
    let inner = outer.with_cancel().0.with_value(SessionId(8));
    let below = inner.with_cancel().0;
    assert_eq!(below.value::<SessionId>().as_deref(), Some(&SessionId(8)));
    assert_eq!(outer.value::<SessionId>().as_deref(), Some(&SessionId(7)));
}

#[test]
fn r1_6_values_survive_cancellation() {
    let (ctx, cancel) = FlowContext::background().with_value(CLIENT).with_cancel();
    cancel.cancel("enough");
    assert_eq!(ctx.value::<IpAddr>().as_deref(), Some(&CLIENT));
    // Also one that is added for the cleanup.
    let cleanup = ctx.with_value(NodeId("eu-1"));
    assert!(cleanup.is_done());
    assert_eq!(cleanup.value::<NodeId>().as_deref(), Some(&NodeId("eu-1")));
}

#[test]
fn r1_6_a_value_is_freed_with_the_last_context_that_shows_it() {
    let tracked = Arc::new(());
    let outer = FlowContext::background().with_value(Arc::clone(&tracked));
    let inner = outer.with_value(Arc::new(()));
    assert_eq!(Arc::strong_count(&tracked), 2);
    drop(outer);
    // The tree keeps the outer node, as the inner one ends with it.
    drop(inner);
    assert_eq!(Arc::strong_count(&tracked), 1);
}

#[tokio::test(start_paused = true)]
async fn r1_8_without_cancel_keeps_values_and_drops_deadline_and_done() {
    let root = FlowContext::background().with_value(SessionId(7));
    let (ctx, cancel) = root.with_timeout(Duration::from_secs(1));
    let before = ctx.without_cancel();
    cancel.cancel("enough");
    let after = ctx.without_cancel();
    for free in [before, after] {
        assert!(free.deadline().is_none());
        assert!(!free.is_done());
        assert!(!free.with_cancel().0.is_done());
        assert_eq!(free.value::<SessionId>().as_deref(), Some(&SessionId(7)));
    }
}
