use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use super::{report_of, run};
use crate::kit::{Census, Gate, Item, paused, system, until, within};

/// Closes a flow over an endless source in full run, and compares what was made with what came.
async fn closes(source: Source<Item>, census: Census) {
    let arbiter = Arbiter::new();
    let came = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&came);
    let flow = run(source
        .map(|item| item)
        .on(arbiter.handle())
        .window(16)
        .for_each(move |_| _ = seen.fetch_add(1, SeqCst))
        .window(4));
    until("some items", || came.load(SeqCst) > 50).await;
    let control = flow.control();
    within("the close", control.close()).await;
    assert!(control.is_finished());
    let finished = flow.wait().await.unwrap();
    assert!(matches!(finished.ending, Cause::Closed));
    assert_eq!(came.load(SeqCst), census.created());
    finished.report.check().unwrap();
    for edge in finished.report.edges() {
        assert_eq!(edge.discarded, 0, "{}", finished.report);
    }
    census.assert_none_alive();
    arbiter.stop();
    arbiter.join().unwrap();
}

#[test]
fn r5_1_close_delivers_everything_in_flight() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let source = Source::from_iter((0..).map(move |n| made.item(n)));
        closes(source, census).await;
    });
}

#[test]
fn r5_1_close_of_a_generator_loses_nothing_that_was_yielded() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let source = Source::generate(async move |mut out| {
            for n in 0.. {
                out.send(made.item(n)).await;
            }
        });
        closes(source, census).await;
    });
}

#[test]
fn r5_1_close_of_several_sources_loses_nothing() {
    system(async {
        let census = Census::new();
        let sources = (0..3).map(|_| {
            let made = census.clone();
            Source::from_iter((0..).map(move |n| made.item(n)))
        });
        closes(Source::merge_all(sources), census.clone()).await;
    });
}

#[test]
fn r5_1_close_delivers_what_an_inlet_has_accepted() {
    system(async {
        let (inlet, source) = Source::inlet(100);
        for n in 0..100 {
            inlet.try_send(n).unwrap();
        }
        let gate = Gate::new();
        let hold = gate.clone();
        let flow = run(source
            .map_async(1, move |n: u32| {
                let gate = hold.clone();
                async move {
                    gate.pass().await;
                    n
                }
            })
            .window(2)
            .collect::<Vec<_>>());
        until("the first item", || gate.arrived() > 0).await;
        let control = flow.control();
        let closed = control.close();
        within("the inlet to learn of it", inlet.closed()).await;
        assert_eq!(inlet.try_send(7).map_err(InletError::into_value), Err(7));
        gate.open();
        within("the close", closed).await;
        let finished = flow.wait().await.unwrap();
        assert_eq!(finished.value, Some((0..100).collect()));
        let source = finished.report.stage("inlet-1").unwrap();
        assert_eq!((source.received, source.passed), (100, 100));
        finished.report.check().unwrap();
    });
}

#[test]
fn r5_1_close_ends_a_source_that_waits_for_its_timer() {
    paused(async {
        let flow = run(Source::ticks(Duration::from_secs(3600)).collect::<Vec<_>>());
        let control = flow.control();
        until("the first tick", || {
            control.snapshot().stages()[1].received > 0
        })
        .await;
        within("the close", control.close()).await;
        let finished = flow.wait().await.unwrap();
        assert_eq!(finished.value, Some(vec![0]));
        assert!(matches!(finished.ending, Cause::Closed));
    });
}

#[test]
fn r5_1_a_closed_flow_gives_its_value_when_it_is_awaited() {
    system(async {
        let (inlet, source) = Source::inlet(4);
        let flow = run(source.count());
        inlet.send(()).await.unwrap();
        drop(flow.control().close());
        assert_eq!(flow.await.unwrap(), 1);
    });
}

#[test]
fn r5_1_close_waits_for_ever_unless_it_is_told_how_long() {
    paused(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let flow = run(Source::once(())
            .map_async(1, move |()| {
                let gate = hold.clone();
                async move { gate.pass().await }
            })
            .count());
        until("the future", || gate.arrived() == 1).await;
        let closed = flow.control().close();
        let day = Duration::from_secs(86_400);
        assert!(tokio::time::timeout(day, closed).await.is_err());
        gate.open();
        assert_eq!(flow.await.unwrap(), 1);
    });
}

#[test]
fn r5_5_a_close_past_drain_within_is_cancelled() {
    paused(async {
        let gate = Gate::new();
        let hold = gate.clone();
        let flow = run(Source::once(())
            .map_async(1, move |()| {
                let gate = hold.clone();
                async move { gate.pass().await }
            })
            .named("endless")
            .count()
            .drain_within(Duration::from_secs(3)));
        until("the future", || gate.arrived() == 1).await;
        let control = flow.control();
        let start = tokio::time::Instant::now();
        within("the end", control.close()).await;
        assert_eq!(start.elapsed().as_secs(), 3);
        let report = report_of(flow.wait().await);
        assert!(matches!(report.ending(), Cause::GraceExpired));
        let endless = report.stage("endless").unwrap();
        assert_eq!((endless.received, endless.discarded), (1, 1));
        report.check().unwrap();
    });
}
