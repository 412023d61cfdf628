//! GenStage's dispatchers: https://github.com/elixir-lang/gen_stage/tree/main/test/gen_stage
//!
//! `balance` is the demand dispatcher, `broadcast` and `partition` are those of the same names. A consumer is
//! a reader with a window, and asks by reading.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use futures::{StreamExt, poll};

use crate::kit::{failure, refusal, settle, system, until, value, within};

/// A producer that counts what it made.
fn counter(made: &Arc<AtomicU64>) -> Source<u64> {
    let made = Arc::clone(made);
    Source::from_iter((0..).inspect(move |_| {
        made.fetch_add(1, SeqCst);
    }))
}

/// A reader for each branch, with this window each, and the flow that feeds them. A reader that does not
/// read holds a window of items, and as many wait on its edge.
fn readers(branches: Branches<u64>, window: usize) -> (Vec<Outlet<u64>>, Pipeline<Vec<()>>) {
    let parts = branches.into_vec().into_iter().map(|branch| {
        let (outlet, flow) = branch.into_stream();
        (outlet, flow.window(window))
    });
    let (outlets, flows): (Vec<_>, Vec<_>) = parts.unzip();
    let flow = Blueprint::all(flows).default_window(1);
    (
        outlets,
        flow.run(&FlowContext::background()).expect("it starts"),
    )
}

async fn next(outlet: &mut Outlet<u64>) -> u64 {
    let read = within("an item", outlet.next()).await;
    read.expect("it goes on").expect("it is well")
}

async fn is_silent(outlet: &mut Outlet<u64>) -> bool {
    settle().await;
    poll!(outlet.next()).is_pending()
}

/// What waits in the window of a reader.
async fn waiting(outlet: &mut Outlet<u64>, most: usize) -> Vec<u64> {
    settle().await;
    let mut items = Vec::new();
    while items.len() < most {
        items.push(next(outlet).await);
    }
    items
}

// demand_dispatcher_test.exs: "subscribes and cancels"; partition_dispatcher_test.exs and
// broadcast_dispatcher_test.exs: the same
#[test]
fn a_reader_that_leaves_before_it_asked_takes_nothing_with_it() {
    system(async {
        for fan_out in [
            (|source| source.balance(2)) as fn(Source<u64>) -> Branches<u64>,
            |source| source.broadcast(2),
        ] {
            let [kept, left] = fan_out(Source::from_iter(0..100)).into_array();
            drop(left);
            assert!(value(kept.collect::<Vec<_>>()).await.into_iter().eq(0..100));
        }
        let [even, odd] = Source::from_iter(0..100u64)
            .partition(2, |n| (n % 2) as usize)
            .into_array();
        drop(odd);
        let kept = value(even.collect::<Vec<_>>()).await;
        assert!(kept.into_iter().eq((0..100).step_by(2)));
    });
}

// demand_dispatcher_test.exs: "subscribes, asks and cancels", "subscribes twice, asks twice and cancel one"
#[test]
fn what_a_reader_asked_for_and_left_is_not_counted_for_another() {
    system(async {
        let made = Arc::default();
        let (mut outlets, _flow) = readers(counter(&made).balance(2), 3);
        settle().await;
        // The input holds one and each reader six.
        assert!(made.load(SeqCst) <= 13);
        let mut kept = outlets.remove(0);
        let before = waiting(&mut kept, 3).await;
        drop(outlets);
        settle().await;
        let after = waiting(&mut kept, 30).await;
        assert!(before.is_sorted() && after.is_sorted() && before.last() < after.first());
        // Now that it is alone no item goes elsewhere.
        assert!(
            after[10..].windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{after:?}"
        );
    });
}

// demand_dispatcher_test.exs: "subscribes, asks and dispatches", "subscribes, asks multiple consumers"
#[test]
fn items_go_to_those_who_asked_and_no_further() {
    system(async {
        let made: Arc<AtomicU64> = Arc::default();
        let (mut outlets, _flow) = readers(counter(&made).balance(3), 2);
        settle().await;
        let asked = made.load(SeqCst);
        assert!(
            (12..=13).contains(&asked),
            "each may have four, and one waits: {asked}"
        );
        let mut got = Vec::new();
        for outlet in &mut outlets {
            got.extend(waiting(outlet, 4).await);
        }
        settle().await;
        assert!(made.load(SeqCst) <= asked + 12);
        got.sort_unstable();
        got.dedup();
        assert_eq!(got.len(), 12, "each has its own");
    });
}

// demand_dispatcher_test.exs: "subscribes, asks and dispatches to multiple consumers", "... with shuffled demands"
#[test]
fn items_go_to_the_reader_that_has_room_for_them() {
    system(async {
        let (inlet, source) = Source::inlet(16);
        let (mut outlets, _flow) = readers(source.balance(2), 4);
        for n in 0..16 {
            inlet.send(n).await.expect("it is open");
        }
        // The first reads all that it holds: the next items are its own.
        let first = waiting(&mut outlets[0], 8).await;
        for n in 16..20 {
            inlet.send(n).await.expect("it is open");
        }
        assert_eq!(waiting(&mut outlets[0], 4).await, [16, 17, 18, 19]);
        let second = waiting(&mut outlets[1], 8).await;
        assert!(is_silent(&mut outlets[1]).await);
        let mut both = [first, second].concat();
        both.sort_unstable();
        assert!(both.into_iter().eq(0..16));
    });
}

// broadcast_dispatcher_test.exs: "multiple subscriptions with early demand", "... with late demand", "subscribes,
// asks, and cancels"; gen_stage_test.exs: "with shared (broadcast) demand does not result in duplicate upstream
// demand"
#[test]
fn a_broadcast_asks_for_what_all_have_asked_for_and_once() {
    system(async {
        let made: Arc<AtomicU64> = Arc::default();
        let (mut outlets, _flow) = readers(counter(&made).broadcast(2), 4);
        settle().await;
        let asked = made.load(SeqCst);
        assert!((8..=9).contains(&asked), "{asked}");
        let first: Vec<_> = (0..8).collect();
        // One that asks for more alone gets none: the other sets the pace.
        assert_eq!(waiting(&mut outlets[0], 8).await, first);
        assert!(is_silent(&mut outlets[0]).await);
        assert_eq!(made.load(SeqCst), asked);
        assert_eq!(waiting(&mut outlets[1], 8).await, first);
        settle().await;
        let asked = made.load(SeqCst);
        assert!((16..=17).contains(&asked), "{asked}");
    });
}

// broadcast_dispatcher_test.exs: "subscribes, asks and dispatches to multiple consumers", "subscribes, asks,
// dispatches, and repeats"
#[test]
fn a_broadcast_gives_each_the_same_again_and_again() {
    system(async {
        let made = Arc::default();
        let (mut outlets, _flow) = readers(counter(&made).broadcast(3), 2);
        for round in 0..20 {
            for outlet in &mut outlets {
                assert_eq!(next(outlet).await, round);
            }
        }
    });
}

// broadcast_dispatcher_test.exs: "cancels blocking subscriber while there is already a requested demand";
// gen_stage_test.exs: "with shared (broadcast) demand and synchronizer subscriber"
#[test]
fn a_broadcast_goes_on_when_the_one_that_held_it_up_leaves() {
    system(async {
        let made = Arc::default();
        let (mut outlets, _flow) = readers(counter(&made).broadcast(3), 2);
        let blocking = outlets.pop().expect("there are three");
        for outlet in &mut outlets {
            assert_eq!(waiting(outlet, 4).await, [0, 1, 2, 3]);
            assert!(is_silent(outlet).await);
        }
        drop(blocking);
        for round in 4..20 {
            for outlet in &mut outlets {
                assert_eq!(next(outlet).await, round);
            }
        }
    });
}

// broadcast_dispatcher_test.exs: "subscribing with a selector function"
#[test]
fn a_reader_that_selects_holds_up_no_other_with_what_it_does_not_want() {
    system(async {
        let [all, some] = Source::from_iter(0..100u64).broadcast(2).into_array();
        let some = some.filter(|n| n % 10 == 0);
        let flow = all.count().and(some.collect::<Vec<_>>()).default_window(2);
        let (all, some) = value(flow).await;
        assert_eq!(all, 100);
        assert!(some.into_iter().eq((0..100).step_by(10)));
    });
}

fn by_thirds(source: Source<u64>) -> Branches<u64> {
    source.partition(3, |n| (n % 3) as usize)
}

// partition_dispatcher_test.exs: "subscribes, asks and dispatches", "subscribes, asks and dispatches to custom
// partitions"
#[test]
fn each_item_goes_to_its_partition_in_order() {
    system(async {
        let made = Arc::default();
        let (mut outlets, _flow) = readers(by_thirds(counter(&made)), 2);
        for round in 0..20 {
            for (partition, outlet) in outlets.iter_mut().enumerate() {
                assert_eq!(next(outlet).await, round * 3 + partition as u64);
            }
        }
    });
}

// partition_dispatcher_test.exs: "subscribes, asks and dispatches to partitions or none"
#[test]
fn items_for_no_partition_are_filtered_out_before() {
    system(async {
        let wanted = Source::from_iter(0..9u64).filter(|n| n % 3 != 2);
        let [zero, one] = wanted.partition(2, |n| (n % 3) as usize).into_array();
        let flow = zero.collect::<Vec<_>>().and(one.collect::<Vec<_>>());
        assert_eq!(value(flow).await, (vec![0, 3, 6], vec![1, 4, 7]));
    });
}

// partition_dispatcher_test.exs: "buffers events before subscription", "buffers events after subscription"
#[test]
fn a_partition_holds_an_item_for_a_reader_without_room_and_no_more() {
    system(async {
        let made: Arc<AtomicU64> = Arc::default();
        let (mut outlets, _flow) = readers(by_thirds(counter(&made)), 2);
        // The second and the third never read: they hold four each, and then all wait for them.
        for n in 0..5 {
            assert_eq!(next(&mut outlets[0]).await, n * 3);
        }
        assert!(is_silent(&mut outlets[0]).await);
        let asked = made.load(SeqCst);
        assert!(asked <= 15, "{asked}");
        assert_eq!(waiting(&mut outlets[1], 4).await, [1, 4, 7, 10]);
        assert_eq!(waiting(&mut outlets[2], 4).await, [2, 5, 8, 11]);
        assert_eq!(next(&mut outlets[1]).await, 13);
        assert_eq!(next(&mut outlets[0]).await, 15);
    });
}

// partition_dispatcher_test.exs: "subscribes, asks and cancels", "subscribes, asks and cancels with buffer"
#[test]
fn a_partition_discards_what_it_held_for_a_reader_that_left() {
    system(async {
        let made = Arc::default();
        let (mut outlets, flow) = readers(by_thirds(counter(&made)), 2);
        settle().await;
        let (third, second) = (outlets.pop(), outlets.pop());
        drop((second, third));
        for n in 0..100 {
            assert_eq!(next(&mut outlets[0]).await, n * 3);
        }
        let control = flow.control();
        drop(outlets);
        let finished = within("the end", flow.wait())
            .await
            .expect("all readers have left");
        finished.report.check().expect("the report balances");
        until("the end", || control.is_finished()).await;
    });
}

// partition_dispatcher_test.exs: "raises on unknown partition"
#[test]
fn a_partition_that_does_not_exist_fails_the_stage() {
    system(async {
        let [zero, one] = Source::from_iter(0..3u64)
            .partition(2, |n| *n as usize)
            .named("parts")
            .into_array();
        let error = failure(zero.count().and(one.count())).await;
        assert_eq!(error.stage(), Some("parts"));
        assert!(error.to_string().contains("branch 2"), "{error}");
    });
}

// partition_dispatcher_test.exs: "errors on init"
#[test]
fn a_branch_that_nobody_reads_is_an_error_of_run() {
    system(async {
        let mut branches = Source::from_iter(0..3u64).partition(2, |_| 0).into_vec();
        let kept = branches.pop().expect("there are two");
        let refused = refusal(branches.remove(0).count());
        assert!(
            matches!(refused, StartError::OpenBranch { .. }),
            "{refused}"
        );
        drop(kept);
    });
}
