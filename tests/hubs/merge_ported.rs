//! The cases of Akka's suite for its merge hub, in this crate's words. A sink that is run once for
//! each producer there is a flow that ends in the hub here.

use actix_flow::prelude::*;
use futures::StreamExt;

use crate::completed;
use crate::kit::{failed, finished, refusal, settle, system, until, within};

fn numbers(numbers: std::ops::Range<u64>, hub: &MergeHub<u64>) -> Blueprint<()> {
    Source::from_iter(numbers).into_hub(hub)
}

fn sorted(mut items: Vec<u64>) -> Vec<u64> {
    items.sort_unstable();
    items
}

/// Two producers of `each` numbers, of which a hub of that cap takes all.
fn two_producers(cap: usize, each: u64) {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(cap);
        let all = merged
            .take(2 * each)
            .collect::<Vec<_>>()
            .run(&context)
            .expect("it starts");
        numbers(0..each, &hub)
            .run(&context)
            .expect("it starts")
            .detach();
        numbers(each..2 * each, &hub)
            .run(&context)
            .expect("it starts")
            .detach();
        let all = completed("the hub", all).await;
        assert!(sorted(all).into_iter().eq(0..2 * each));
    });
}

// akka/akka akka-stream-tests/src/test/scala/akka/stream/scaladsl/HubSpec.scala,
// MergeHub "work in the happy case"
#[test]
fn two_producers_are_merged() {
    two_producers(16, 10);
}

// HubSpec.scala, MergeHub "notify new producers if consumer cancels before first producer"
#[test]
fn a_producer_is_told_of_a_consumer_that_left_before_the_first() {
    system(async {
        let (hub, merged) = Source::merge_hub(16);
        finished(merged.take(0).drain()).await;
        refusal(numbers(0..1, &hub));
    });
}

// HubSpec.scala, MergeHub "notify existing producers if consumer cancels after a few elements"
#[test]
fn a_producer_is_told_of_a_consumer_that_leaves() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(16);
        let five = merged.take(5).collect::<Vec<_>>().run(&context).unwrap();
        let (inlet, source) = Source::inlet(1);
        let producer = source.into_hub(&hub).run(&context).unwrap();
        for n in 1..=5u64 {
            inlet.send(n).await.unwrap();
        }
        within("the cancellation", inlet.closed()).await;
        producer.await.unwrap();
        assert_eq!(five.await.unwrap(), [1, 2, 3, 4, 5]);
    });
}

// HubSpec.scala, MergeHub "notify new producers if consumer cancels after a few elements"
#[test]
fn a_new_producer_is_told_of_a_consumer_that_has_left() {
    system(async {
        let (hub, merged) = Source::merge_hub(16);
        let five = merged
            .take(5)
            .count()
            .run(&FlowContext::background())
            .unwrap();
        finished(numbers(0..100, &hub)).await;
        assert_eq!(five.await.unwrap(), 5);
        refusal(numbers(0..1, &hub));
    });
}

// HubSpec.scala, MergeHub "respect buffer size": here the size is that of all producers together,
// and a producer has one item beyond it, with which it asks.
#[test]
fn a_producer_is_not_asked_for_more_than_the_cap() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(3);
        let (made, seen) = std::sync::mpsc::channel();
        let producer = Source::from_iter((1..=10u64).inspect(move |n| made.send(*n).unwrap()));
        let producer = producer.into_hub(&hub).run(&context).unwrap();
        until("the cap", || hub.waiting() == 3).await;
        settle().await;
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
        let (mut outlet, consumer) = merged.map(|n| n).window(1).into_stream();
        // Two edges and the outlet take one each.
        let consumer = consumer.window(1).run(&context).unwrap();
        settle().await;
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), [5, 6, 7]);
        for n in 1..=3 {
            assert_eq!(within("an item", outlet.next()).await.unwrap().unwrap(), n);
            settle().await;
            assert_eq!(seen.try_iter().collect::<Vec<_>>(), [7 + n]);
        }
        drop((outlet, consumer));
        completed("the producer", producer).await;
    });
}

// HubSpec.scala, MergeHub "work with long streams"
#[test]
fn long_streams_are_merged() {
    two_producers(16, 2_000);
}

// HubSpec.scala, MergeHub "work with long streams when buffer size is 1"
#[test]
fn long_streams_are_merged_at_a_cap_of_one() {
    two_producers(1, 2_000);
}

/// Lets other tasks go first, more or less often.
async fn slowly(n: u64) -> u64 {
    for _ in 0..n % 7 {
        tokio::task::yield_now().await;
    }
    n
}

// HubSpec.scala, MergeHub "work with long streams when consumer is slower"
#[test]
fn long_streams_are_merged_for_a_slow_consumer() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(16);
        let slow = merged.take(2000).map_async(1, slowly).collect::<Vec<_>>();
        let slow = slow.run(&context).unwrap();
        numbers(0..1000, &hub).run(&context).unwrap().detach();
        numbers(1000..2000, &hub).run(&context).unwrap().detach();
        assert!(
            sorted(completed("the hub", slow).await)
                .into_iter()
                .eq(0..2000)
        );
    });
}

// HubSpec.scala, MergeHub "work with long streams if one of the producers is slower"
#[test]
fn long_streams_are_merged_of_which_one_is_slow() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(16);
        let all = merged.take(2000).collect::<Vec<_>>().run(&context).unwrap();
        let slow = Source::from_iter(0..1000)
            .map_async(1, slowly)
            .into_hub(&hub);
        slow.run(&context).unwrap().detach();
        numbers(1000..2000, &hub).run(&context).unwrap().detach();
        assert!(
            sorted(completed("the hub", all).await)
                .into_iter()
                .eq(0..2000)
        );
    });
}

// HubSpec.scala, MergeHub "work with different producers separated over time"
#[test]
fn producers_come_one_after_the_other() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(16);
        let mut hundreds = merged.batch(100).run_stream(&context).unwrap();
        for first in [0, 100] {
            finished(numbers(first..first + 100, &hub)).await;
            let hundred = within("a batch", hundreds.next()).await.unwrap().unwrap();
            assert!(hundred.into_iter().eq(first..first + 100));
        }
    });
}

// HubSpec.scala, MergeHub "keep working even if one of the producers fail"
#[test]
fn a_producer_that_fails_leaves_the_others() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(16);
        let ten = merged.take(10).collect::<Vec<_>>().run(&context).unwrap();
        let fails = Source::once(1u64).try_map(|_| Err::<u64, _>("failing"));
        failed(fails.into_hub(&hub).run(&context).unwrap()).await;
        numbers(0..10, &hub).run(&context).unwrap().detach();
        assert!(sorted(ten.await.unwrap()).into_iter().eq(0..10));
        assert_eq!(hub.failed(), 1);
    });
}

/// A hub that was closed with two producers in it; what a late one is told; what the hub gives.
async fn draining(late: impl FnOnce(&MergeHub<u64>)) -> Vec<u64> {
    let context = FlowContext::background();
    let (hub, merged) = Source::merge_hub(16);
    let all = merged.collect::<Vec<_>>().run(&context).expect("it starts");
    let mut inlets = Vec::new();
    for first in [0, 10] {
        let (inlet, source) = Source::inlet(1);
        let source = source.concat(Source::from_iter(first..first + 10));
        source
            .into_hub(&hub)
            .run(&context)
            .expect("it starts")
            .detach();
        inlet.send(100 + first).await.expect("it is open");
        inlets.push(inlet);
    }
    hub.close();
    late(&hub);
    settle().await;
    assert!(!all.control().is_finished());
    drop(inlets);
    sorted(completed("the hub", all).await)
}

// HubSpec.scala, MergeHub "complete after draining control is invoked and all connected producers
// complete"
#[test]
fn a_closed_hub_completes_when_its_producers_do() {
    system(async {
        let all = draining(|_| {}).await;
        assert!(all.into_iter().eq((0..20).chain([100, 110])));
    });
}

// HubSpec.scala, MergeHub "immediately cancel new producers while draining"
#[test]
fn a_closed_hub_refuses_new_producers_at_once() {
    system(async {
        let all = draining(|hub| drop(refusal(numbers(50..60, hub)))).await;
        assert!(all.into_iter().eq((0..20).chain([100, 110])));
    });
}

// HubSpec.scala, MergeHub "immediately complete if no producers are registered"
#[test]
fn a_closed_hub_without_producers_completes_at_once() {
    system(async {
        let (hub, merged) = Source::<u64>::merge_hub(16);
        hub.close();
        assert_eq!(finished(merged.count()).await.value, Some(0));
    });
}
