//! What is left of a flow that is over: nothing.

use std::sync::Arc;

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{system, until};

/// Whether only the test still has a name: a flow holds it wherever it holds what was said of a
/// stage.
fn is_free(name: &Arc<str>) -> bool {
    Arc::strong_count(name) == 1
}

#[test]
fn r5_6_nothing_of_a_flow_is_left_in_memory_when_it_is_over() {
    system(async {
        let arbiter = Arbiter::new();
        let arbiters = [arbiter.handle()];
        let stages = ["square", "digest", "shared", "merged", "words", "sum"];
        let [square, digest, shared, merged, words, sum] = stages.map(Arc::<str>::from);
        let value = Source::from_iter(0..10u64)
            .map(|n| n * n)
            .named(Arc::clone(&square))
            .map_parallel(2, |n| n)
            .named(Arc::clone(&digest))
            .map_parallel_on(&arbiters, |n| n)
            .named(Arc::clone(&shared))
            .merge(Source::once(1))
            .named(Arc::clone(&merged))
            .segmented(2, |n| [n], |n| n, |parts: Vec<u64>| parts.iter().sum())
            .named(Arc::clone(&words))
            .fold(0u64, |sum, n: u64| sum + n)
            .named(Arc::clone(&sum))
            .run(&FlowContext::background())
            .unwrap()
            .await
            .unwrap();
        assert_eq!(value, 286);
        for name in [&square, &digest, &shared, &merged, &words, &sum] {
            // The thread that ended the flow may still be about to let go of it.
            until(&format!("`{name}` to be free"), || is_free(name)).await;
        }
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

#[test]
fn nothing_of_a_blueprint_that_never_ran_is_left_in_memory() {
    let name: Arc<str> = "digest".into();
    let flow = Source::from_iter(0..10u64).map_parallel(2, |n| n);
    drop(flow.named(Arc::clone(&name)).count());
    assert!(is_free(&name));
}
