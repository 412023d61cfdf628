//! One cap over all inputs of a merge hub, and places given in turn.

use std::collections::HashSet;

use actix_flow::prelude::*;
use futures::StreamExt;

use crate::completed;
use crate::kit::{Census, settle, system, until, within};

const CAP: usize = 16;

/// What is beyond the hub when nobody reads: one item on the edge, one in the outlet.
const BEYOND: usize = 2;

#[test]
fn r4_6_ten_thousand_inputs_have_no_more_in_flight_than_the_cap() {
    const INPUTS: u64 = 10_000;
    system(async {
        let census = Census::new();
        let (context, cancel) = FlowContext::background().with_cancel();
        let (hub, merged) = Source::merge_hub(CAP);
        let (mut outlet, flow) = merged.into_stream();
        let flow = flow.window(1).run(&context).unwrap();
        // A hundred flows of a hundred inputs each.
        for flow in 0..INPUTS / 100 {
            let inputs = (flow * 100..flow * 100 + 100).map(|input| {
                let made = census.clone();
                let items = std::iter::repeat_with(move || made.item(input));
                Source::from_iter(items).into_hub(&hub)
            });
            let flow = Blueprint::all(inputs).run(&context);
            flow.unwrap().detach();
        }
        assert_eq!(hub.inputs() as u64, INPUTS);
        // Each input has made the one item with which it asks, and one more for each that was taken.
        let idle = INPUTS + (CAP + BEYOND) as u64;
        until("every input to ask", || census.created() == idle).await;
        settle().await;
        assert_eq!((census.created(), hub.waiting()), (idle, CAP));

        // Rule 4.3: all were ready, so each is served before any is twice.
        let mut served = HashSet::new();
        for taken in 1..=INPUTS + (CAP + BEYOND) as u64 {
            let item = outlet.next().await.unwrap().unwrap();
            served.insert(item.number);
            drop(item);
            assert!(hub.waiting() <= CAP);
            assert!(
                census.alive() <= INPUTS + (CAP + BEYOND) as u64 + 1,
                "{taken}"
            );
        }
        assert_eq!(served.len() as u64, INPUTS);
        cancel.cancel("enough");
        within("the hub", flow.wait()).await.unwrap_err();
        until("all inputs to leave", || hub.inputs() == 0).await;
        drop(outlet);
        until("all items to be dropped", || census.alive() == 0).await;
    });
}

#[test]
fn r4_6_inputs_that_never_send_hold_no_place() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(1);
        let sum = merged.fold(0, |sum, n: u64| sum + n).run(&context).unwrap();
        let mut inlets = Vec::new();
        let mut silent = Vec::new();
        for _ in 0..100 {
            let (inlet, source) = Source::<u64>::inlet(1);
            inlets.push(inlet);
            silent.push(source.into_hub(&hub).run(&context).unwrap());
        }
        settle().await;
        let busy = Source::from_iter(0..1000u64).into_hub(&hub).window(32);
        let busy = within("the busy input", busy.run(&context).unwrap().wait()).await;
        busy.unwrap().report.check().unwrap();
        assert_eq!(hub.inputs(), 100);
        inlets[50].send(7).await.unwrap();
        drop((inlets, hub));
        assert_eq!(completed("the hub", sum).await, 499_500 + 7);
        for input in silent {
            input.wait().await.unwrap().report.check().unwrap();
        }
    });
}

#[test]
fn r4_3_a_fast_input_is_served_no_more_often_than_others_that_are_ready() {
    const INPUTS: usize = 7;
    system(async {
        let (context, _cancel) = FlowContext::background().with_cancel();
        let (hub, merged) = Source::merge_hub(1);
        let (mut outlet, flow) = merged.into_stream();
        let flow = flow.window(1).run(&context).unwrap();
        for input in 0..INPUTS {
            // The first has a thousand items at its sink, the others one.
            let window = if input == 0 { 1000 } else { 1 };
            let items = Source::repeat_with(move || input).into_hub(&hub);
            items.window(window).run(&context).unwrap().detach();
        }
        settle().await;
        let mut picks = Vec::new();
        for _ in 0..INPUTS * 5 {
            picks.push(within("an item", outlet.next()).await.unwrap().unwrap());
            settle().await;
        }
        for (at, turn) in picks[INPUTS..].windows(INPUTS).enumerate() {
            let served: HashSet<_> = turn.iter().collect();
            assert_eq!(served.len(), INPUTS, "from pick {at}: {turn:?}");
        }
        flow.control().cancel("enough").await;
        assert!(hub.is_closed());
        until("the inputs to leave", || hub.inputs() == 0).await;
    });
}

#[test]
fn r4_6_what_waits_at_an_input_is_one_item_unless_its_window_says_more() {
    system(async {
        for (window, expected) in [(None, 1), (Some(5), 5)] {
            let census = Census::new();
            let (hub, _unread) = Source::merge_hub(CAP);
            let made = census.clone();
            let items = Source::from_iter(0..1000)
                .map(move |n| made.item(n))
                .window(1);
            let mut input = items.into_hub(&hub);
            if let Some(window) = window {
                input = input.window(window);
            }
            let running = input.run(&FlowContext::background()).unwrap();
            until("the cap", || hub.waiting() == CAP).await;
            settle().await;
            assert_eq!(census.alive(), CAP as u64 + expected);
            drop(running);
            until("the input to leave", || hub.inputs() == 0).await;
        }
    });
}
