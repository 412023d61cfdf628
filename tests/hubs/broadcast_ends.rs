//! How a broadcast hub and its subscribers end, and what becomes of their items.

use actix_flow::prelude::*;
use actix_rt::Arbiter;
use futures::StreamExt;

use crate::completed;
use crate::kit::{Census, Item, failed, finished, quiet_panics, settle, system, until, within};

/// Items without end, their hub, and its flow.
fn endless(census: &Census) -> (BroadcastHub<Item>, Blueprint<()>) {
    let census = census.clone();
    let items = Source::from_iter((0..).map(move |n| census.item(n)));
    let (hub, flow) = items.broadcast_hub(4);
    (hub, flow.named("hub"))
}

#[test]
fn r4_6_subscribers_end_as_their_hub_does() {
    for how in ["close", "quit", "cancel", "abort", "drop"] {
        system(async {
            let census = Census::new();
            let (hub, flow) = endless(&census);
            let flow = flow.run(&FlowContext::background()).unwrap();
            let (mut outlet, reader) = hub.subscribe(Lag::Wait).named("news").into_stream();
            let reader = reader.window(1).run(&FlowContext::background()).unwrap();
            for n in 0..10 {
                let item = within("an item", outlet.next()).await.unwrap();
                assert_eq!(item.unwrap().number, n);
            }
            let control = flow.control();
            match how {
                // The reader lets through what a close waits for.
                "close" => drop(control.close()),
                "quit" => within("the quit", control.quit()).await,
                "cancel" => within("the cancel", control.cancel("enough")).await,
                "abort" => within("the abort", control.abort()).await,
                _ => drop(flow),
            }
            let rest: Vec<_> = within("the rest", outlet.collect()).await;
            within("the hub", control.finished()).await;
            let sent = control.snapshot();
            sent.check().unwrap();
            let passed = sent.stage("hub").unwrap().passed;
            let received = match how {
                "close" | "quit" => {
                    let rest = rest.iter().map(|item| item.as_ref().unwrap().number);
                    assert!(rest.eq(10..passed), "{how}");
                    reader.wait().await.unwrap().report
                }
                _ => {
                    let error = rest.last().unwrap().as_ref().unwrap_err();
                    let text = format!("{:?}", error.cause());
                    assert!(text.contains("the hub's flow ended: "), "{text}");
                    failed(reader).await.report().unwrap().clone()
                }
            };
            received.check().unwrap();
            assert_eq!(received.stage("news").unwrap().received, passed, "{how}");
            drop(rest);
            census.assert_none_alive();
        });
    }
}

#[test]
fn r5_2_subscribers_complete_when_only_the_hub_is_quit() {
    system(async {
        let census = Census::new();
        let (hub, flow) = endless(&census);
        let running = flow.run(&FlowContext::background()).unwrap();
        let reader = hub.subscribe(Lag::Wait).count();
        let reader = reader.run(&FlowContext::background()).unwrap();
        let quit = running.control().quit_stage("hub").unwrap();
        within("the quit", quit).await;
        assert!(hub.is_over());
        let passed = running.control().snapshot().stage("hub").unwrap().passed;
        assert_eq!(completed("the reader", reader).await, passed);
        completed("the hub", running).await;
        census.assert_none_alive();
    });
}

#[test]
fn r7_3_sums_hold_for_every_ending_of_a_subscriber() {
    for how in ["close", "quit", "cancel", "abort", "drop"] {
        system(async {
            let census = Census::new();
            let (hub, flow) = endless(&census);
            let flow = flow.run(&FlowContext::background()).unwrap();
            let (mut outlet, reader) = hub.subscribe(Lag::Wait).named("news").into_stream();
            let reader = reader.window(1).run(&FlowContext::background()).unwrap();
            for _ in 0..10 {
                within("an item", outlet.next()).await.unwrap().unwrap();
            }
            settle().await;
            let control = reader.control();
            let ended = match how {
                "close" => control.close(),
                "quit" => control.quit(),
                "cancel" => control.cancel("enough"),
                "abort" => control.abort(),
                _ => {
                    drop(reader);
                    control.cancel("dropped")
                }
            };
            let rest = within("the rest", outlet.count()).await;
            within("the end", ended).await;
            within("the flow", control.finished()).await;
            let report = control.snapshot();
            report.check().unwrap();
            let row = report.stage("news").unwrap();
            if how == "close" {
                assert_eq!((rest, row.discarded), (6, 0));
            } else {
                assert_eq!(row.discarded, 4, "{how}");
            }
            assert_eq!(hub.subscribers(), 0);
            // The hub goes on with the next one.
            let next = hub.subscribe(Lag::Wait).take(3).count();
            assert_eq!(finished(next).await.value, Some(3));
            drop(hub);
            completed("the hub", flow).await;
            census.assert_none_alive();
        });
    }
}

#[test]
fn r4_6_a_hub_that_nobody_reads_and_nobody_can_ends() {
    system(async {
        let census = Census::new();
        let (hub, flow) = endless(&census);
        let flow = flow.run(&FlowContext::background()).unwrap();
        let later = hub.clone().subscribe(Lag::Wait).take(5).count();
        drop(hub);
        settle().await;
        assert!(!flow.control().is_finished());
        assert_eq!(finished(later).await.value, Some(5));
        let done = within("the hub", flow.wait()).await.unwrap();
        assert!(matches!(done.ending, Cause::Completed));
        done.report.check().unwrap();
        let edge = &done.report.edges()[0];
        assert_eq!(edge.sent, edge.received + edge.discarded);
        assert!(edge.discarded > 0);
        census.assert_none_alive();
    });
}

#[test]
fn r4_6_who_subscribes_to_a_hub_that_is_over_is_told_how_it_ended() {
    system(async {
        let context = FlowContext::background();
        let (hub, flow) = Source::from_iter(0..3u64).broadcast_hub(4);
        let early = hub.subscribe(Lag::Wait).count().run(&context).unwrap();
        finished(flow).await;
        assert_eq!(completed("the early one", early).await, 3);
        assert_eq!(
            finished(hub.subscribe(Lag::Wait).count()).await.value,
            Some(0)
        );

        let fails = Source::once(1u64)
            .try_map(|_| Err::<u64, _>("no"))
            .named("bad");
        let (hub, flow) = fails.broadcast_hub(4);
        failed(flow.run(&context).unwrap()).await;
        let error = failed(hub.subscribe(Lag::Wait).count().run(&context).unwrap()).await;
        let text = format!("{:?}", error.cause());
        assert!(text.contains("stage `bad` failed: no"), "{text}");

        let (hub, flow) = Source::once(1u64).broadcast_hub(4);
        let early = hub.subscribe(Lag::Wait).count().run(&context).unwrap();
        drop(flow);
        let error = failed(early).await;
        let text = format!("{:?}", error.cause());
        assert!(text.contains("the hub's flow was never run"), "{text}");
        assert_eq!(hub.subscribers(), 0);
    });
}

#[test]
fn r6_6_subscribers_of_a_hub_that_is_lost_with_its_arbiter_fail() {
    system(async {
        let census = Census::new();
        let (hub, flow) = endless(&census);
        let arbiter = Arbiter::new();
        let (started, running) = tokio::sync::oneshot::channel();
        arbiter.spawn(async move {
            let _ = started.send(flow.run(&FlowContext::background()).unwrap());
        });
        let (mut outlet, reader) = hub.subscribe(Lag::Wait).into_stream();
        let reader = reader.run(&FlowContext::background()).unwrap();
        let running = within("the hub", running).await.unwrap();
        drop(within("an item", outlet.next()).await.unwrap().unwrap());
        arbiter.stop();
        arbiter.join().unwrap();
        let hub_error = failed(running).await;
        assert!(
            matches!(hub_error.cause(), Some(Cause::Lost { .. })),
            "{hub_error}"
        );
        failed(reader).await;
        drop(outlet);
        census.assert_none_alive();
    });
}

#[test]
fn r6_6_a_subscriber_that_is_lost_with_its_arbiter_leaves_the_hub() {
    system(async {
        let census = Census::new();
        let (hub, flow) = endless(&census);
        let running = flow.run(&FlowContext::background()).unwrap();
        let arbiter = Arbiter::new();
        let lost = hub.subscribe(Lag::Wait).on(arbiter.handle()).into_stream();
        let (outlet, reader) = (lost.0, lost.1.window(1));
        let reader = reader.run(&FlowContext::background()).unwrap();
        settle().await;
        arbiter.stop();
        arbiter.join().unwrap();
        let error = failed(reader).await;
        assert!(matches!(error.cause(), Some(Cause::Lost { .. })), "{error}");
        assert_eq!(hub.subscribers(), 0);
        let next = hub.subscribe(Lag::Wait).take(100).count();
        assert_eq!(finished(next).await.value, Some(100));
        drop((hub, outlet));
        completed("the hub", running).await;
        census.assert_none_alive();
    });
}

/// Its clones panic at 3.
#[derive(Debug)]
struct Fragile(u64, Item);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(self.0 != 3, "expected: three");
        Self(self.0, self.1.clone())
    }
}

fn fragile(census: &Census) -> (BroadcastHub<Fragile>, Blueprint<()>) {
    let census = census.clone();
    let items = Source::from_iter((0..10).map(move |n| Fragile(n, census.item(n))));
    items.broadcast_hub(20)
}

fn reader(hub: &BroadcastHub<Fragile>) -> Pipeline<Vec<u64>> {
    let numbers = hub.subscribe(Lag::Wait).map(|item| item.0);
    let reader = numbers.collect().run(&FlowContext::background());
    reader.expect("it starts")
}

#[test]
fn r6_1_a_clone_that_panics_fails_the_hub_and_its_subscribers() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let (hub, flow) = fragile(&census);
        let readers = [(); 2].map(|()| reader(&hub));
        let error = failed(flow.run(&FlowContext::background()).unwrap()).await;
        assert!(matches!(error.cause(), Some(Cause::Panicked { .. })));
        for reader in readers {
            failed(reader).await;
        }
        census.assert_none_alive();
    });
}

#[test]
fn r6_2_a_hub_that_is_resumed_after_a_clone_that_panicked_goes_on() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let (hub, flow) = fragile(&census);
        let readers = [(); 2].map(|()| reader(&hub));
        let done = finished(flow.supervised(RestartPolicy::resume())).await;
        let row = done.report.stage("broadcast_hub-1").unwrap();
        assert_eq!((row.received, row.passed, row.failed), (10, 9, 1));
        for reader in readers {
            let got = completed("a reader", reader).await;
            assert_eq!(got, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        }
        census.assert_none_alive();
    });
}

#[test]
fn subscribers_that_come_and_go_while_the_hub_is_idle_leave_nothing() {
    system(async {
        let (inlet, source) = Source::<u64>::inlet(1);
        let (hub, flow) = source.broadcast_hub(4);
        // Before the hub runs, and while it does.
        for flow in [None, Some(flow)] {
            let _flow = flow.map(|flow| flow.run(&FlowContext::background()).unwrap());
            for _ in 0..50 {
                let reader = hub.subscribe(Lag::Wait).count();
                let reader = reader.run(&FlowContext::background()).unwrap();
                assert_eq!(hub.subscribers(), 1);
                within("the cancel", reader.control().cancel("enough")).await;
                assert_eq!(hub.subscribers(), 0);
            }
        }
        drop(inlet);
        until("the end", || hub.is_over()).await;
    });
}
