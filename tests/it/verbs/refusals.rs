//! What `run` refuses, and how it says so.

use std::sync::Arc;

use actix_flow::Cause;
use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{Census, refusal, system};

fn numbers() -> Source<u64> {
    Source::from_iter(0..10u64)
}

#[test]
fn a_window_or_a_concurrency_of_zero() {
    system(async {
        let cases = [
            (
                refusal(numbers().map(|n| n).window(0).count()),
                "map-1",
                "window",
            ),
            (
                refusal(numbers().count().window(0).named("sink")),
                "sink",
                "window",
            ),
            (
                refusal(numbers().map_async(0, |n| async move { n }).count()),
                "map_async-1",
                "concurrency",
            ),
            (
                refusal(numbers().map_blocking(0, |n| n).count()),
                "map_blocking-1",
                "concurrency",
            ),
            (
                refusal(numbers().map_parallel(0, |n| n).count()),
                "map_parallel-1",
                "concurrency",
            ),
            (
                refusal(numbers().map_parallel_on(&[], |n| n).count()),
                "map_parallel_on-1",
                "concurrency",
            ),
            (
                refusal(numbers().for_each_async(0, |_| async {})),
                "for_each_async-1",
                "concurrency",
            ),
            (
                refusal(numbers().interleave(numbers(), 0).count()),
                "interleave-1",
                "segment",
            ),
            (
                refusal(Source::ticks(std::time::Duration::ZERO).count()),
                "ticks-1",
                "period",
            ),
        ];
        for (refused, name, zero) in cases {
            let StartError::Zero { stage, what } = &refused else {
                panic!("{refused:?}");
            };
            assert_eq!((&**stage, *what), (name, zero));
            assert_eq!(
                refused.to_string(),
                format!("stage `{name}` has a {zero} of 0: give it more")
            );
            assert_eq!(refused.stage(), Some(name));
        }
        let refused = refusal(numbers().count().default_window(0));
        assert_eq!(
            refused.to_string(),
            "stage `count-1` has a window of 0: give it more"
        );
        let segments = numbers()
            .segmented(0, Some, |n| n, |n| n.len())
            .named("seg");
        let refused = refusal(segments.count());
        assert_eq!(
            refused.to_string(),
            "stage `seg` has a concurrency of 0: give it more"
        );
    });
}

#[test]
fn a_window_below_the_concurrency() {
    system(async {
        let narrow = numbers()
            .map_async(5, |n| async move { n })
            .named("ask")
            .window(4);
        let refused = refusal(narrow.count());
        assert_eq!(
            refused.to_string(),
            "stage `ask` has a window of 4, below its concurrency of 5: \
             raise the one or lower the other"
        );
        assert_eq!(refused.stage(), Some("ask"));
        let refused = refusal(numbers().map_parallel(3, |n| n).count().default_window(2));
        assert!(matches!(refused, StartError::WindowBelowConcurrency { .. }));
    });
}

#[test]
fn a_name_that_two_stages_or_groups_have() {
    system(async {
        let twice = numbers().named("a").map(|n| n).named("a").count();
        let refused = refusal(twice);
        assert_eq!(
            refused.to_string(),
            "two stages or groups have the name `a`: give one another"
        );
        let group = numbers().named("a").map(|n| n).group("a").count();
        assert!(matches!(refusal(group), StartError::DuplicateName { .. }));
        let part = numbers()
            .named("d/1")
            .map_parallel(2, |n| n)
            .named("d")
            .count();
        assert!(matches!(refusal(part), StartError::DuplicateName { .. }));
        let joined = numbers()
            .count()
            .named("x")
            .and(numbers().count().named("x"));
        assert!(matches!(refusal(joined), StartError::DuplicateName { .. }));
    });
}

#[test]
fn an_attribute_where_it_means_nothing() {
    system(async {
        let branch = || {
            numbers()
                .broadcast(1)
                .into_array::<1>()
                .map(|branch| branch.named("b"))
        };
        let [named] = branch();
        let both = || numbers().count().and(numbers().count());
        let cases = [
            (
                refusal(numbers().window(4).count()),
                "from_iter-1",
                "window",
            ),
            (
                refusal(numbers().named("in").window(4).count()),
                "in",
                "window",
            ),
            (refusal(named.count()), "branch", "named"),
            (
                refusal(numbers().isolated().count()),
                "from_iter-1",
                "isolated",
            ),
            (refusal(both().named("pair")), "and", "named"),
            (refusal(both().window(3)), "and", "window"),
            (
                refusal(Blueprint::all([numbers().count()]).named("x")),
                "all",
                "named",
            ),
        ];
        for (refused, at, what) in cases {
            let StartError::Misplaced { stage, attribute } = &refused else {
                panic!("{refused:?}");
            };
            assert_eq!((&**stage, *attribute), (at, what));
            let text =
                format!("`{what}` was written at `{at}`, where it means nothing: leave it out");
            assert_eq!(refused.to_string(), text);
        }
    });
}

#[test]
fn a_branch_that_is_held_and_not_connected() {
    system(async {
        let [a, _held] = numbers().broadcast(2).named("both").into_array();
        let refused = refusal(a.count());
        let StartError::OpenBranch { stage, open } = &refused else {
            panic!("{refused:?}");
        };
        assert_eq!((&**stage, *open), ("both", 1));
        assert!(
            refused
                .to_string()
                .starts_with("1 of the branches of `both`")
        );
        let [a, b] = numbers().partition(2, |_| 0).into_array();
        let _elsewhere = b.count();
        assert!(matches!(refusal(a.count()), StartError::OpenBranch { .. }));
    });
}

#[test]
fn a_stage_placed_on_a_dead_arbiter() {
    system(async {
        let arbiter = Arbiter::new();
        let handle = arbiter.handle();
        arbiter.stop();
        arbiter.join().unwrap();
        let refused = refusal(
            numbers()
                .map(|n| n)
                .on(handle.clone())
                .named("there")
                .count(),
        );
        assert_eq!(
            refused.to_string(),
            "stage `there` was placed on an arbiter that is dead: place it on one that runs"
        );
        let refused = refusal(numbers().map_parallel_on(&[handle], |n| n).count());
        assert!(matches!(refused, StartError::DeadArbiter { .. }));
    });
}

#[test]
fn a_context_that_is_done() {
    system(async {
        let (ctx, cancel) = FlowContext::background().with_cancel();
        cancel.cancel("too late");
        let census = Census::new();
        let flow = Source::once(census.item(1)).count();
        let refused = flow.run(&ctx).err().unwrap();
        assert!(matches!(
            refused,
            StartError::ContextDone {
                cause: Cause::Cancelled(_)
            }
        ));
        assert_eq!(
            refused.to_string(),
            "the context is done: cancelled: too late"
        );
        census.assert_none_alive();
    });
}

#[test]
fn an_arbiter_that_cannot_be_started() {
    let error = Arc::new(std::io::Error::other("no thread"));
    let refused = StartError::Arbiter {
        stage: "digest".into(),
        error,
    };
    assert_eq!(
        refused.to_string(),
        "stage `digest` got no arbiter: no thread"
    );
    assert!(std::error::Error::source(&refused).is_some());
}

#[test]
fn a_refused_blueprint_drops_its_items_and_closes_its_inlets() {
    system(async {
        let census = Census::new();
        let (inlet, source) = Source::inlet(2);
        inlet.try_send(census.item(1)).unwrap();
        refusal(source.map(|item| item).window(0).count());
        assert!(inlet.is_closed());
        census.assert_none_alive();
    });
}

#[test]
fn a_start_error_is_a_pipeline_error_without_a_report() {
    system(async {
        let refused = refusal(numbers().map(|n| n).window(0).count());
        let error = PipelineError::from(refused);
        assert!(error.report().is_none() && error.cause().is_none());
        assert_eq!(error.stage(), Some("map-1"));
        assert!(error.start_error().is_some());
        assert_eq!(
            error.to_string(),
            "the flow was not started: stage `map-1` has a window of 0: give it more"
        );
    });
}
