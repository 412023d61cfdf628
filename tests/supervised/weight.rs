//! Rule 2.1 of edges that are bounded by weight.

use actix_flow::prelude::*;

use crate::kit::{Census, Gate, finished, quiet_panics, refusal, settle, system, until, within};

#[test]
fn r2_1_what_is_in_flight_never_weighs_more_than_the_bound() {
    system(async {
        for max in [1usize, 7, 64, 1_000] {
            let flow = Source::from_iter(0..500usize)
                .map(|n| vec![0u8; n % 50])
                .weigh(Vec::len, max)
                .map(|block| block.len())
                .named("heavy")
                .fold(0, |sum, len| sum + len);
            let finished = finished(flow).await;
            assert_eq!(
                finished.value,
                Some((0..500).map(|n| n % 50).sum::<usize>())
            );
            let edge = finished
                .report
                .edges()
                .iter()
                .find(|edge| &*edge.to == "heavy");
            let edge = edge.expect("there is one");
            assert_eq!(edge.max_weight, Some(max));
            // One that is heavier than all goes alone.
            let bound = max.max(49) as u64;
            assert!(edge.most_weight <= bound, "{} of {max}", edge.most_weight);
        }
    });
}

#[test]
fn r2_1_memory_stays_within_the_bound_while_a_reader_does_not_read() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let flow = Source::from_iter(0..)
            .map(move |n| made.item(n))
            .window(2)
            .weigh(|_| 10, 35)
            .map_async(1, |_| std::future::pending::<()>())
            .count();
        let running = flow.run(&FlowContext::background()).expect("it starts");
        settle().await;
        // Three of ten in flight, one that does not fit at its maker.
        assert_eq!(census.created(), 4);
        within("the cancel", running.control().cancel("enough")).await;
        let _ = within("the end", running.wait()).await;
        census.assert_none_alive();
    });
}

#[test]
fn r5_1_the_last_item_is_delivered_even_if_it_does_not_fit_at_first() {
    system(async {
        for window in [1, 2, 1_024] {
            let sources: [Source<u64>; 3] = [
                Source::from_iter([6u64, 6, 6]),
                Source::unfold(0, |n| {
                    *n += 1;
                    Some(6).filter(|_| *n <= 3)
                }),
                Source::generate(async |mut out| {
                    for _ in 0..3 {
                        out.send(6u64).await;
                    }
                }),
            ];
            for source in sources {
                let flow = source
                    .weigh(|n| usize::try_from(*n).expect("it is small"), 10)
                    .map(|n| n)
                    .fold(0, |sum, n| sum + n)
                    .default_window(window);
                assert_eq!(finished(flow).await.value, Some(18));
            }
        }
    });
}

#[test]
fn r2_8_a_weighed_edge_never_stalls_a_flow_that_can_move() {
    system(async {
        let [left, right] = Source::from_iter(0..400usize).broadcast(2).into_array();
        let light = left.weigh(|n| n % 7, 5).map(|n| n);
        let heavy = right.weigh(|n| n % 11, 3).map(|n| n);
        assert_eq!(finished(light.zip(heavy).count()).await.value, Some(400));
    });
}

#[test]
fn r2_8_a_reader_that_wants_only_so_many_gives_their_weight_back() {
    system(async {
        let heavy = Source::from_iter(0..).weigh(|n| n % 12, 5).take(150);
        assert_eq!(finished(heavy.count()).await.value, Some(150));
    });
}

#[test]
fn a_bound_of_none_is_refused_and_a_weight_of_none_is_not_felt() {
    system(async {
        let refused = refusal(
            Source::once(1u64)
                .weigh(|_| 1, 0)
                .map(|n| n)
                .named("x")
                .count(),
        );
        assert_eq!(
            refused.to_string(),
            "stage `x` has a maximum weight of 0: give it more"
        );
        let flow = Source::from_iter(0..100u64).weigh(|_| 0, 1).count();
        assert_eq!(finished(flow).await.value, Some(100));
        let most = Source::from_iter(0..100u64)
            .weigh(|_| usize::MAX, usize::MAX)
            .count();
        assert_eq!(finished(most).await.value, Some(100));
    });
}

#[test]
fn a_weigher_that_panics_sends_the_item_alone() {
    quiet_panics();
    system(async {
        let flow = Source::from_iter(0..20u64)
            .weigh(
                |n| {
                    if n % 5 == 2 {
                        panic!("expected: two")
                    } else {
                        1
                    }
                },
                4,
            )
            .map(|n| n)
            .count();
        assert_eq!(finished(flow).await.value, Some(20));
    });
}

#[test]
fn r4_4_an_isolated_failure_waits_for_an_item_too_heavy_to_go_before_it() {
    quiet_panics();
    system(async {
        let (go, fail, read) = (Gate::new(), Gate::new(), Gate::new());
        let (going, failing, reading) = (go.clone(), fail.clone(), read.clone());
        let bad = Source::from_iter(0..7u64)
            .map_async(7, move |n| {
                let (going, failing) = (going.clone(), failing.clone());
                async move {
                    if n == 6 {
                        failing.pass().await;
                        panic!("expected: six");
                    }
                    going.pass().await;
                    n
                }
            })
            .named("bad")
            .weigh(|_| 10, 10);
        let flow = bad
            .merge(Source::empty())
            .isolated()
            .named("merge")
            .for_each_async(1, move |_| {
                let gate = reading.clone();
                async move { gate.pass().await }
            })
            .window(1);
        let running = flow.run(&FlowContext::background()).expect("it starts");
        let control = running.control();
        let edge = |n: usize| control.snapshot().edges()[n].clone();
        // Without room no further future would begin.
        until("all futures to run", || fail.arrived() + go.arrived() == 7).await;
        go.open();
        // One is at the sink, one on the edge to the merge, and one has no room.
        let to_merge =
            |edges: &[actix_flow::EdgeReport]| edges.iter().position(|edge| &*edge.to == "merge");
        let n = to_merge(control.snapshot().edges()).expect("it is an edge");
        until("two items to be sent", || edge(n).sent == 2).await;
        fail.open();
        let failed = || control.snapshot().stage("bad").map(|bad| bad.failed);
        until("the panic", || failed() == Some(1)).await;
        read.open();
        let finished = within("the end", running.wait())
            .await
            .expect("it completes");
        let edges = finished.report.edges();
        assert_eq!(
            (edges[n].sent, edges[n].discarded),
            (3, 0),
            "{}",
            finished.report
        );
        finished.report.check().expect("the sums hold");
    });
}
