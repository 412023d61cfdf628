//! Nobody waits for the dead.

use actix_flow::Cause;
use actix_flow::prelude::*;
use actix_rt::Arbiter;
use futures::StreamExt;

use crate::kit::{Census, DropFlag, Gate, failed, finished, settle, system, until, value, within};

#[test]
fn r2_5_endings_of_an_edge_can_be_said_twice() {
    system(async {
        let flow = Source::repeat_with(|| 1u64)
            .map(|n| n)
            .named("ones")
            .count();
        let running = flow.run(&FlowContext::background()).unwrap();
        let control = running.control();
        for _ in 0..3 {
            within("the stage to quit", control.quit_stage("ones").unwrap()).await;
        }
        let finished = running.wait().await.unwrap();
        assert!(matches!(finished.ending, Cause::Completed));
        finished.report.check().unwrap();
        assert!(control.quit_stage("ones").is_ok());
        let ones = finished.report.stage("ones").unwrap();
        assert!(matches!(ones.ending, Some(Cause::Quit)));
    });
}

#[test]
fn r2_6_a_consumer_that_is_done_cancels_its_producers() {
    system(async {
        let flag = DropFlag::new();
        let guard = flag.guard();
        let flow = Source::repeat_with(move || {
            let _ = &guard;
            1u64
        })
        .map(|n| n)
        .batch(2)
        .flat_map(|batch| batch)
        .take(5)
        .count();
        assert_eq!(value(flow).await, 5);
        assert!(flag.is_dropped());
    });
}

#[test]
fn r2_6_a_lost_producer_fails_its_consumer() {
    system(async {
        let arbiter = Arbiter::new();
        let census = Census::new();
        let (seen, made) = (census.clone(), census.clone());
        let flow = Source::repeat_with(move || made.item(1))
            .named("there")
            .on(arbiter.handle())
            .count();
        let running = flow.run(&FlowContext::background()).unwrap();
        until("items to flow", || seen.created() > 100).await;
        arbiter.stop();
        let error = failed(running).await;
        assert!(matches!(error.cause(), Some(Cause::Lost { .. })), "{error}");
        assert_eq!(error.stage(), Some("there"));
        arbiter.join().unwrap();
        census.assert_none_alive();
    });
}

#[test]
fn r2_6_a_lost_consumer_ends_its_producer() {
    system(async {
        let arbiter = Arbiter::new();
        let census = Census::new();
        let (seen, made) = (census.clone(), census.clone());
        let flow = Source::repeat_with(move || made.item(1))
            .inspect(|_| ())
            .named("there")
            .on(arbiter.handle())
            .count();
        let running = flow.run(&FlowContext::background()).unwrap();
        until("items to flow", || seen.created() > 100).await;
        arbiter.stop();
        let error = failed(running).await;
        assert_eq!(error.stage(), Some("there"));
        arbiter.join().unwrap();
        census.assert_none_alive();
    });
}

#[test]
fn r2_6_an_outlet_that_is_dropped_while_nothing_comes_is_a_reader_that_has_left() {
    system(async {
        let (inlet, source) = Source::<u64>::inlet(4);
        let (mut outlet, flow) = source.into_stream();
        let running = flow.run(&FlowContext::background()).unwrap();
        inlet.send(1).await.unwrap();
        assert_eq!(outlet.next().await.unwrap().unwrap(), 1);
        settle().await;
        drop(outlet);
        within("the inlet to learn of it", inlet.closed()).await;
        let finished = within("the flow", running.wait()).await.unwrap();
        finished.report.check().unwrap();
    });
}

#[test]
fn r2_6_an_outlet_that_is_dropped_full_ends_the_stages_above() {
    system(async {
        let census = Census::new();
        let (seen, made) = (census.clone(), census.clone());
        let (outlet, flow) = Source::repeat_with(move || made.item(1)).into_stream();
        let running = flow.window(4).run(&FlowContext::background()).unwrap();
        until("the outlet to be full", || seen.created() >= 8).await;
        settle().await;
        assert_eq!(
            seen.created(),
            8,
            "a window on the edge, and one in the outlet"
        );
        drop(outlet);
        let finished = within("the flow", running.wait()).await.unwrap();
        finished.report.check().unwrap();
        census.assert_none_alive();
    });
}

#[test]
fn r2_6_a_pending_future_does_not_hide_that_the_reader_has_left() {
    system(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let [short, long] = Source::from_iter(0..3u64).broadcast(2).into_array();
        let flow = short
            .map_async(1, move |n| {
                let hold = hold.clone();
                async move {
                    hold.pass().await;
                    n
                }
            })
            .take(0)
            .count()
            .and(long.count());
        // Nobody opens the gate: the future is dropped at its await.
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some((0, 3)));
    });
}
