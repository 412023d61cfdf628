//! Fan-in: which items in which order, and when it completes.

use actix_flow::Cause;
use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::kit::{Census, DropFlag, Gate, Meter, failure, settle, system, until, value};

type Join = fn(Source<u64>, Source<u64>) -> Source<u64>;

fn range(n: std::ops::Range<u64>) -> Source<u64> {
    Source::from_iter(n)
}

async fn all<T: Send + 'static>(source: Source<T>) -> Vec<T> {
    value(source.collect()).await
}

#[test]
fn r4_1_a_merge_keeps_the_order_of_each_source() {
    system(async {
        let arbiters = [Arbiter::new(), Arbiter::new()];
        for window in [1, 3, 64] {
            let sources = (0..4u64).map(|source| {
                let items = Source::from_iter((0..500u64).map(move |n| (source, n)));
                let items = items.map(|item| item).window(window);
                items.on(arbiters[source as usize % 2].handle())
            });
            let merged = all(Source::merge_all(sources).window(window)).await;
            for source in 0..4 {
                let of_source = merged.iter().filter(|item| item.0 == source);
                assert!(of_source.map(|item| item.1).eq(0..500), "window {window}");
            }
        }
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}

#[test]
fn r4_2_a_merge_completes_after_its_last_input() {
    system(async {
        let (inlet, late) = Source::inlet(1);
        let flow = Source::merge_all([range(0..3), Source::empty(), late]).count();
        let running = flow.run(&FlowContext::background()).unwrap();
        settle().await;
        assert!(!running.control().is_finished());
        inlet.send(1).await.unwrap();
        drop(inlet);
        assert_eq!(running.await.unwrap(), 4);
    });
}

#[test]
fn r4_2_a_concat_gives_one_after_the_other() {
    system(async {
        assert_eq!(all(range(0..3).concat(range(7..9))).await, [0, 1, 2, 7, 8]);
        let (inlet, first) = Source::inlet(1);
        let flow = first.concat(range(1..3)).collect::<Vec<_>>();
        let running = flow.run(&FlowContext::background()).unwrap();
        settle().await;
        inlet.send(0).await.unwrap();
        settle().await;
        drop(inlet);
        assert_eq!(running.await.unwrap(), [0, 1, 2]);
    });
}

#[test]
fn r4_2_an_interleave_takes_segments_and_then_what_is_left() {
    system(async {
        let mixed = all(range(0..5).interleave(range(10..12), 2)).await;
        assert_eq!(mixed, [0, 1, 10, 11, 2, 3, 4]);
        let mixed = all(range(0..2).interleave(range(10..15), 1)).await;
        assert_eq!(mixed, [0, 10, 1, 11, 12, 13, 14]);
        let mixed = range(0..100).interleave(range(100..200), 7).window(1);
        assert_eq!(all(mixed).await.len(), 200);
    });
}

#[test]
fn r4_2_a_sorted_merge_is_sorted_and_prefers_the_first_of_equals() {
    system(async {
        let odd = Source::from_iter([1, 3, 3, 9]);
        let merged = all(odd.merge_sorted(Source::from_iter([2, 3, 10]))).await;
        assert_eq!(merged, [1, 2, 3, 3, 3, 9, 10]);
        let left = Source::from_iter([(1, 'a'), (2, 'a')]);
        let right = Source::from_iter([(1, 'b'), (2, 'b')]);
        let merged = left.merge_sorted_by(right, |a, b| a.0.cmp(&b.0));
        assert_eq!(all(merged).await, [(1, 'a'), (1, 'b'), (2, 'a'), (2, 'b')]);
        let down = |n: &u64, m: &u64| m.cmp(n);
        let left = Source::from_iter((0..500u64).rev().map(|n| n * 2));
        let right = Source::from_iter((0..300u64).rev().map(|n| n * 3));
        let merged = all(left.merge_sorted_by(right, down).window(2)).await;
        assert_eq!(merged.len(), 800);
        assert!(merged.is_sorted_by(|a, b| a >= b));
    });
}

#[test]
fn r4_2_a_zip_completes_with_its_first_input_and_cancels_the_other() {
    system(async {
        let (flag, census) = (DropFlag::new(), Census::new());
        let (guard, made) = (flag.guard(), census.clone());
        let endless = Source::repeat_with(move || {
            let _ = &guard;
            made.item(0)
        });
        let pairs = range(0..5).zip(endless).map(|(n, _)| n);
        assert_eq!(all(pairs).await, [0, 1, 2, 3, 4]);
        assert!(flag.is_dropped());
        census.assert_none_alive();
        let pairs = range(0..1_000).zip(Source::from_iter("abc".chars()));
        assert_eq!(all(pairs).await, [(0, 'a'), (1, 'b'), (2, 'c')]);
    });
}

#[test]
fn r4_3_each_ready_input_of_a_merge_is_served_within_k_picks() {
    system(async {
        let gate = Gate::new();
        let meters = [(); 4].map(|()| Meter::new());
        let sources = meters.clone().into_iter().zip(0..).map(|(meter, source)| {
            Source::from_iter((0..40u64).map(move |_| {
                meter.enter();
                source
            }))
        });
        let (hold, seen) = (
            gate.clone(),
            std::sync::Arc::new(std::sync::Mutex::new(vec![])),
        );
        let order = std::sync::Arc::clone(&seen);
        let flow = Source::merge_all(sources)
            .window(8)
            .for_each_async(1, move |source: usize| {
                let (hold, order) = (hold.clone(), std::sync::Arc::clone(&order));
                async move {
                    hold.pass().await;
                    order.lock().unwrap().push(source);
                }
            })
            .window(1);
        let running = flow.run(&FlowContext::background()).unwrap();
        // Now every input is ready, and each pick is of one item: the sink asks for one.
        let full = || meters.iter().all(|meter| meter.entered() >= 8);
        until("all inputs to be ready", full).await;
        settle().await;
        gate.open();
        running.wait().await.unwrap().report.check().unwrap();
        let order = seen.lock().unwrap();
        for picks in order[1..120].windows(4) {
            let mut served = picks.to_vec();
            served.sort_unstable();
            assert_eq!(served, [0, 1, 2, 3], "{order:?}");
        }
    });
}

#[test]
fn r4_3_an_input_that_is_always_ready_does_not_shut_out_the_others() {
    system(async {
        let busy = Source::repeat_with(|| 0u64);
        let rare = Source::from_iter([1u64; 5]);
        let flow = busy.merge(rare).filter(|n| *n == 1).take(5).count();
        assert_eq!(value(flow).await, 5);
    });
}

#[test]
fn r4_4_a_failed_input_fails_the_fan_in() {
    system(async {
        let verbs: [Join; 5] = [
            |a, b| a.merge(b),
            |a, b| a.concat(b),
            |a, b| a.interleave(b, 3),
            |a, b| a.merge_sorted(b),
            |a, b| a.zip(b).map(|(a, _)| a),
        ];
        for verb in verbs {
            for first in [true, false] {
                let census = Census::new();
                let made = census.clone();
                let bad = Source::<u64>::failed("bad").named("bad");
                let good = Source::repeat_with(move || made.item(1)).map(|item| item.number);
                let both = if first {
                    verb(bad, good)
                } else {
                    verb(good, bad)
                };
                let error = failure(both.count()).await;
                assert_eq!(error.stage(), Some("bad"));
                assert!(matches!(error.cause(), Some(Cause::Failed { .. })));
                census.assert_none_alive();
            }
        }
    });
}

#[test]
fn r4_5_fan_ins_of_no_input_and_of_one_work() {
    system(async {
        assert_eq!(all(Source::<u64>::merge_all([])).await, []);
        assert_eq!(all(Source::merge_all([range(0..3)])).await, [0, 1, 2]);
        let none = Source::<u64>::merge_all([]).isolated();
        assert_eq!(all(none.map(|n| n)).await, []);
    });
}

#[test]
fn r4_5_fan_ins_of_empty_inputs_work() {
    system(async {
        let verbs: [Join; 4] = [
            |a, b| a.merge(b),
            |a, b| a.concat(b),
            |a, b| a.interleave(b, 3),
            |a, b| a.merge_sorted(b),
        ];
        let none = Source::<u64>::empty;
        for verb in verbs {
            assert_eq!(all(verb(none(), none())).await, []);
            assert_eq!(all(verb(none(), range(0..2))).await, [0, 1]);
            assert_eq!(all(verb(range(0..2), none())).await, [0, 1]);
        }
        assert_eq!(all(none().zip(range(0..2))).await, []);
        assert_eq!(all(range(0..2).zip(none())).await, []);
    });
}

#[test]
fn r4_5_a_fan_out_into_one_branch_works() {
    system(async {
        let [one] = range(0..3).broadcast(1).into_array();
        let [one] = one.partition(1, |_| 0).into_array();
        let [one] = one.balance(1).into_array();
        assert_eq!(all(one).await, [0, 1, 2]);
    });
}

#[test]
fn a_blueprint_of_none_completes_at_once() {
    system(async {
        let flow = Blueprint::<u64>::all([]);
        assert_eq!(value(flow).await, Vec::<u64>::new());
    });
}

#[test]
fn blueprints_put_together_have_the_values_of_all() {
    system(async {
        let pair = range(0..3).count().and(range(0..4).last());
        assert_eq!(value(pair).await, (3, Some(3)));
        let all = Blueprint::all((0..5).map(|n| range(0..n).count()));
        assert_eq!(value(all).await, [0, 1, 2, 3, 4]);
    });
}
