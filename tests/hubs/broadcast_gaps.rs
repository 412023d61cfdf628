//! Items of a broadcast hub whose subscribers take nothing more, and have not left.

use actix_flow::prelude::*;

use crate::completed;
use crate::kit::{Gate, finished, settle, system, until, within};

#[test]
fn an_item_that_no_subscriber_takes_any_more_waits_for_the_next_one() {
    system(async {
        let ctx = FlowContext::background();
        let (inlet, items) = Source::inlet(8);
        let (hub, flow) = items.broadcast_hub(1);
        let flow = flow.named("hub").run(&ctx).unwrap();
        let held = |gate: &Gate, window| {
            let gate = gate.clone();
            let reader = hub.subscribe(Lag::Wait).for_each_async(1, move |_: u64| {
                let gate = gate.clone();
                async move { gate.pass().await }
            });
            reader.window(window).run(&ctx).unwrap()
        };
        let (fast, slow) = (Gate::new(), Gate::new());
        // Of the first there is room for one item more than of the second.
        let first = held(&fast, 2);
        let second = held(&slow, 1);
        for n in 0..3 {
            inlet.send(n).await.unwrap();
        }
        until("both", || fast.arrived() + slow.arrived() == 2).await;
        settle().await;
        let passed = flow.control().snapshot().stage("hub").unwrap().passed;
        assert_eq!(passed, 2);
        // They take no more, and are there until their sinks are done.
        drop((first.control().close(), second.control().close()));
        settle().await;
        assert_eq!(hub.subscribers(), 2);
        let third = hub.subscribe(Lag::Wait).collect::<Vec<_>>();
        let third = third.run(&ctx).unwrap();
        drop(inlet);
        fast.open();
        slow.open();
        completed("the first", first).await;
        completed("the second", second).await;
        assert_eq!(completed("the third", third).await, [2]);
        let report = within("the hub", flow.wait()).await.unwrap().report;
        assert_eq!(report.stage("hub").unwrap().discarded, 0);
    });
}

#[test]
fn a_queue_without_bounds_loses_nothing() {
    for lag in [Lag::Wait, Lag::DropOldest, Lag::DropNewest, Lag::Disconnect] {
        system(async {
            let ctx = FlowContext::background();
            let most = usize::MAX >> 3;
            let (hub, flow) = Source::from_iter(0..10u64).broadcast_hub(most);
            let reader = hub.subscribe(lag).collect::<Vec<_>>().run(&ctx).unwrap();
            finished(flow).await;
            assert!(completed("the reader", reader).await.into_iter().eq(0..10));
        });
    }
}
