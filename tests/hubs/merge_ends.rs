//! How a merge hub and its inputs end, and what becomes of their items.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::completed;
use crate::kit::{
    Census, Item, failed, finished, quiet_panics, refusal, settle, system, until, within,
};

/// A hub that nobody reads and that took three items, with an input whose sink has five more.
fn full(census: &Census) -> (MergeHub<Item>, Source<Item>, Pipeline<()>) {
    let (hub, merged) = Source::merge_hub(3);
    let census = census.clone();
    let items = Source::from_iter((0..100).map(move |n| census.item(n)));
    let input = items.named("items").into_hub(&hub).named("in").window(5);
    let input = input.run(&FlowContext::background()).expect("it starts");
    (hub, merged, input)
}

#[test]
fn r4_6_inputs_end_when_the_hub_does_and_their_items_are_counted() {
    system(async {
        let census = Census::new();
        let (hub, merged, input) = full(&census);
        until("the cap", || hub.waiting() == 3).await;
        settle().await;
        drop(merged);
        let input = within("the input", input.wait()).await.unwrap();
        assert!(matches!(input.ending, Cause::Completed));
        input.report.check().unwrap();
        let row = input.report.stage("in").unwrap();
        assert_eq!((row.received, row.passed, row.discarded), (3, 3, 0));
        let edge = &input.report.edges()[0];
        assert_eq!((edge.received, edge.discarded), (3, edge.sent - 3));
        assert_eq!(edge.sent, 8);
        census.assert_none_alive();
    });
}

#[test]
fn r7_1_a_hub_has_received_what_its_inputs_have_passed() {
    for how in ["close", "quit", "cancel", "abort"] {
        system(async {
            let census = Census::new();
            let (hub, merged, input) = full(&census);
            let (outlet, flow) = merged.named("hub").into_stream();
            let running = flow.window(1).run(&FlowContext::background()).unwrap();
            until("the cap", || hub.waiting() == 3).await;
            settle().await;
            let control = running.control();
            let ended = match how {
                "close" => control.close(),
                "quit" => control.quit(),
                "cancel" => control.cancel("enough"),
                _ => control.abort(),
            };
            let input = within("the input", input.wait()).await.unwrap();
            input.report.check().unwrap();
            drop(outlet);
            within("the hub", ended).await;
            let report = match running.wait().await {
                Ok(finished) => finished.report,
                Err(error) => error.report().expect("it ran").clone(),
            };
            report.check().unwrap();
            let passed = input.report.stage("in").unwrap().passed;
            assert_eq!(report.stage("hub").unwrap().received, passed, "{how}");
            assert_eq!(hub.inputs(), 0);
            census.assert_none_alive();
        });
    }
}

#[test]
fn r7_3_sums_hold_for_every_ending_of_an_input() {
    for how in ["close", "quit", "cancel", "abort", "drop"] {
        system(async {
            let census = Census::new();
            let (hub, merged, input) = full(&census);
            until("the cap", || hub.waiting() == 3).await;
            settle().await;
            let control = input.control();
            match how {
                // Only the hub can take what a close waits for.
                "close" => drop(control.close()),
                "quit" => control.quit().await,
                "cancel" => control.cancel("enough").await,
                "abort" => control.abort().await,
                _ => drop(input),
            }
            let expected = if how == "close" { 8 } else { 3 };
            let count = merged.count().run(&FlowContext::background()).unwrap();
            drop(hub);
            let count = completed("the hub", count).await;
            assert_eq!(count, expected, "{how}");
            within("the input", control.finished()).await;
            control.snapshot().check().unwrap();
            census.assert_none_alive();
        });
    }
}

#[test]
fn r7_3_the_hub_delivers_what_a_panicking_input_had_given() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let (hub, merged) = Source::merge_hub(100);
        let made = census.clone();
        let items = Source::from_iter(0..10).map(move |n| match n {
            5 => panic!("expected: five"),
            n => made.item(n),
        });
        let input = items
            .into_hub(&hub)
            .run(&FlowContext::background())
            .unwrap();
        let passed = failed(input)
            .await
            .report()
            .unwrap()
            .stage("into_hub-1")
            .unwrap()
            .passed;
        drop(hub);
        assert_eq!(finished(merged.count()).await.value, Some(passed));
        census.assert_none_alive();
    });
}

#[test]
fn r6_6_an_input_that_is_lost_with_its_arbiter_leaves_the_hub() {
    system(async {
        let census = Census::new();
        let (hub, merged) = Source::merge_hub(1);
        let arbiter = Arbiter::new();
        let made = census.clone();
        let items = Source::from_iter((0..).map(move |n| made.item(n)));
        let (started, input) = tokio::sync::oneshot::channel();
        let blueprint = items.into_hub(&hub);
        arbiter.spawn(async move {
            let _ = started.send(blueprint.run(&FlowContext::background()).unwrap());
        });
        let input = within("the input", input).await.unwrap();
        until("an item", || hub.waiting() == 1).await;
        arbiter.stop();
        arbiter.join().unwrap();
        let error = failed(input).await;
        assert!(matches!(error.cause(), Some(Cause::Lost { .. })), "{error}");
        assert_eq!((hub.inputs(), hub.failed()), (0, 1));
        drop(hub);
        assert_eq!(finished(merged.count()).await.value, Some(1));
        census.assert_none_alive();
    });
}

#[test]
fn r6_6_inputs_of_a_hub_that_is_lost_with_its_arbiter_end() {
    system(async {
        let census = Census::new();
        let (hub, merged, input) = full(&census);
        let arbiter = Arbiter::new();
        let (outlet, flow) = merged.named("hub").on(arbiter.handle()).into_stream();
        let running = flow.window(1).run(&FlowContext::background()).unwrap();
        let control = input.control();
        let passed = || control.snapshot().stage("in").unwrap().passed;
        until("the edge and the outlet to be full", || passed() == 5).await;
        arbiter.stop();
        arbiter.join().unwrap();
        let error = failed(running).await;
        assert_eq!(error.stage(), Some("hub"));
        assert!(matches!(error.cause(), Some(Cause::Lost { .. })), "{error}");
        let input = within("the input", input.wait()).await.unwrap();
        input.report.check().unwrap();
        let row = error.report().unwrap().stage("hub").unwrap().received;
        assert_eq!(input.report.stage("in").unwrap().passed, row);
        assert!(hub.is_closed());
        drop(outlet);
        census.assert_none_alive();
    });
}

#[test]
fn a_hub_that_feeds_itself_goes_on_until_it_is_ended() {
    system(async {
        let rounds = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&rounds);
        let (hub, merged) = Source::merge_hub(4);
        let around = merged.inspect(move |_: &u64| {
            seen.fetch_add(1, SeqCst);
        });
        let around = around
            .into_hub(&hub)
            .run(&FlowContext::background())
            .unwrap();
        finished(Source::from_iter(0..2).into_hub(&hub)).await;
        hub.close();
        until("a thousand rounds", || rounds.load(SeqCst) > 1000).await;
        assert_eq!(hub.inputs(), 1);
        within("the cancel", around.control().cancel("enough")).await;
        failed(around).await;
        assert_eq!((hub.inputs(), hub.waiting()), (0, 0));
    });
}

#[test]
fn items_that_a_hub_did_not_take_are_given_up_as_any_discarded_item() {
    system(async {
        let buried = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&buried);
        let (hub, merged) = Source::merge_hub(2);
        let (inlet, items) = Source::inlet(10);
        let items = items.on_discard(move |_: &u64| {
            count.fetch_add(1, SeqCst);
        });
        let input = items
            .into_hub(&hub)
            .window(4)
            .run(&FlowContext::background())
            .unwrap();
        for n in 0..6 {
            inlet.send(n).await.unwrap();
        }
        until("the cap", || hub.waiting() == 2).await;
        settle().await;
        drop(merged);
        within("the input", input.wait())
            .await
            .unwrap()
            .report
            .check()
            .unwrap();
        assert_eq!(buried.load(SeqCst), 4);
    });
}

#[test]
fn a_hub_without_a_cap_is_refused() {
    system(async {
        let (hub, merged) = Source::<u64>::merge_hub(0);
        let refused = refusal(merged.count());
        assert_eq!(
            refused.to_string(),
            "stage `merge_hub-1` has a cap of 0: give it more"
        );
        assert!(hub.is_closed());
    });
}

#[test]
fn copies_for_a_retry_mean_nothing_to_the_sink_of_a_hub() {
    system(async {
        let (hub, _merged) = Source::merge_hub(1);
        let flow = Source::once(1u64)
            .retried(RestartPolicy::retry())
            .into_hub(&hub);
        assert!(matches!(
            refusal(flow),
            StartError::Misplaced {
                attribute: "retried",
                ..
            }
        ));
    });
}
