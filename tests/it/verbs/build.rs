//! Blueprints of any length are built, run and dropped without recursion.

use actix_flow::prelude::*;

use crate::kit::{finished, system, value};

fn chain(stages: usize) -> Source<u64> {
    (0..stages).fold(Source::from_iter(0..3u64), |source, _| {
        source.map(|n| n + 1)
    })
}

/// Fan-outs of one branch, each above the other.
fn fan_outs(stages: usize) -> Source<u64> {
    (0..stages).fold(Source::from_iter(0..3u64), |source, _| {
        let [branch] = source.broadcast(1).into_array();
        branch
    })
}

#[test]
fn a_long_chain_of_stages_is_flat() {
    system(async {
        drop(chain(20_000).count());
        assert_eq!(value(chain(2_000).last()).await, Some(2_002));
    });
}

#[test]
fn a_long_chain_of_fan_outs_is_flat() {
    system(async {
        drop(fan_outs(20_000));
        drop(fan_outs(20_000).count());
        let finished = finished(fan_outs(2_000).count()).await;
        assert_eq!(finished.value, Some(3));
        assert_eq!(finished.report.stages().len(), 2_002);
    });
}
