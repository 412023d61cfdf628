use actix_flow::prelude::*;

use super::run;
use crate::kit::{system, until, within};

/// Three endless sources in a group, merged.
fn searches() -> Pipeline<u64> {
    let search = |n: u64| {
        Source::repeat_with(move || n)
            .named(format!("search-{n}"))
            .group("searches")
    };
    run(Source::merge_all((0..3).map(search)).count())
}

/// How many of them have ended.
fn ended(control: &Control) -> usize {
    let report = control.snapshot();
    let stages = report.stages().iter();
    stages
        .filter(|stage| stage.name.starts_with("search-") && stage.ending.is_some())
        .count()
}

#[test]
fn r5_3_each_signal_stops_one_stage() {
    system(async {
        let flow = searches();
        let control = flow.control();
        for signals in 1..=3 {
            within("the answer", control.quit_one("searches").unwrap()).await;
            assert_eq!(ended(&control), signals);
        }
        let finished = flow.wait().await.unwrap();
        assert!(matches!(finished.ending, Cause::Completed));
        finished.report.check().unwrap();
    });
}

#[test]
fn r5_3_signals_at_once_find_a_stage_each() {
    system(async {
        let flow = searches();
        let control = flow.control();
        let signals = [(); 2].map(|()| control.quit_one("searches").unwrap());
        within("both answers", futures::future::join_all(signals)).await;
        assert_eq!(ended(&control), 2);
        drop(flow);
    });
}

#[test]
fn r5_3_too_few_signals_leave_the_rest_running() {
    system(async {
        let flow = searches();
        let control = flow.control();
        control.quit_one("searches").unwrap().await;
        let so_far = control.snapshot().stage("merge-1").unwrap().received;
        until("the others to go on", || {
            control.snapshot().stage("merge-1").unwrap().received > so_far + 10_000
        })
        .await;
        assert_eq!(ended(&control), 1);
        within("the cancel", control.cancel("enough")).await;
        let error = flow.await.unwrap_err();
        assert_eq!(error.cause().unwrap().to_string(), "cancelled: enough");
        error.report().unwrap().check().unwrap();
    });
}

#[test]
fn r5_3_more_signals_than_stages_are_answered_at_once() {
    system(async {
        let flow = searches();
        let control = flow.control();
        let signals = [(); 5].map(|()| control.quit_one("searches").unwrap());
        within("all answers", futures::future::join_all(signals)).await;
        flow.wait().await.unwrap();
        within("an answer", control.quit_one("searches").unwrap()).await;
    });
}

#[test]
fn r5_3_all_stages_of_a_group_quit_at_once() {
    system(async {
        let flow = searches();
        let control = flow.control();
        within("the answer", control.quit_all("searches").unwrap()).await;
        assert_eq!(ended(&control), 3);
        let finished = flow.wait().await.unwrap();
        assert!(matches!(finished.ending, Cause::Completed));
        let merge = finished.report.stage("merge-1").unwrap();
        assert_eq!((merge.received, merge.discarded), (merge.passed, 0));
    });
}

#[test]
fn r5_3_a_composite_is_the_group_of_its_workers() {
    system(async {
        let flow = run(Source::from_iter(0u64..)
            .map_parallel(3, |n| n)
            .named("digest")
            .window(12)
            .count());
        let control = flow.control();
        within("one worker", control.quit_one("digest").unwrap()).await;
        let gone = |control: &Control| {
            let report = control.snapshot();
            let workers = ["digest/1", "digest/2", "digest/3"];
            let ended = |name: &&str| report.stage(name).unwrap().ending.is_some();
            workers.iter().filter(|name| ended(name)).count()
        };
        assert_eq!(gone(&control), 1);
        within("the others", control.quit_stage("digest").unwrap()).await;
        let finished = flow.wait().await.unwrap();
        assert!(matches!(finished.ending, Cause::Completed));
        finished.report.check().unwrap();
    });
}
