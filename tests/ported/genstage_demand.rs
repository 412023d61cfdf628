//! GenStage's demand, buffers, subscriptions and cancels:
//! https://github.com/elixir-lang/gen_stage/blob/main/test/gen_stage_test.exs
//!
//! `max_demand` is the window of an edge, and half of it is always `min_demand`. A subscription is an edge;
//! what GenStage says of it with `:cancel` is said here by the fan-in: permanent is any stage with one input
//! or a zip, transient is a merge, temporary an isolated merge.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use futures::{StreamExt, poll};
use tokio::sync::Semaphore;

use crate::kit::{
    DropFlag, failed, failure, finished, quiet_panics, refusal, settle, system, until, value,
    within,
};

fn counter(made: &Arc<AtomicU64>) -> Source<u64> {
    let made = Arc::clone(made);
    Source::from_iter((0..).inspect(move |_| {
        made.fetch_add(1, SeqCst);
    }))
}

fn reader(source: Source<u64>, window: usize) -> (Outlet<u64>, Pipeline<()>) {
    let (outlet, flow) = source.into_stream();
    let flow = flow.window(window).run(&FlowContext::background());
    (outlet, flow.expect("it starts"))
}

async fn next(outlet: &mut Outlet<u64>) -> u64 {
    let read = within("an item", outlet.next()).await;
    read.expect("it goes on").expect("it is well")
}

/// How many were made when nobody can make one more.
async fn made(count: &AtomicU64) -> u64 {
    settle().await;
    count.load(SeqCst)
}

/// A consumer that takes an item when it is told to.
struct Consumer {
    permits: Arc<Semaphore>,
    taken: Arc<AtomicU64>,
    flow: Pipeline<()>,
}

impl Consumer {
    fn of(source: Source<u64>, window: usize) -> Self {
        let permits = Arc::new(Semaphore::new(0));
        let taken: Arc<AtomicU64> = Arc::default();
        let (waits, counts) = (Arc::clone(&permits), Arc::clone(&taken));
        let flow = source.for_each_async(1, move |_| {
            let (permits, taken) = (Arc::clone(&waits), Arc::clone(&counts));
            async move {
                let permit = permits.acquire().await.expect("nobody closes it");
                permit.forget();
                taken.fetch_add(1, SeqCst);
            }
        });
        let flow = flow.window(window).run(&FlowContext::background());
        Self {
            permits,
            taken,
            flow: flow.expect("it starts"),
        }
    }

    async fn takes_one(&self) {
        let before = self.taken.load(SeqCst);
        self.permits.add_permits(1);
        until("an item", || self.taken.load(SeqCst) > before).await;
    }
}

// gen_stage_test.exs: "with default max and min demand"
#[test]
fn a_window_is_asked_for_and_then_half_of_it_whenever_half_was_taken() {
    system(async {
        for (window, half) in [(10, 5), (100, 50), (3, 1)] {
            let count = Arc::default();
            let consumer = Consumer::of(counter(&count), window as usize);
            assert_eq!(made(&count).await, window);
            for taken in 1..=2 * window {
                consumer.takes_one().await;
                let asked = made(&count).await;
                assert_eq!(asked, window + taken / half * half, "{taken} of {window}");
            }
        }
    });
}

// gen_stage_test.exs: "with 1 max and 0 min demand"; "manual demand": "can be set on subscribe", "can be set on
// subscribe on init"
#[test]
fn with_a_window_of_one_an_item_is_asked_for_when_the_one_before_was_taken() {
    system(async {
        let count = Arc::default();
        let consumer = Consumer::of(counter(&count), 1);
        for taken in 1..20 {
            assert_eq!(made(&count).await, taken);
            consumer.takes_one().await;
        }
    });
}

// gen_stage_test.exs: "stops asking when consumer stops asking"
#[test]
fn a_stage_in_the_middle_asks_no_more_when_nobody_asks_it() {
    system(async {
        let count = Arc::default();
        let doubled = counter(&count).map(|n| n * 2).window(10);
        let (mut outlet, _flow) = reader(doubled, 4);
        let held = made(&count).await;
        assert!((8..=18).contains(&held), "{held}");
        assert_eq!(made(&count).await, held);
        for n in 0..8 {
            assert_eq!(next(&mut outlet).await, n * 2);
        }
        assert!(made(&count).await > held, "it asks again");
    });
}

// gen_stage_test.exs: "keeps emitting events even when discarded"
#[test]
fn a_stage_that_drops_everything_keeps_asking() {
    system(async {
        let count = Arc::default();
        let nothing = counter(&count).take(5_000).filter(|_| false).window(100);
        assert_eq!(value(nothing.count()).await, 0);
        assert_eq!(count.load(SeqCst), 5_000);
    });
}

// gen_stage_test.exs: "with shared (broadcast) demand"
#[test]
fn readers_of_a_broadcast_in_the_middle_get_the_same_at_the_pace_of_the_slower() {
    system(async {
        let doubled = Source::from_iter(0..1_000u64)
            .flat_map(|n| [n, n])
            .window(10);
        let [one, other] = doubled.broadcast(2).into_array();
        let one = one.collect::<Vec<_>>().window(10);
        let (one, other) = value(one.and(other.collect::<Vec<_>>().window(20))).await;
        assert_eq!((one.len(), &one), (2_000, &other));
        assert!(one.into_iter().eq((0..1_000).flat_map(|n| [n, n])));
    });
}

// gen_stage_test.exs: "queued events with lost producer"
#[test]
fn what_is_queued_is_delivered_after_its_producer_is_gone() {
    system(async {
        let gone = DropFlag::new();
        let guard = gone.guard();
        let source = Source::from_iter((0..100).inspect(move |_| {
            let _produces = &guard;
        }));
        let doubled = source
            .map(|n: u64| n)
            .window(100)
            .flat_map(|n| [n, n])
            .window(50);
        let (mut outlet, _flow) = reader(doubled, 50);
        until("the producer to end", || gone.is_dropped()).await;
        for n in 0..100 {
            assert_eq!((next(&mut outlet).await, next(&mut outlet).await), (n, n));
        }
        assert!(within("the end", outlet.next()).await.is_none());
    });
}

// gen_stage_test.exs: "buffer", "stores events when there is no demand"
#[test]
fn an_inlet_holds_items_until_they_are_asked_for() {
    system(async {
        let (inlet, source) = Source::inlet(10);
        for n in 0..5 {
            inlet.try_send(n).expect("there is room");
        }
        let (mut outlet, _flow) = reader(source, 1);
        for n in 0..5 {
            assert_eq!(next(&mut outlet).await, n);
        }
    });
}

// gen_stage_test.exs: "buffer", "emits warning and keeps first when it exceeds configured size"
#[test]
fn an_inlet_that_is_full_gives_back_what_comes_and_keeps_what_it_has() {
    system(async {
        let (inlet, source) = Source::inlet(5);
        let back: Vec<_> = (0..8u64).filter_map(|n| inlet.try_send(n).err()).collect();
        assert!(back.iter().all(InletError::is_full));
        assert!(back.into_iter().map(InletError::into_value).eq(5..8));
        inlet.close();
        assert_eq!(value(source.collect::<Vec<_>>()).await, [0, 1, 2, 3, 4]);
    });
}

// gen_stage_test.exs: "buffer", "returns the correct buffer count when polled"
#[test]
fn a_report_tells_what_an_edge_holds() {
    system(async {
        let count = Arc::default();
        let consumer = Consumer::of(counter(&count), 10);
        settle().await;
        let control = consumer.flow.control();
        let edge = || {
            let report = control.snapshot();
            let edge = &report.edges()[0];
            (edge.sent, edge.received)
        };
        // One is being taken.
        until("ten to be sent", || edge() == (10, 1)).await;
        for _ in 0..4 {
            consumer.takes_one().await;
        }
        until("the four to be counted", || edge() == (10, 5)).await;
    });
}

// gen_stage_test.exs: "sync_subscribe/2", "returns errors on bad options", "handles subscription error gracefully";
// "$gen_consumer message errors" and "consumer callbacks", "handle_subscribe/4 with invalid demand"
#[test]
fn a_window_of_nothing_is_refused_and_nothing_was_started() {
    system(async {
        let count: Arc<AtomicU64> = Arc::default();
        let gone = DropFlag::new();
        let guard = gone.guard();
        let source = counter(&count).inspect(move |_| {
            let _never_runs = &guard;
        });
        let refused = refusal(source.count().window(0).named("reader"));
        assert_eq!(refused.stage(), Some("reader"));
        assert_eq!((made(&count).await, gone.is_dropped()), (0, true));
    });
}

/// A source that fails after its items.
fn failing(items: u64) -> Source<u64> {
    let source =
        Source::from_iter(0..).try_map(move |n| if n < items { Ok(n) } else { Err("gone") });
    source.named("producer")
}

// gen_stage_test.exs: "consumer exits when producer is dead and subscription is permanent"; "handle_cancel/3 with
// permanent subscription", "handle_cancel/3 on producer down with permanent subscription", of consumers and of
// producer_consumers
#[test]
fn a_reader_ends_when_its_only_producer_fails() {
    quiet_panics();
    system(async {
        let error = failure(failing(3).map(|n| n).count()).await;
        assert_eq!(error.stage(), Some("producer"));
        // And with the first of several that are all needed.
        let zipped = failing(3).zip(Source::repeat_with(|| 1u64));
        assert_eq!(failure(zipped.count()).await.stage(), Some("producer"));
    });
}

// gen_stage_test.exs: "handle_cancel/3 with permanent subscription", where the producer has ended
#[test]
fn a_reader_that_needs_all_its_producers_ends_with_the_first() {
    system(async {
        let (made, gone) = (Arc::default(), DropFlag::new());
        let guard = gone.guard();
        let endless = counter(&made).inspect(move |_| {
            let _produces = &guard;
        });
        assert_eq!(
            value(Source::from_iter(0..3u64).zip(endless).count()).await,
            3
        );
        assert!(gone.is_dropped());
    });
}

// gen_stage_test.exs: "consumer does not exit when producer is dead and subscription is temporary"; "handle_cancel/3
// with temporary subscription", "... on producer down with temporary subscription", of consumers and of
// producer_consumers
#[test]
fn an_isolated_reader_goes_on_with_other_producers_when_one_fails() {
    system(async {
        let (inlet, other) = Source::inlet(4);
        let merged = failing(3).merge(other).isolated().map(|n| n);
        let flow = merged
            .collect::<Vec<_>>()
            .run(&FlowContext::background())
            .expect("it starts");
        let control = flow.control();
        until("the failure", || control.snapshot().isolated().len() == 1).await;
        inlet.send(99).await.expect("it goes on");
        inlet.close();
        let finished = within("the end", flow.wait()).await.expect("it completes");
        finished.report.check().expect("the report balances");
        let mut items = finished.value.expect("it completed");
        items.sort_unstable();
        assert_eq!(items, [0, 1, 2, 99]);
    });
}

// gen_stage_test.exs: "handle_cancel/3 with normal transient subscription", "... on producer normal down with
// transient subscription", of consumers and of producer_consumers
#[test]
fn a_merge_goes_on_when_a_producer_ends_well() {
    system(async {
        let (inlet, other) = Source::inlet(4);
        let merged = Source::from_iter(0..3u64)
            .named("producer")
            .merge(other)
            .map(|n| n);
        let flow = merged
            .count()
            .run(&FlowContext::background())
            .expect("it starts");
        let control = flow.control();
        let ended = || {
            control
                .snapshot()
                .stage("producer")
                .is_some_and(|row| row.ending.is_some())
        };
        until("the producer to end", ended).await;
        inlet.send(99).await.expect("it goes on");
        inlet.close();
        assert_eq!(
            within("the end", flow.into_future())
                .await
                .expect("it completes"),
            4
        );
    });
}

// gen_stage_test.exs: "handle_cancel/3 with non-normal transient subscription", "... on producer non-normal down with
// transient subscription", of consumers and of producer_consumers
#[test]
fn a_merge_fails_when_a_producer_fails() {
    system(async {
        let (inlet, other) = Source::inlet(4);
        let merged = failing(3).merge(other).map(|n| n);
        let flow = merged
            .count()
            .run(&FlowContext::background())
            .expect("it starts");
        assert_eq!(failed(flow).await.stage(), Some("producer"));
        assert!(inlet.is_closed());
    });
}

// gen_stage_test.exs: "handle_cancel/3" of a producer, "handle_cancel/3 on consumer down", of producers and of
// producer_consumers
#[test]
fn a_producer_ends_when_its_last_reader_leaves() {
    system(async {
        let (count, gone) = (Arc::default(), DropFlag::new());
        let guard = gone.guard();
        let source = counter(&count).map(move |n| {
            let _in_the_middle = &guard;
            n
        });
        let (outlet, flow) = reader(source, 4);
        settle().await;
        assert!(!gone.is_dropped() && poll!(flow.control().finished()).is_pending());
        drop(outlet);
        within("the end", flow.wait())
            .await
            .expect("its reader has left");
        assert!(gone.is_dropped());
    });
}

// gen_stage_test.exs: "stream", "may consume 10 events out of demand of 1000", "may consume 300 events out of demand of
// 100", "sends termination message on halt", "sends termination message on done"
#[test]
fn a_stream_may_be_left_in_the_middle_or_read_to_the_end() {
    system(async {
        for (read, window) in [(10, 1_000), (300, 100)] {
            let count = Arc::default();
            let (mut outlet, flow) = reader(counter(&count), window);
            for n in 0..read {
                assert_eq!(next(&mut outlet).await, n);
            }
            drop(outlet);
            within("the end", flow.wait())
                .await
                .expect("its reader has left");
        }
        let ended = finished(Source::from_iter(0..10u64).collect::<Vec<_>>()).await;
        assert!(ended.value.expect("it completed").into_iter().eq(0..10));
    });
}
