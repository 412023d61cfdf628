//! Several threads at once. Each round lets all of them loose together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread::scope;

use actix_flow::FlowContext;

use super::{LIMIT, reason, within};

const ROUNDS: usize = 300;

#[test]
fn r1_1_every_concurrent_cancel_has_marked_all_below_when_it_returns() {
    for _ in 0..ROUNDS {
        let (root, cancel_root) = FlowContext::background().with_cancel();
        let (middle, cancel_middle) = root.with_cancel();
        let mut leaf = middle.clone();
        for n in 0..20u8 {
            leaf = leaf.with_value(n);
        }
        let together = Barrier::new(3);
        scope(|threads| {
            for cancel in [&cancel_root, &cancel_root, &cancel_middle] {
                let (leaf, together) = (&leaf, &together);
                threads.spawn(move || {
                    together.wait();
                    cancel.cancel("enough");
                    assert!(leaf.is_done());
                });
            }
        });
    }
}

#[test]
fn r1_4_a_child_made_during_a_cancel_never_misses_it() {
    for _ in 0..ROUNDS {
        let (root, cancel) = FlowContext::background().with_cancel();
        let together = Barrier::new(2);
        scope(|threads| {
            let (root, together) = (&root, &together);
            let children = threads.spawn(move || {
                together.wait();
                (0..50u8).map(|n| root.with_value(n)).collect::<Vec<_>>()
            });
            together.wait();
            cancel.cancel("enough");
            for child in children.join().unwrap() {
                assert_eq!(reason(&child), "cancelled: enough");
            }
        });
    }
}

#[test]
fn r1_7_of_a_stop_and_an_end_one_has_the_callback() {
    for _ in 0..ROUNDS {
        let (parent, cancel) = FlowContext::background().with_cancel();
        let child = parent.with_value(1u8);
        let calls = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&calls);
        let after = child
            .after_done(move |_| {
                counting.fetch_add(1, Ordering::SeqCst);
            })
            .unwrap();
        let together = Barrier::new(3);
        let stopped = scope(|threads| {
            let stopping = threads.spawn(|| {
                together.wait();
                after.stop()
            });
            // The drop moves the callback up while it is stopped and while it is run.
            threads.spawn(|| {
                together.wait();
                drop(child);
            });
            together.wait();
            cancel.cancel("enough");
            stopping.join().unwrap()
        });
        assert_eq!(calls.load(Ordering::SeqCst), usize::from(!stopped));
    }
}

#[test]
fn r1_7_a_callback_that_moves_up_during_a_cancel_runs() {
    const CALLBACKS: usize = 100;
    for _ in 0..ROUNDS {
        let (parent, cancel) = FlowContext::background().with_cancel();
        let child = parent.with_value(1u8);
        let calls = Arc::new(AtomicUsize::new(0));
        for _ in 0..CALLBACKS {
            let counting = Arc::clone(&calls);
            child
                .after_done(move |_| {
                    counting.fetch_add(1, Ordering::SeqCst);
                })
                .unwrap();
        }
        let together = Barrier::new(2);
        scope(|threads| {
            threads.spawn(|| {
                together.wait();
                drop(child);
            });
            together.wait();
            cancel.cancel("enough");
        });
        assert_eq!(calls.load(Ordering::SeqCst), CALLBACKS);
    }
}

#[test]
fn r1_10_concurrent_cancels_drops_and_births_never_deadlock() {
    let (finished, all_rounds) = channel();
    std::thread::spawn(move || {
        for _ in 0..ROUNDS {
            cancel_from_all_sides();
        }
        finished.send(()).unwrap();
    });
    all_rounds
        .recv_timeout(LIMIT)
        .expect("no round hangs or panics");
}

fn cancel_from_all_sides() {
    let (root, cancel_root) = FlowContext::background().with_cancel();
    let chain: Vec<_> = (0..8)
        .scan(root.clone(), |above, _| {
            let (ctx, cancel) = above.with_cancel();
            *above = ctx.clone();
            Some((ctx, cancel))
        })
        .collect();
    // Callbacks that cancel upwards and sideways, against the direction of the walk.
    for n in 0..chain.len() {
        let (_, other) = &chain[(n * 5 + 3) % chain.len()];
        let other = other.clone();
        chain[n]
            .0
            .after_done(move |_| other.cancel("back"))
            .expect("no deadline, so no runtime is needed");
    }
    let together = Barrier::new(4);
    scope(|threads| {
        let (chain, together, root) = (&chain, &together, &root);
        threads.spawn(move || {
            together.wait();
            chain.iter().for_each(|(_, cancel)| cancel.cancel("down"));
        });
        threads.spawn(move || {
            together.wait();
            chain
                .iter()
                .rev()
                .for_each(|(_, cancel)| cancel.cancel("up"));
        });
        threads.spawn(move || {
            together.wait();
            for (ctx, _) in chain {
                drop(ctx.with_value(1u8).with_cancel());
            }
            drop(root.with_cancel());
        });
        together.wait();
        cancel_root.cancel("root");
    });
    assert!(chain.iter().all(|(ctx, _)| ctx.is_done()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wake_is_lost_between_a_poll_and_a_cancel() {
    for _ in 0..ROUNDS {
        let (ctx, cancel) = FlowContext::background().with_cancel();
        let waiting: Vec<_> = (0..4u8)
            .map(|n| tokio::spawn(ctx.with_value(n).done()))
            .collect();
        let ending = tokio::spawn(async move { cancel.cancel("enough") });
        let all = futures::future::join_all(waiting);
        assert_eq!(within("every `done`", all).await.len(), 4);
        ending.await.unwrap();
    }
}
