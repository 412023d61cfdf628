//! Go's tests of channels: https://github.com/golang/go/blob/master/src/runtime/chan_test.go
//!
//! A channel is an edge, its capacity the window; a select is a fan-in or a fan-out.

use std::collections::HashMap;
use std::thread;

use actix_flow::prelude::*;
use futures::{StreamExt, poll};

use crate::kit::{finished, settle, system, value, within};

const CAPACITIES: [usize; 6] = [1, 2, 3, 10, 64, 199];

// src/runtime/chan_test.go: TestChan, "receive from empty chan blocks", "non-blocking receive does not block"
#[test]
fn a_read_of_an_empty_flow_waits_and_a_look_at_it_does_not() {
    system(async {
        let (inlet, source) = Source::inlet(1);
        let mut outlet = source
            .run_stream(&FlowContext::background())
            .expect("it starts");
        settle().await;
        assert!(poll!(outlet.next()).is_pending());
        inlet.send(7).await.expect("it is open");
        let read = within("the item", outlet.next()).await;
        assert_eq!(read.expect("it goes on").expect("it is well"), 7);
        assert!(poll!(outlet.next()).is_pending());
    });
}

// src/runtime/chan_test.go: TestChan, "send to full chan blocks", "non-blocking send does not block"
#[test]
fn a_send_into_a_full_inlet_waits_and_a_try_is_refused() {
    system(async {
        for capacity in CAPACITIES {
            let (inlet, source) = Source::inlet(capacity);
            for n in 0..capacity {
                inlet.try_send(n).expect("there is room");
            }
            assert!(inlet.try_send(capacity).expect_err("it is full").is_full());
            {
                let mut sent = Box::pin(inlet.send(capacity));
                settle().await;
                assert!(poll!(&mut sent).is_pending());
                let mut outlet = source
                    .run_stream(&FlowContext::background())
                    .expect("it starts");
                within("room", sent).await.expect("it is open");
                for n in 0..=capacity {
                    let read = within("an item", outlet.next()).await;
                    assert_eq!(read.expect("it goes on").expect("it is well"), n);
                }
            }
        }
    });
}

// src/runtime/chan_test.go: TestChan, "we receive 0 from closed chan"
#[test]
fn a_closed_inlet_gives_what_it_holds_and_then_the_end_for_ever() {
    system(async {
        for capacity in CAPACITIES {
            let (inlet, source) = Source::inlet(capacity);
            for n in 0..capacity {
                inlet.try_send(n).expect("there is room");
            }
            inlet.close();
            let mut outlet = source
                .run_stream(&FlowContext::background())
                .expect("it starts");
            for n in 0..capacity {
                let read = within("an item", outlet.next()).await;
                assert_eq!(read.expect("it holds it").expect("it is well"), n);
            }
            assert!(within("the end", outlet.next()).await.is_none());
            assert!(within("the end", outlet.next()).await.is_none());
        }
    });
}

// src/runtime/chan_test.go: TestChan, "close unblocks receive"
#[test]
fn a_close_wakes_who_waits_for_an_item() {
    system(async {
        let (inlet, source) = Source::<u64>::inlet(1);
        let mut outlet = source
            .run_stream(&FlowContext::background())
            .expect("it starts");
        let reader = actix_rt::spawn(async move { outlet.next().await.is_none() });
        settle().await;
        assert!(!reader.is_finished());
        inlet.close();
        assert!(
            within("the reader", reader)
                .await
                .expect("it does not panic")
        );
    });
}

// src/runtime/chan_test.go: TestChan, "send 100 integers"
#[test]
fn a_hundred_numbers_come_unharmed_and_in_their_order() {
    system(async {
        for window in CAPACITIES {
            let flow = Source::from_iter(0..100).collect::<Vec<_>>().window(window);
            assert!(value(flow).await.into_iter().eq(0..100));
        }
    });
}

// src/runtime/chan_test.go: TestChan, "send 1000 integers in 4 goroutines"
#[test]
fn four_readers_get_what_four_senders_sent_each_once() {
    const SENDERS: usize = 4;
    const LENGTH: u64 = 1_000;
    system(async {
        for window in CAPACITIES {
            let senders = (0..SENDERS).map(|_| Source::from_iter(0..LENGTH));
            let readers = Source::merge_all(senders).balance(SENDERS).into_vec();
            let readers = readers.into_iter().map(Source::collect::<Vec<_>>);
            let read = value(Blueprint::all(readers).default_window(window)).await;
            let mut counts = HashMap::new();
            for n in read.into_iter().flatten() {
                *counts.entry(n).or_insert(0) += 1;
            }
            assert_eq!(counts.len() as u64, LENGTH);
            assert!(counts.values().all(|count| *count == SENDERS));
        }
    });
}

// src/runtime/chan_test.go: TestChan, "test len/cap"
#[test]
fn an_edge_fills_to_its_window_and_says_so() {
    system(async {
        for window in CAPACITIES {
            let flow = Source::from_iter(0..1_000).count().window(window);
            let report = finished(flow).await.report;
            let edge = &report.edges()[0];
            assert_eq!((edge.window, edge.most_in_flight), (window, window as u64));
        }
    });
}

// src/runtime/chan_test.go: TestNonblockRecvRace
#[test]
fn an_item_that_was_taken_before_a_close_on_another_thread_is_read() {
    system(async {
        for _ in 0..200 {
            let (inlet, source) = Source::inlet(1);
            let flow = source
                .count()
                .run(&FlowContext::background())
                .expect("it starts");
            inlet.try_send(1).expect("there is room");
            let closer = thread::spawn(move || inlet.close());
            let count = within("the count", flow.into_future()).await;
            assert_eq!(count.expect("it completes"), 1);
            closer.join().expect("it does not panic");
        }
    });
}

// src/runtime/chan_test.go: TestSelectStress
#[test]
fn four_edges_written_and_read_alone_and_together_lose_nothing() {
    const ITEMS: u64 = 10_000;
    system(async {
        // Each of four edges has a sender of its own and a share of a common one, and so for readers.
        let common = Source::from_iter(0..4 * ITEMS).partition(4, |n| (n % 4) as usize);
        let (mut alone, mut together) = (Vec::new(), Vec::new());
        for (k, share) in common.into_vec().into_iter().enumerate() {
            let edge = share
                .merge(Source::from_iter(0..ITEMS))
                .window([1, 1, 2, 3][k]);
            let [one, other] = edge.balance(2).into_array();
            alone.push(one.count());
            together.push(other);
        }
        let flow = Blueprint::all(alone).and(Source::merge_all(together).count());
        let (alone, together) = value(flow).await;
        assert!(alone.iter().all(|count| *count > 0) && together > 0);
        assert_eq!(alone.iter().sum::<u64>() + together, 8 * ITEMS);
    });
}

// src/runtime/chan_test.go: TestSelectFairness
#[test]
fn of_two_inputs_that_are_always_ready_each_is_read_as_often() {
    const TRIALS: u64 = 10_000;
    system(async {
        let (silent, never) = (Source::<u64>::inlet(1), Source::<u64>::inlet(1));
        let ones = Source::repeat_with(|| 0u64);
        let twos = Source::repeat_with(|| 1u64);
        // Two more inputs are never ready, as in the origin.
        let all = Source::merge_all([silent.1, never.1, ones, twos]).window(16);
        let twos = value(all.take(TRIALS).fold(0, |sum, n| sum + n)).await;
        let share = twos as f64 / TRIALS as f64;
        assert!(
            (share - 0.5).abs() < 4.891_676 / (2.0 * (TRIALS as f64).sqrt()),
            "{share}"
        );
    });
}

// src/runtime/chan_test.go: TestPseudoRandomSend
#[test]
fn of_two_readers_that_are_always_ready_both_are_sent_items() {
    const ITEMS: u64 = 100;
    system(async {
        for window in [1, ITEMS as usize] {
            let [zeros, ones] = Source::from_iter(0..ITEMS).balance(2).into_array();
            let counts = zeros.count().and(ones.count()).default_window(window);
            let (zeros, ones) = value(counts).await;
            assert_eq!(zeros + ones, ITEMS);
            assert!(
                zeros > ITEMS / 10 && ones > ITEMS / 10,
                "{zeros} and {ones}"
            );
        }
    });
}

// src/runtime/chan_test.go: TestMultiConsumer
#[test]
fn many_workers_on_one_edge_pass_all_on_to_another() {
    const WORKERS: usize = 23;
    const ITEMS: u64 = 271_828;
    const PRIMES: [u64; 10] = [2, 3, 7, 11, 13, 17, 19, 23, 27, 31];
    let item = |n: u64| PRIMES[(n % 10) as usize];
    system(async move {
        let work = Source::from_iter((0..ITEMS).map(item));
        let workers = work.balance(WORKERS).window(WORKERS * 3).into_vec();
        let results = Source::merge_all(workers).window(WORKERS * 3);
        let counted = results.fold((0, 0), |(count, sum), n| (count + 1, sum + n));
        let expected = (ITEMS, (0..ITEMS).map(item).sum());
        assert_eq!(value(counted).await, expected);
    });
}
