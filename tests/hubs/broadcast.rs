//! Subscribers that join and leave a broadcast hub, and what happens to slow ones.

use actix_flow::prelude::*;
use actix_rt::Arbiter;
use futures::StreamExt;

use crate::completed;
use crate::kit::{Census, Item, failed, finished, paused, refusal, settle, system, until, within};

/// A subscriber that takes nothing but what the test reads; beyond its queue, an edge and an outlet
/// of one item each.
fn probe<T: Send + 'static>(hub: &BroadcastHub<T>, lag: Lag) -> (Outlet<T>, Pipeline<()>) {
    let (outlet, flow) = hub.subscribe(lag).named("news").into_stream();
    let flow = flow.window(1).run(&FlowContext::background());
    (outlet, flow.expect("it starts"))
}

/// The next item of a subscriber.
async fn next<T>(outlet: &mut Outlet<T>) -> T {
    let item = within("an item", outlet.next()).await.expect("an item");
    item.expect("no error")
}

#[test]
fn r4_6_subscribers_join_and_leave_a_running_fan_out() {
    system(async {
        let (inlet, source) = Source::inlet(1);
        let (hub, flow) = source.broadcast_hub(4);
        let flow = flow.run(&FlowContext::background()).unwrap();
        let (mut first, first_flow) = probe(&hub, Lag::Wait);
        inlet.send(1u64).await.unwrap();
        assert_eq!(next(&mut first).await, 1);
        let (mut second, second_flow) = probe(&hub, Lag::Wait);
        assert_eq!(hub.subscribers(), 2);
        inlet.send(2).await.unwrap();
        assert_eq!((next(&mut first).await, next(&mut second).await), (2, 2));
        drop(first);
        completed("the first to leave", first_flow).await;
        assert_eq!(hub.subscribers(), 1);
        inlet.send(3).await.unwrap();
        assert_eq!(next(&mut second).await, 3);
        inlet.close();
        completed("the hub", flow).await;
        assert!(within("the end", second.next()).await.is_none());
        completed("the second to end", second_flow).await;
        assert_eq!((hub.subscribers(), hub.lost(), hub.is_over()), (0, 0, true));
    });
}

#[test]
fn r4_6_a_hub_without_subscribers_waits_for_one() {
    paused(async {
        let (hub, flow) = Source::from_iter(0..10u64).broadcast_hub(4);
        let flow = flow.run(&FlowContext::background()).unwrap();
        // Rule 2.8: its readers are elsewhere, that is no stall.
        tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
        assert!(!flow.control().is_finished());
        let all = finished(hub.subscribe(Lag::Wait).collect::<Vec<_>>()).await;
        assert!(all.value.unwrap().into_iter().eq(0..10));
        completed("the hub", flow).await;
    });
}

#[test]
fn r4_6_a_subscriber_has_joined_when_run_returns() {
    system(async {
        let context = FlowContext::background();
        let (hub, flow) = Source::from_iter(0..10u64).broadcast_hub(100);
        let flow = flow.run(&context).unwrap();
        let first = hub.subscribe(Lag::Wait).count().run(&context).unwrap();
        let second = hub
            .subscribe(Lag::DropNewest)
            .count()
            .run(&context)
            .unwrap();
        assert_eq!(hub.subscribers(), 2);
        drop(hub);
        assert_eq!(completed("the first", first).await, 10);
        assert_eq!(completed("the second", second).await, 10);
        completed("the hub", flow).await;
    });
}

#[test]
fn r4_6_subscribers_of_one_flow_with_the_hub_get_all() {
    system(async {
        let (hub, flow) = Source::from_iter(0..100u64).broadcast_hub(1);
        let both = hub
            .subscribe(Lag::Wait)
            .count()
            .and(hub.subscribe(Lag::Wait).last());
        drop(hub);
        let finished = finished(both.and(flow)).await;
        assert_eq!(finished.value, Some(((100, Some(99)), ())));
    });
}

#[test]
fn r4_6_subscribers_join_from_other_threads() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let items = Source::from_iter((0..1000).map(move |n| made.item(n)));
        let (hub, flow) = items.broadcast_hub(3);
        let arbiters: Vec<_> = (0..3).map(|_| Arbiter::new()).collect();
        let mut results = Vec::new();
        for arbiter in &arbiters {
            let sum = hub
                .subscribe(Lag::Wait)
                .fold(0, |sum, item: Item| sum + item.number);
            let (done, result) = tokio::sync::oneshot::channel();
            arbiter.spawn(async move {
                let _ = done.send(finished(sum).await.value);
            });
            results.push(result);
        }
        until("all to subscribe", || hub.subscribers() == 3).await;
        finished(flow).await;
        for result in results {
            assert_eq!(within("a subscriber", result).await.unwrap(), Some(499_500));
        }
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
        census.assert_none_alive();
    });
}

#[test]
fn r4_8_a_subscriber_that_leaves_releases_its_items_and_never_stalls_the_rest() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let items = Source::from_iter((0..100).map(move |n| made.item(n))).map(|item| item);
        let (hub, flow) = items.window(1).broadcast_hub(4);
        let flow = flow.window(1).run(&FlowContext::background()).unwrap();
        let (mut reads, reading) = probe(&hub, Lag::Wait);
        let (unread, stuck) = probe(&hub, Lag::Wait);
        for n in 0..6 {
            assert_eq!(next(&mut reads).await.number, n);
        }
        settle().await;
        // Full are its queue, its edge and its outlet; one item waits at the hub, one above it.
        assert_eq!(census.alive(), 4 + 1 + 1 + 2);
        drop((unread, stuck));
        until("its items to be dropped", || hub.subscribers() == 1).await;
        for n in 6..100 {
            assert_eq!(next(&mut reads).await.number, n);
        }
        completed("the hub", flow).await;
        completed("the reader", reading).await;
        census.assert_none_alive();
    });
}

/// What a subscriber gets of 20 items that reads none before all were sent; its report, and how many
/// the hub says were lost.
async fn slow(lag: Lag) -> (Vec<Result<u64, PipelineError>>, Report, u64) {
    let (inlet, source) = Source::inlet(1);
    let (hub, flow) = source.broadcast_hub(3);
    let flow = flow.run(&FlowContext::background()).expect("it starts");
    let (outlet, reader) = probe(&hub, lag);
    for n in 0..20 {
        // Another subscriber keeps the hub going when this one is disconnected.
        let _other = hub
            .subscribe(Lag::DropNewest)
            .drain()
            .run(&FlowContext::background());
        inlet.send(n).await.expect("the hub takes it");
        settle().await;
    }
    drop(inlet);
    completed("the hub", flow).await;
    let got = within("the rest", outlet.collect()).await;
    let report = match within("the reader", reader.wait()).await {
        Ok(finished) => finished.report,
        Err(error) => error.report().expect("it ran").clone(),
    };
    report.check().expect("the report balances");
    (got, report, hub.lost())
}

/// Received, passed and discarded of the subscriber's source.
fn counts(report: &Report) -> (u64, u64, u64) {
    let row = report.stage("news").expect("it is a stage");
    (row.received, row.passed, row.discarded)
}

#[test]
fn r4_6_the_oldest_items_of_a_slow_subscriber_are_lost_and_counted() {
    system(async {
        let (got, report, lost) = slow(Lag::DropOldest).await;
        let got: Vec<_> = got.into_iter().map(Result::unwrap).collect();
        assert_eq!(got, [0, 1, 17, 18, 19]);
        assert_eq!((counts(&report), lost), ((20, 5, 15), 15));
    });
}

#[test]
fn r4_6_the_newest_items_of_a_slow_subscriber_are_lost_and_counted() {
    system(async {
        let (got, report, lost) = slow(Lag::DropNewest).await;
        let got: Vec<_> = got.into_iter().map(Result::unwrap).collect();
        assert_eq!(got, [0, 1, 2, 3, 4]);
        assert_eq!((counts(&report), lost), ((20, 5, 15), 15));
    });
}

#[test]
fn r4_6_a_slow_subscriber_is_disconnected_behind_what_it_has() {
    system(async {
        let (mut got, report, lost) = slow(Lag::Disconnect).await;
        let error = got.pop().unwrap().unwrap_err();
        assert_eq!(error.stage(), Some("news"));
        let text = format!("{:?}", error.cause());
        assert!(text.contains("too slow for its hub"), "{text}");
        let got = got.into_iter().map(Result::unwrap);
        assert!(got.zip(0..).all(|(item, n)| item == n));
        assert_eq!((counts(&report), lost), ((6, 5, 1), 1));
    });
}

#[test]
fn r4_6_a_subscriber_that_reads_nothing_holds_up_those_that_wait_and_no_others() {
    system(async {
        let census = Census::new();
        for lag in [Lag::DropOldest, Lag::DropNewest, Lag::Disconnect] {
            let made = census.clone();
            let items = Source::from_iter((0..1000).map(move |n| made.item(n)));
            let (hub, flow) = items.broadcast_hub(4);
            let context = FlowContext::background();
            let (outlet, unread) = probe(&hub, lag);
            let all = hub.subscribe(Lag::Wait).count().run(&context).unwrap();
            finished(flow).await;
            assert_eq!(completed("the reader", all).await, 1000, "{lag:?}");
            drop((outlet, unread));
        }
        let made = census.clone();
        let items = Source::from_iter((0..1000).map(move |n| made.item(n)));
        let (hub, flow) = items.broadcast_hub(4);
        let flow = flow.run(&FlowContext::background()).unwrap();
        let (outlet, unread) = probe(&hub, Lag::Wait);
        let count = hub.subscribe(Lag::Wait).count();
        let all = count.run(&FlowContext::background()).unwrap();
        settle().await;
        assert_eq!(
            all.control()
                .snapshot()
                .stage("subscribe-1")
                .unwrap()
                .received,
            6
        );
        drop((outlet, unread));
        assert_eq!(completed("the reader", all).await, 1000);
        completed("the hub", flow).await;
        until("all items to be dropped", || census.alive() == 0).await;
    });
}

#[test]
fn r4_1_every_subscriber_gets_the_order_of_the_source() {
    system(async {
        let context = FlowContext::background();
        for capacity in [1, 2, 7, 1000] {
            let (hub, flow) = Source::from_iter(0..500u64).broadcast_hub(capacity);
            let waits = hub.subscribe(Lag::default()).collect::<Vec<_>>();
            let waits = waits.run(&context).unwrap();
            let loses = hub.subscribe(Lag::DropOldest).collect::<Vec<_>>();
            let loses = loses.run(&context).unwrap();
            finished(flow).await;
            assert!(completed("all", waits).await.into_iter().eq(0..500));
            let some = completed("some", loses).await;
            assert!(some.is_sorted_by(|a, b| a < b) && some.last() == Some(&499));
        }
    });
}

#[test]
fn the_queue_of_a_hub_needs_a_capacity() {
    system(async {
        let (hub, flow) = Source::once(1u64).broadcast_hub(0);
        let text = "stage `broadcast_hub-1` has a capacity of 0: give it more";
        assert_eq!(refusal(flow).to_string(), text);
        let reader = hub
            .subscribe(Lag::Wait)
            .count()
            .run(&FlowContext::background());
        failed(reader.unwrap()).await;
        let huge = std::panic::catch_unwind(|| Source::once(1u64).broadcast_hub(usize::MAX));
        assert!(huge.is_err());
        let (_hub, flow) = Source::once(1u64)
            .retried(RestartPolicy::retry())
            .broadcast_hub(1);
        assert!(matches!(
            refusal(flow),
            StartError::Misplaced {
                attribute: "retried",
                ..
            }
        ));
    });
}
