//! Verbs that end a blueprint.

use std::collections::BTreeSet;

use actix_flow::prelude::*;

use crate::kit::{system, value};

fn numbers(n: u64) -> Source<u64> {
    Source::from_iter(0..n)
}

#[test]
fn each_sink_gives_its_value() {
    system(async {
        assert_eq!(value(numbers(5).fold(1, |a, n| a + n)).await, 11);
        assert_eq!(value(numbers(5).reduce(u64::max)).await, Some(4));
        assert_eq!(value(numbers(5).collect::<BTreeSet<_>>()).await.len(), 5);
        assert_eq!(value(numbers(5).count()).await, 5);
        assert_eq!(value(numbers(5).skip(1).first()).await, Some(1));
        assert_eq!(value(numbers(5).last()).await, Some(4));
        value(numbers(5).drain()).await;
        let (inlet, source) = Source::inlet(8);
        let sum = source.fold(0, |a, n| a + n).run(&FlowContext::background());
        value(numbers(5).for_each(move |n| inlet.try_send(n).unwrap())).await;
        assert_eq!(sum.unwrap().await.unwrap(), 10);
    });
}

#[test]
fn each_sink_has_a_value_for_no_items() {
    system(async {
        let none = Source::<u64>::empty;
        assert_eq!(value(none().fold(1, |a, n| a + n)).await, 1);
        assert_eq!(value(none().reduce(u64::max)).await, None);
        assert_eq!(value(none().collect::<Vec<_>>()).await, []);
        assert_eq!(value(none().count()).await, 0);
        assert_eq!(value(none().first()).await, None);
        assert_eq!(value(none().last()).await, None);
        value(none().drain()).await;
        value(none().for_each(|_| ())).await;
        value(none().for_each_async(1, |_| async {})).await;
    });
}
