//! What each kind of generator gives.

use std::time::Duration;

use actix_flow::Cause;
use actix_flow::prelude::*;
use tokio::time::Instant;

use crate::kit::{DropFlag, failure, paused, settle, system, value};

#[test]
fn each_generator_gives_its_items_in_order() {
    system(async {
        async fn all(source: Source<u64>) -> Vec<u64> {
            value(source.collect()).await
        }
        assert_eq!(all(Source::from_iter([3, 1, 2])).await, [3, 1, 2]);
        assert_eq!(all(Source::once(7)).await, [7]);
        assert_eq!(all(Source::empty()).await, []);
        let stream = futures::stream::iter(0..5);
        assert_eq!(all(Source::from_stream(stream)).await, [0, 1, 2, 3, 4]);
        let powers = Source::unfold(1, |n| {
            *n *= 2;
            (*n <= 16).then_some(*n)
        });
        assert_eq!(all(powers).await, [2, 4, 8, 16]);
        let down = Source::unfold_async(3u64, |n| async move {
            tokio::task::yield_now().await;
            Some((n, n.checked_sub(1)?))
        });
        assert_eq!(all(down).await, [3, 2, 1]);
        let mut n = 0;
        let counted = Source::repeat_with(move || {
            n += 1;
            n
        });
        assert_eq!(all(counted.take(3)).await, [1, 2, 3]);
    });
}

#[test]
fn a_generator_yields_across_its_awaits_and_ends_with_its_closure() {
    system(async {
        let flag = DropFlag::new();
        let guard = flag.guard();
        let flow = Source::generate(async move |mut out: Yielder<u64>| {
            // Not `Send`: it is made where it runs.
            let state = std::rc::Rc::new(guard);
            for n in 0..100 {
                tokio::task::yield_now().await;
                out.send(n).await;
            }
            drop(state);
        });
        let items: Vec<_> = value(flow.collect().window(3)).await;
        assert!(items.into_iter().eq(0..100));
        assert!(flag.is_dropped());
    });
}

#[test]
fn a_yield_that_is_dropped_loses_no_item() {
    system(async {
        let flow = Source::generate(async |mut out: Yielder<u64>| {
            for n in 0..4 {
                let dropped = futures::poll!(Box::pin(out.send(n)));
                assert!(dropped.is_pending());
            }
            out.send(4).await;
        });
        let items: Vec<_> = value(flow.collect()).await;
        // What was handed out is yielded, what could not be was never taken.
        assert_eq!(items, [0, 4]);
    });
}

#[test]
fn a_failed_source_fails_the_flow_with_its_error() {
    system(async {
        let flow = Source::<u64>::failed("no such table")
            .named("table")
            .count();
        let error = failure(flow).await;
        assert_eq!(error.stage(), Some("table"));
        assert_eq!(
            error.cause().unwrap().to_string(),
            "stage `table` failed: no such table"
        );
        assert!(matches!(error.cause(), Some(Cause::Failed { .. })));
    });
}

#[test]
fn ticks_are_numbered_from_the_start_and_in_time() {
    paused(async {
        let start = Instant::now();
        let flow = Source::ticks(Duration::from_millis(10))
            .map(move |tick| (tick, start.elapsed().as_millis()))
            .take(4)
            .collect::<Vec<_>>();
        let ticks = value(flow).await;
        assert_eq!(ticks, [(0, 0), (1, 10), (2, 20), (3, 30)]);
    });
}

#[test]
fn ticks_that_nobody_asked_for_leave_gaps() {
    paused(async {
        let (inlet, source) = Source::inlet(64);
        let flow = Source::ticks(Duration::from_millis(10))
            .take(5)
            .window(1)
            .map_async(1, move |tick| {
                let inlet = inlet.clone();
                async move {
                    inlet.try_send(tick).unwrap();
                    tokio::time::sleep(Duration::from_millis(25)).await;
                }
            })
            .window(1)
            .count()
            .and(source.collect::<Vec<_>>());
        let (count, ticks) = value(flow).await;
        assert_eq!(count, 5);
        // One is being slept over and one waits on each edge; from then on every 25 ms one is made.
        assert_eq!(ticks, [0, 1, 2, 5, 7]);
    });
}

#[test]
fn a_tick_comes_at_once_and_the_next_not_before_its_time() {
    paused(async {
        let (inlet, source) = Source::inlet(8);
        let ticks = Source::ticks(Duration::from_secs(3_600)).for_each(move |tick| {
            inlet.try_send(tick).unwrap();
        });
        let ticks = ticks.run(&FlowContext::background()).unwrap();
        let seen = source.first().run(&FlowContext::background()).unwrap();
        let start = Instant::now();
        assert_eq!(seen.await.unwrap(), Some(0));
        settle().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(ticks);
    });
}
