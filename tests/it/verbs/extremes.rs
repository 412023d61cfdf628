//! The largest and the smallest that each number can be: nothing overflows, hangs or is lost.

use std::time::Duration;

use actix_flow::prelude::*;

use crate::kit::{finished, paused, system, value, within};

#[test]
fn r2_1_windows_up_to_the_largest_number_carry_everything() {
    system(async {
        for window in [1, 2, 3, usize::MAX / 2, usize::MAX - 1, usize::MAX] {
            let flow = Source::from_iter(0..5_000u64)
                .map(|n| n + 1)
                .filter(|n| n % 2 == 0)
                .flat_map(|n| [n, n])
                .fold(0, |sum, n| sum + n)
                .default_window(window);
            assert_eq!(
                value(flow).await,
                2 * (1..=2_500u64).map(|n| 2 * n).sum::<u64>()
            );
        }
    });
}

#[test]
fn r2_1_a_composite_of_the_largest_window_carries_everything() {
    system(async {
        for window in [3, 4, usize::MAX - 1, usize::MAX] {
            let flow = Source::from_iter(0..500u64)
                .map_parallel(3, |n| n + 1)
                .window(window)
                .broadcast(2)
                .window(window);
            let [left, right] = flow.into_array();
            let pairs = left.zip(right).window(window).count();
            assert_eq!(value(pairs).await, 500);
        }
    });
}

#[test]
fn items_without_size_are_counted_like_others() {
    system(async {
        let flow = Source::from_iter(std::iter::repeat_n((), 100_000))
            .map(|()| ())
            .batch(7)
            .flat_map(|units| units)
            .count();
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some(100_000));
    });
}

#[test]
fn limits_can_be_the_largest_number() {
    system(async {
        let flow = Source::from_iter(0..3u64).take(u64::MAX).skip(0).count();
        assert_eq!(value(flow).await, 3);
        assert_eq!(
            value(Source::from_iter(0..3u64).skip(u64::MAX).count()).await,
            0
        );
        let whole = Source::from_iter(0..3u64).batch(usize::MAX);
        assert_eq!(value(whole.collect::<Vec<_>>()).await, [[0, 1, 2]]);
        let whole = Source::from_iter(0..3u64).batch_within(usize::MAX, Duration::MAX);
        assert_eq!(value(whole.collect::<Vec<_>>()).await, [[0, 1, 2]]);
    });
}

#[test]
fn times_can_be_the_longest() {
    system(async {
        let flow = Source::once(1u64)
            .count()
            .grace(Duration::MAX)
            .drain_within(Duration::MAX);
        let (context, _cancel) = FlowContext::background().with_timeout(Duration::MAX);
        let running = flow.run(&context).expect("it starts");
        drop(running.control().close());
        within("the end", running.wait())
            .await
            .expect("it ends well");

        let endless = Source::repeat_with(|| 1u64).count().grace(Duration::MAX);
        let running = endless.run(&FlowContext::background()).expect("it starts");
        within("the quit", running.control().quit()).await;
        within("the end", running.wait())
            .await
            .expect("it was quit");
        let none = Source::repeat_with(|| 1u64).count().grace(Duration::ZERO);
        let running = none.run(&FlowContext::background()).expect("it starts");
        running.control().cancel("at once");
        within("the end", running.wait())
            .await
            .expect_err("it was cancelled");
    });
}

#[test]
fn ticks_can_be_as_far_apart_as_time_goes() {
    paused(async {
        for period in [Duration::from_nanos(1), Duration::MAX] {
            let first = Source::ticks(period).take(1).collect::<Vec<_>>();
            assert_eq!(value(first).await, [0]);
        }
    });
    system(async {
        let far = Source::ticks(Duration::MAX).count();
        let running = far.run(&FlowContext::background()).expect("it starts");
        within("the close", running.control().close()).await;
        let finished = within("the end", running.wait()).await;
        assert!(finished.is_ok());
    });
}

#[test]
fn r4_2_a_fan_in_of_thousands_of_inputs_completes() {
    system(async {
        for inputs in [0u64, 1, 10_000] {
            let sources = (0..inputs).map(|n| Source::from_iter([n, n]));
            assert_eq!(value(Source::merge_all(sources).count()).await, 2 * inputs);
        }
    });
}

#[test]
fn r5_2_a_quit_of_tens_of_thousands_of_stages_answers() {
    system(async {
        let mut source = Source::repeat_with(|| 1u64);
        for _ in 0..20_000 {
            source = source.map(|n| n);
        }
        let running = source.drain().run(&FlowContext::background());
        let running = running.expect("it starts");
        tokio::task::yield_now().await;
        within("the quit", running.control().quit()).await;
        let finished = within("the end", running.wait())
            .await
            .expect("it was quit");
        finished.report.check().expect("the report balances");
    });
}
