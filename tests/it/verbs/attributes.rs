//! Names, windows, places and groups.

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{finished, system, value};

fn numbers() -> Source<u64> {
    Source::from_iter(0..20u64)
}

fn names<R: Send + 'static>(flow: Blueprint<R>) -> Vec<String> {
    let running = flow.run(&FlowContext::background());
    let graph = running.expect("the flow starts").control().graph();
    graph.stages().map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn stages_without_a_name_are_numbered_by_verb_and_skip_taken_names() {
    system(async {
        let flow = numbers()
            .map(|n| n)
            .map(|n| n)
            .named("map-2")
            .map(|n| n)
            .filter(|_| true)
            .count();
        let expected = [
            "from_iter-1",
            "map-1",
            "map-2",
            "map-3",
            "filter-1",
            "count-1",
        ];
        assert_eq!(names(flow), expected);
        let flow = numbers().map(|n| n).group("map-1").map(|n| n).count();
        assert_eq!(names(flow), ["from_iter-1", "map-2", "map-3", "count-1"]);
    });
}

#[test]
fn names_do_not_depend_on_the_run() {
    system(async {
        let flow = || {
            let pairs = (0..6).map(|_| {
                let [a, b] = numbers().map(|n| n).broadcast(2).into_array();
                a.count().and(b.filter(|_| true).last())
            });
            Blueprint::all(pairs)
        };
        let graph = |flow: Blueprint<_>| {
            let running = flow.run(&FlowContext::background()).unwrap();
            running.control().graph().to_string()
        };
        let first = graph(flow());
        for _ in 0..10 {
            assert_eq!(graph(flow()), first);
        }
    });
}

#[test]
fn a_stage_runs_on_the_arbiter_it_is_placed_on() {
    system(async {
        let arbiter = Arbiter::new();
        let here = std::thread::current().id();
        let flow = numbers()
            .map(move |_| std::thread::current().id() == here)
            .on(arbiter.handle())
            .map(move |there| (there, std::thread::current().id() == here))
            .collect::<Vec<_>>();
        assert_eq!(value(flow).await, [(false, true); 20]);
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

#[test]
fn windows_are_those_of_the_stage_else_of_the_flow() {
    system(async {
        let flow = || numbers().map(|n| n).window(3).map(|n| n).count().window(5);
        let windows = |report: &Report| -> Vec<usize> {
            report.edges().iter().map(|edge| edge.window).collect()
        };
        let report = finished(flow().default_window(7)).await.report;
        assert_eq!(windows(&report), [3, 7, 5]);
        assert_eq!(windows(&finished(flow()).await.report), [3, 1_024, 5]);
    });
}

#[test]
fn the_window_of_a_composite_is_the_sum_over_its_workers() {
    system(async {
        let flow = numbers()
            .map_parallel(3, |n| n)
            .named("d")
            .window(8)
            .count();
        let report = finished(flow).await.report;
        let edges = report.edges().iter();
        let to_workers = edges.filter(|edge| &*edge.from == "d/split" && &*edge.to != "d/join");
        assert_eq!(to_workers.map(|edge| edge.window).sum::<usize>(), 8);
        let edges = report.edges().iter();
        let to_join = edges.filter(|edge| &*edge.from != "d/split" && &*edge.to == "d/join");
        assert_eq!(to_join.map(|edge| edge.window).sum::<usize>(), 8);
    });
}

#[test]
fn a_flow_has_a_name_of_its_own() {
    system(async {
        let report = finished(numbers().count().flow_named("nightly"))
            .await
            .report;
        assert_eq!(report.flow(), Some("nightly"));
        let text = report.to_string();
        assert!(text.lines().next().unwrap().contains("nightly"), "{text}");
    });
}
