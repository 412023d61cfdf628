//! The cases of Akka's suite for its broadcast hub, in this crate's words. There a hub can be told to
//! start once it has a number of consumers; here it is run once they have joined.

use actix_flow::prelude::*;
use futures::StreamExt;

use crate::completed;
use crate::kit::{failed, finished, settle, system, until, within};

type Numbers = Vec<u64>;

fn context() -> FlowContext {
    FlowContext::background()
}

/// A consumer that runs and collects what it is given.
fn all(hub: &BroadcastHub<u64>) -> Pipeline<Numbers> {
    let all = hub.subscribe(Lag::Wait).collect().run(&context());
    all.expect("it starts")
}

/// A hub of numbers that runs.
fn numbers(last: u64, capacity: usize) -> (BroadcastHub<u64>, Pipeline<()>) {
    let (hub, flow) = Source::from_iter(1..=last).broadcast_hub(capacity);
    (hub, flow.run(&context()).expect("it starts"))
}

/// The source of a hub that runs, in the hands of the test.
fn inlet(capacity: usize) -> (Inlet<u64>, BroadcastHub<u64>, Pipeline<()>) {
    let (inlet, source) = Source::inlet(1);
    let (hub, flow) = source.broadcast_hub(capacity);
    (inlet, hub, flow.run(&context()).expect("it starts"))
}

/// Waits for consumers that are to get the numbers from 1 to 10.
async fn each_got_ten(consumers: [Pipeline<Numbers>; 2]) {
    for consumer in consumers {
        let numbers = completed("a consumer", consumer).await;
        assert!(numbers.into_iter().eq(1..=10));
    }
}

/// Two consumers that attached before the first of ten elements, of a queue of this capacity.
async fn two_consumers(capacity: usize) {
    let (inlet, hub, flow) = inlet(capacity);
    let consumers = [all(&hub), all(&hub)];
    for n in 1..=10 {
        inlet.send(n).await.expect("it is open");
    }
    inlet.close();
    each_got_ten(consumers).await;
    completed("the hub", flow).await;
}

// akka/akka akka-stream-tests/src/test/scala/akka/stream/scaladsl/HubSpec.scala,
// BroadcastHub "work in the happy case"
#[test]
fn one_consumer_gets_all() {
    system(async {
        let (hub, flow) = numbers(10, 8);
        assert!(
            completed("the consumer", all(&hub))
                .await
                .into_iter()
                .eq(1..=10)
        );
        completed("the hub", flow).await;
    });
}

// HubSpec.scala, BroadcastHub "send the same elements to consumers attaching around the same time"
#[test]
fn consumers_that_attach_before_the_first_element_get_all() {
    system(two_consumers(8));
}

// HubSpec.scala, BroadcastHub "send the same elements to consumers attaching around the same time
// with a buffer size of one"
#[test]
fn consumers_with_a_queue_of_one_get_all() {
    system(two_consumers(1));
}

// HubSpec.scala, BroadcastHub "broadcast elements to downstream after at least one subscriber"
#[test]
fn elements_wait_for_the_first_consumer() {
    system(async {
        let (hub, _flow) = numbers(10, 256);
        settle().await;
        assert!(
            completed("the consumer", all(&hub))
                .await
                .into_iter()
                .eq(1..=10)
        );
    });
}

// HubSpec.scala, BroadcastHub "broadcast all elements to all consumers"
#[test]
fn a_hub_that_runs_when_two_have_joined_gives_all_to_both() {
    system(async {
        let (inlet, source) = Source::inlet(10);
        let (hub, flow) = source.broadcast_hub(256);
        let first = all(&hub);
        for n in 1..=5 {
            inlet.try_send(n).unwrap();
        }
        let second = all(&hub);
        for n in 6..=10 {
            inlet.try_send(n).unwrap();
        }
        inlet.close();
        finished(flow).await;
        each_got_ten([first, second]).await;
    });
}

// HubSpec.scala, BroadcastHub "broadcast all elements to all consumers with hot upstream"
#[test]
fn a_hot_upstream_gives_all_to_both() {
    system(async {
        let (hub, flow) = Source::from_iter(1..=10).broadcast_hub(256);
        let consumers = [all(&hub), all(&hub)];
        finished(flow).await;
        each_got_ten(consumers).await;
    });
}

// HubSpec.scala, BroadcastHub "broadcast all elements to all consumers with hot upstream even some
// subscriber unsubscribe"
#[test]
fn a_consumer_that_left_before_the_hub_ran_takes_nothing_from_the_others() {
    system(async {
        let (hub, flow) = Source::from_iter(1..=10).broadcast_hub(256);
        let leaves = all(&hub);
        within("the cancel", leaves.control().cancel("enough")).await;
        let consumers = [all(&hub), all(&hub)];
        finished(flow).await;
        each_got_ten(consumers).await;
    });
}

// HubSpec.scala, BroadcastHub "send the same prefix to consumers attaching around the same time if
// one cancels earlier"
#[test]
fn a_consumer_that_leaves_earlier_has_got_the_same_prefix() {
    system(async {
        let (inlet, hub, flow) = inlet(8);
        let stays = all(&hub);
        let leaves = hub.subscribe(Lag::Wait).take(10).collect::<Numbers>();
        let leaves = leaves.run(&context()).unwrap();
        for n in 1..=20 {
            inlet.send(n).await.unwrap();
        }
        inlet.close();
        assert!(completed("the first", leaves).await.into_iter().eq(1..=10));
        assert!(completed("the other", stays).await.into_iter().eq(1..=20));
        completed("the hub", flow).await;
    });
}

/// Takes turns for each element.
async fn slowly(n: u64) -> u64 {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    n
}

// HubSpec.scala, BroadcastHub "send the same elements to consumers of different speed attaching
// around the same time"
#[test]
fn consumers_of_different_speed_get_all() {
    system(async {
        let (hub, flow) = Source::from_iter(1..=10).broadcast_hub(8);
        let slow = hub
            .subscribe(Lag::Wait)
            .map_async(1, slowly)
            .collect::<Numbers>();
        let slow = slow.run(&context()).unwrap();
        let fast = all(&hub);
        finished(flow).await;
        each_got_ten([slow, fast]).await;
    });
}

// HubSpec.scala, BroadcastHub "send the same elements to consumers of attaching around the same time
// if the producer is slow"
#[test]
fn consumers_of_a_slow_producer_get_all() {
    system(async {
        let (hub, flow) = Source::from_iter(1..=10)
            .map_async(1, slowly)
            .broadcast_hub(8);
        let consumers = [all(&hub), all(&hub)];
        finished(flow).await;
        each_got_ten(consumers).await;
    });
}

// HubSpec.scala, BroadcastHub "ensure that from two different speed consumers the slower controls the
// rate"
#[test]
fn the_slower_of_two_consumers_controls_the_rate() {
    system(async {
        let (hub, flow) = Source::from_iter(1..=20).broadcast_hub(1);
        let (mut slow, slow_flow) = hub.subscribe(Lag::Wait).into_stream();
        let slow_flow = slow_flow.window(1).run(&context()).unwrap();
        let (fast, seen) = std::sync::mpsc::channel();
        let fast_flow = hub
            .subscribe(Lag::Wait)
            .for_each(move |n| fast.send(n).unwrap());
        let fast_flow = fast_flow.run(&context()).unwrap();
        let flow = flow.run(&context()).unwrap();
        // The slow one has room for three: its queue, its edge, its outlet.
        settle().await;
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
        for n in 1..=20 {
            assert_eq!(within("an element", slow.next()).await.unwrap().unwrap(), n);
            settle().await;
            let next = (n + 3..=20).take(1);
            assert!(seen.try_iter().eq(next), "after {n}");
        }
        for consumer in [slow_flow, fast_flow, flow] {
            completed("each flow", consumer).await;
        }
    });
}

// HubSpec.scala, BroadcastHub "be able to implement a keep-dropping-if-unsubscribed policy with a
// simple Sink.ignore"
#[test]
fn a_consumer_that_ignores_all_keeps_a_hub_going_without_others() {
    system(async {
        let (hub, flow) = Source::from_iter(0u64..).broadcast_hub(8);
        let flow = flow.run(&context()).unwrap();
        let ignores = hub.subscribe(Lag::Wait).drain().run(&context()).unwrap();
        let running = ignores.control();
        let seen = || running.snapshot().stage("drain-1").unwrap().received;
        until("elements to be ignored", || seen() > 100).await;
        let (mut consumer, reads) = hub.subscribe(Lag::Wait).into_stream();
        let reads = reads.window(1).run(&context()).unwrap();
        let first = within("the first", consumer.next()).await.unwrap().unwrap();
        assert!(first > 0);
        for n in first + 1..=first + 10 {
            assert_eq!(
                within("the next", consumer.next()).await.unwrap().unwrap(),
                n
            );
        }
        drop((consumer, reads));
        // It has delivered what it had.
        drop(flow.control().close());
        completed("the hub", flow).await;
        completed("the drain", ignores).await;
    });
}

// HubSpec.scala, BroadcastHub "properly signal error to consumers"
#[test]
fn consumers_get_an_error_behind_the_elements() {
    system(async {
        let (inlet, source) = Source::inlet(1);
        let source = source.try_map(|n| match n {
            9 => Err("failed"),
            n => Ok(n),
        });
        let (hub, flow) = source.broadcast_hub(8);
        let flow = flow.run(&context()).unwrap();
        let (mut some, reads) = hub.subscribe(Lag::Wait).into_stream();
        let some_flow = reads.window(1).run(&context()).unwrap();
        let (mut every, reads) = hub.subscribe(Lag::Wait).into_stream();
        let every_flow = reads.run(&context()).unwrap();
        for n in 1..=8 {
            inlet.send(n).await.unwrap();
        }
        for n in 1..=4 {
            assert_eq!(within("an element", some.next()).await.unwrap().unwrap(), n);
        }
        for n in 1..=8 {
            assert_eq!(
                within("an element", every.next()).await.unwrap().unwrap(),
                n
            );
        }
        inlet.send(9).await.unwrap();
        failed(flow).await;
        let error = within("the error", every.next())
            .await
            .unwrap()
            .unwrap_err();
        let text = format!("{:?}", error.cause());
        assert!(
            text.contains("the hub's flow ended: stage `try_map-1` failed: failed"),
            "{text}"
        );
        let rest: Vec<_> = within("the rest", some.collect()).await;
        assert!(rest.last().unwrap().is_err());
        failed(some_flow).await;
        failed(every_flow).await;
    });
}

// HubSpec.scala, BroadcastHub "properly signal completion to consumers arriving after producer
// finished"
#[test]
fn a_consumer_of_a_hub_that_had_nothing_completes() {
    system(async {
        let (hub, flow) = numbers(0, 8);
        completed("the hub", flow).await;
        assert_eq!(completed("the consumer", all(&hub)).await, []);
    });
}

// HubSpec.scala, BroadcastHub "remember completion for materialisations after completion"
#[test]
fn a_hub_remembers_that_it_has_completed() {
    system(async {
        let (inlet, hub, flow) = inlet(256);
        let first = all(&hub);
        inlet.close();
        assert_eq!(completed("the first", first).await, []);
        assert_eq!(completed("the second", all(&hub)).await, []);
        completed("the hub", flow).await;
        assert_eq!(completed("the third", all(&hub)).await, []);
    });
}

// HubSpec.scala, BroadcastHub "properly signal error to consumers arriving after producer finished"
#[test]
fn a_hub_remembers_that_it_has_failed() {
    system(async {
        let fails = Source::once(1).try_map(|_| Err::<u64, _>("fail"));
        let (hub, flow) = fails.broadcast_hub(8);
        failed(flow.run(&context()).unwrap()).await;
        failed(all(&hub)).await;
    });
}

// HubSpec.scala, BroadcastHub "handle cancelled Sink"
#[test]
fn a_consumer_that_takes_nothing_leaves_the_others() {
    system(async {
        let (inlet, hub, flow) = inlet(4);
        let nothing = hub.subscribe(Lag::Wait).take(0).drain();
        let nothing = nothing.run(&context()).unwrap();
        let (mut reads, reader) = hub.subscribe(Lag::Wait).into_stream();
        let reader = reader.run(&context()).unwrap();
        for n in 1..=5 {
            inlet.send(n).await.unwrap();
            assert_eq!(
                within("an element", reads.next()).await.unwrap().unwrap(),
                n
            );
        }
        inlet.close();
        assert!(within("the end", reads.next()).await.is_none());
        for ended in [nothing, reader, flow] {
            completed("each flow", ended).await;
        }
    });
}
