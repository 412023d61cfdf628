use actix_flow::prelude::*;

use super::{report_of, run};
use crate::kit::{Gate, system, until, within};

/// A flow in which one future waits at a gate, so that a quit lasts.
async fn held(gate: &Gate) -> Pipeline<u64> {
    let hold = gate.clone();
    let flow = run(Source::repeat_with(|| ())
        .map_async(1, move |()| {
            let gate = hold.clone();
            async move { gate.pass().await }
        })
        .named("held")
        .count());
    until("the future", || gate.arrived() == 1).await;
    flow
}

#[test]
fn r5_5_a_close_can_be_raised_to_a_quit() {
    system(async {
        let gate = Gate::new();
        let flow = held(&gate).await;
        let control = flow.control();
        drop(control.close());
        drop(control.quit());
        gate.open();
        let finished = within("the end", flow.wait()).await.unwrap();
        assert!(matches!(finished.ending, Cause::Quit));
    });
}

#[test]
fn r5_5_a_quit_can_be_raised_to_a_cancel() {
    system(async {
        let gate = Gate::new();
        let flow = held(&gate).await;
        let control = flow.control();
        drop(control.quit());
        // The gate stays closed: only a cancel drops the future.
        within("the end", control.cancel("enough")).await;
        let report = report_of(flow.wait().await);
        assert_eq!(report.ending().to_string(), "cancelled: enough");
        report.check().unwrap();
    });
}

#[test]
fn r5_5_a_quit_is_not_lowered_to_a_close() {
    system(async {
        let gate = Gate::new();
        let flow = held(&gate).await;
        let control = flow.control();
        drop(control.quit());
        drop(control.close());
        gate.open();
        let finished = within("the end", flow.wait()).await.unwrap();
        assert!(matches!(finished.ending, Cause::Quit));
        assert_eq!(finished.report.stage("held").unwrap().received, 1);
    });
}

#[test]
fn r5_5_the_first_cause_of_the_highest_is_reported() {
    system(async {
        let gate = Gate::new();
        let flow = held(&gate).await;
        let control = flow.control();
        drop(control.cancel("first"));
        drop(control.cancel("second"));
        drop(control.quit());
        let report = report_of(within("the end", flow.wait()).await);
        assert_eq!(report.ending().to_string(), "cancelled: first");
        for stage in report.stages() {
            let ending = stage.ending.as_ref().unwrap();
            assert_eq!(ending.to_string(), "cancelled: first", "{}", stage.name);
        }
    });
}

#[test]
fn r5_5_a_stage_quit_before_the_flow_is_closed_stays_quit() {
    system(async {
        let gate = Gate::new();
        let flow = held(&gate).await;
        let control = flow.control();
        let quit = control.quit_stage("held").unwrap();
        drop(control.close());
        gate.open();
        within("the stage", quit).await;
        let finished = within("the end", flow.wait()).await.unwrap();
        assert!(matches!(finished.ending, Cause::Closed));
        let held = finished.report.stage("held").unwrap();
        assert!(matches!(held.ending, Some(Cause::Quit)));
        assert_eq!(held.received, 1);
    });
}

#[test]
fn r5_5_every_verb_can_be_called_again() {
    system(async {
        let flow = run(Source::repeat_with(|| ()).count());
        let control = flow.control();
        let ends = [control.quit(), control.quit(), control.quit()];
        within("all answers", futures::future::join_all(ends)).await;
        assert!(matches!(flow.wait().await.unwrap().ending, Cause::Quit));
    });
}

#[test]
fn r5_5_verbs_on_a_flow_that_is_over_change_nothing() {
    system(async {
        let flow = run(Source::once(3).named("three").count());
        let control = flow.control();
        until("the end", || control.is_finished()).await;
        for ended in [
            control.close(),
            control.quit(),
            control.cancel("late"),
            control.abort(),
        ] {
            within("an answer", ended).await;
        }
        within("an answer", control.quit_stage("three").unwrap()).await;
        let finished = flow.wait().await.unwrap();
        assert!(matches!(finished.ending, Cause::Completed));
        assert_eq!(finished.value, Some(1));
    });
}

#[test]
fn r5_5_the_control_works_while_another_task_awaits() {
    system(async {
        let flow = run(Source::repeat_with(|| ()).count());
        let control = flow.control();
        let waiter = actix_rt::spawn(flow.wait());
        tokio::task::yield_now().await;
        within("the quit", control.quit()).await;
        let finished = within("the waiter", waiter).await.unwrap().unwrap();
        assert!(matches!(finished.ending, Cause::Quit));
    });
}
