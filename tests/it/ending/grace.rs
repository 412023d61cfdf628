use std::time::Duration;

use actix_flow::prelude::*;
use tokio::time::Instant;

use super::{report_of, run};
use crate::kit::{Gate, paused, until, within};

/// A flow with a future that never ends, which runs when this is ready.
async fn never_done(grace: Option<Duration>) -> Pipeline<u64> {
    let gate = Gate::new();
    let hold = gate.clone();
    let flow = Source::repeat_with(|| ())
        .map_async(1, move |()| {
            let gate = hold.clone();
            async move { gate.pass().await }
        })
        .named("endless")
        .window(4)
        .count();
    let flow = match grace {
        Some(grace) => run(flow.grace(grace)),
        None => run(flow),
    };
    until("the future", || gate.arrived() == 1).await;
    flow
}

#[test]
fn r5_5_a_quit_past_its_grace_is_cancelled() {
    paused(async {
        let flow = never_done(Some(Duration::from_secs(90))).await;
        let start = Instant::now();
        drop(flow.control().quit());
        let report = report_of(flow.wait().await);
        assert_eq!(start.elapsed().as_secs(), 90);
        assert!(matches!(report.ending(), Cause::GraceExpired));
        let endless = report.stage("endless").unwrap();
        assert_eq!((endless.received, endless.discarded), (1, 1));
        report.check().unwrap();
    });
}

#[test]
fn r5_5_the_usual_grace_is_five_seconds() {
    paused(async {
        let flow = never_done(None).await;
        let start = Instant::now();
        drop(flow.control().quit());
        report_of(flow.wait().await);
        assert_eq!(start.elapsed().as_secs(), 5);
    });
}

#[test]
fn r5_5_a_quit_without_grace_is_a_cancel() {
    paused(async {
        let flow = never_done(Some(Duration::ZERO)).await;
        drop(flow.control().quit());
        let report = report_of(within("the end", flow.wait()).await);
        assert!(matches!(report.ending(), Cause::GraceExpired));
    });
}

#[test]
fn r5_5_a_grace_too_long_for_the_clock_never_ends() {
    paused(async {
        let flow = never_done(Some(Duration::MAX)).await;
        let control = flow.control();
        let year = Duration::from_secs(365 * 86_400);
        assert!(tokio::time::timeout(year, control.quit()).await.is_err());
        within("the cancel", control.cancel("enough")).await;
        drop(flow);
    });
}

#[test]
fn r5_2_a_stage_that_was_quit_is_cancelled_after_the_grace_and_its_neighbours_go_on() {
    paused(async {
        let flow = never_done(Some(Duration::from_secs(90))).await;
        let start = Instant::now();
        flow.control().quit_stage("endless").unwrap().await;
        assert_eq!(start.elapsed().as_secs(), 90);
        let finished = within("the end", flow.wait()).await.unwrap();
        assert!(matches!(finished.ending, Cause::Completed));
        assert_eq!(finished.value, Some(0));
        let endless = finished.report.stage("endless").unwrap();
        assert!(matches!(endless.ending, Some(Cause::GraceExpired)));
        assert_eq!((endless.received, endless.discarded), (1, 1));
        finished.report.check().unwrap();
    });
}
