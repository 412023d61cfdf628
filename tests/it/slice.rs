//! One flow end to end.

use actix_flow::prelude::*;

use crate::kit::{Census, system};

#[test]
fn a_pipeline_gives_its_value_and_accounts_for_every_item() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let finished = Source::from_iter(0..10_000u64)
            .map(move |n| made.item(n))
            .filter(|item| item.number % 3 == 0)
            .named("thirds")
            .map_parallel(2, |item| item.number)
            .named("numbers")
            .window(64)
            .fold(0, |sum, n| sum + n)
            .run(&FlowContext::background())
            .unwrap()
            .wait()
            .await
            .unwrap();
        assert_eq!(
            finished.value,
            Some((0..10_000).filter(|n| n % 3 == 0).sum())
        );
        finished.report.check().unwrap();
        let thirds = finished.report.stage("thirds").unwrap();
        assert_eq!((thirds.received, thirds.emitted), (10_000, 3_334));
        census.assert_none_alive();
    });
}
