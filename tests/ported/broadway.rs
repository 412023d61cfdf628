//! Broadway's crash cascade and shutdown:
//! https://github.com/dashbitco/broadway/blob/main/test/broadway_test.exs
//!
//! A pipeline is a flow of producer, processor, batcher and consumer. A failed stage is restarted; under
//! "rest for one" all that is downstream of it is, too, and nothing upstream.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::Arbiter;
use futures::poll;
use tokio::sync::oneshot;

use crate::kit::{
    DropFlag, Gate, failed, finished, paused, quiet_panics, settle, system, until, within,
};

const KILL_PRODUCER: u64 = 1_000;
const KILL_PROCESSOR: u64 = 1_001;
const KILL_BATCHER: u64 = 1_002;

/// Batches of two.
#[derive(Default)]
struct Batcher(Vec<u64>);

impl Stage for Batcher {
    type In = u64;
    type Out = Vec<u64>;
    type Outs = std::option::IntoIter<Vec<u64>>;
    type Error = Infallible;

    fn accept(&mut self, item: u64) -> Result<Self::Outs, Infallible> {
        assert!(item != KILL_BATCHER, "expected: the batcher crashes");
        self.0.push(item);
        let full = self.0.len() == 2;
        Ok(full.then(|| std::mem::take(&mut self.0)).into_iter())
    }

    fn finish(&mut self) -> Option<Self::Outs> {
        let rest = std::mem::take(&mut self.0);
        Some((!rest.is_empty()).then_some(rest).into_iter())
    }
}

struct Ran {
    /// Producer, processor, batcher, consumer.
    starts: [u64; 4],
    handled: Vec<u64>,
    batches: Vec<Vec<u64>>,
}

/// Runs a pipeline over these messages, in which every stage is restarted when it crashes.
async fn run(messages: &[u64], strategy: Strategy) -> Ran {
    let counts: [Arc<AtomicU64>; 4] = Default::default();
    let start = |n: usize| {
        let count = Arc::clone(&counts[n]);
        move || {
            count.fetch_add(1, SeqCst);
        }
    };
    let policy = || RestartPolicy::restart().backoff(Duration::ZERO, Duration::ZERO);
    let (producer, processor, batcher, consumer) = (start(0), start(1), start(2), start(3));
    let left = Arc::new(Mutex::new(VecDeque::from(messages.to_vec())));
    let handled = Arc::new(Mutex::new(Vec::new()));
    let handles = Arc::clone(&handled);
    let flow = Source::from_iter_with(move |_| {
        producer();
        let left = Arc::clone(&left);
        std::iter::from_fn(move || {
            let next = left.lock().expect("nobody panics with it").pop_front();
            assert!(
                next != Some(KILL_PRODUCER),
                "expected: the producer crashes"
            );
            next
        })
    })
    .supervised(policy())
    .scan_with(
        move |_| processor(),
        move |(), item| {
            assert!(item != KILL_PROCESSOR, "expected: the processor crashes");
            handles.lock().expect("nobody panics with it").push(item);
            Some(item)
        },
    )
    .supervised(policy())
    .stage_with(move |_| {
        batcher();
        Batcher::default()
    })
    .supervised(policy())
    .scan_with(move |_| consumer(), |(), batch| Some(batch))
    .collect::<Vec<_>>();
    // One in flight between any two: what a restart discards elsewhere is what a stage holds.
    let finished = finished(flow.default_window(1).strategy(strategy)).await;
    let handled = std::mem::take(&mut *handled.lock().expect("nobody panics with it"));
    Ran {
        starts: counts.map(|count| count.load(SeqCst)),
        handled,
        batches: finished.value.expect("it completed"),
    }
}

// broadway_test.exs: "handle producer crash", "only the producer will be restarted"
#[test]
fn a_producer_that_crashes_is_restarted_alone() {
    quiet_panics();
    system(async {
        let ran = run(&[1, KILL_PRODUCER, 2], Strategy::OneForOne).await;
        assert_eq!(ran.starts, [2, 1, 1, 1]);
    });
}

// broadway_test.exs: "handle producer crash", "processors resubscribe to the restarted producers and keep
// processing messages"
#[test]
fn processors_go_on_with_what_a_restarted_producer_gives() {
    quiet_panics();
    system(async {
        let ran = run(&[1, KILL_PRODUCER, 2], Strategy::OneForOne).await;
        assert_eq!((ran.handled, ran.batches), (vec![1, 2], vec![vec![1, 2]]));
    });
}

// broadway_test.exs: "handle processor crash", "processor will be restarted in order to handle other messages"
#[test]
fn a_processor_that_crashes_is_restarted_for_other_messages() {
    quiet_panics();
    system(async {
        let ran = run(&[1, KILL_PROCESSOR, 2], Strategy::OneForOne).await;
        assert_eq!((ran.starts, ran.handled), ([1, 2, 1, 1], vec![1, 2]));
    });
}

// broadway_test.exs: "handle processor crash", "processor crashes cascade down (but not up)"
#[test]
fn the_crash_of_a_processor_cascades_down_and_not_up() {
    quiet_panics();
    system(async {
        let ran = run(&[1, 2, KILL_PROCESSOR, 3, 4], Strategy::RestForOne).await;
        assert_eq!(ran.starts, [1, 2, 2, 2]);
    });
}

// broadway_test.exs: "handle processor crash", "only the messages in the crashing processor are lost"
#[test]
fn only_the_message_at_which_a_processor_crashed_is_lost() {
    quiet_panics();
    system(async {
        let messages = [1, 2, KILL_PROCESSOR, 3, 4, 5];
        let ran = run(&messages, Strategy::OneForOne).await;
        assert_eq!(ran.handled, [1, 2, 3, 4, 5]);
    });
}

// broadway_test.exs: "handle processor crash", "batches are created normally (without the lost messages)"
#[test]
fn batches_are_made_of_what_was_not_lost() {
    quiet_panics();
    system(async {
        let messages = [1, 2, KILL_PROCESSOR, 3, 4, 5];
        let ran = run(&messages, Strategy::OneForOne).await;
        assert_eq!(ran.batches, [vec![1, 2], vec![3, 4], vec![5]]);
    });
}

// broadway_test.exs: "handle batcher crash", "batcher will be restarted in order to handle other messages"
#[test]
fn a_batcher_that_crashes_is_restarted_for_other_messages() {
    quiet_panics();
    system(async {
        let ran = run(&[1, 2, KILL_BATCHER, 4, 5], Strategy::OneForOne).await;
        assert_eq!(ran.starts, [1, 1, 2, 1]);
        assert_eq!(ran.batches, [[1, 2], [4, 5]]);
    });
}

// broadway_test.exs: "handle batcher crash", "batcher crashes cascade down (but not up)"
#[test]
fn the_crash_of_a_batcher_cascades_down_and_not_up() {
    quiet_panics();
    system(async {
        let ran = run(&[1, 2, KILL_BATCHER, 3, 4], Strategy::RestForOne).await;
        assert_eq!(ran.starts, [1, 1, 2, 2]);
        assert_eq!(ran.handled, [1, 2, KILL_BATCHER, 3, 4]);
    });
}

// broadway_test.exs: "handle batcher crash", "only the messages in the crashing batcher are lost"
#[test]
fn only_what_a_batcher_held_when_it_crashed_is_lost() {
    quiet_panics();
    system(async {
        let messages = [1, 2, 3, KILL_BATCHER, 4, 5, 6, 7];
        let ran = run(&messages, Strategy::OneForOne).await;
        assert_eq!(ran.batches, [[1, 2], [4, 5], [6, 7]]);
    });
}

/// A pipeline whose processor waits at a gate, and that batches by four.
fn shut_down(gate: &Gate) -> (Inlet<u64>, Blueprint<Vec<Vec<u64>>>) {
    let gate = gate.clone();
    let (inlet, source) = Source::inlet(4);
    let processed = source.map_async(1, move |message| {
        let gate = gate.clone();
        async move {
            gate.pass().await;
            message
        }
    });
    (inlet, processed.batch(4).collect())
}

// broadway_test.exs: "shutdown", "killing the supervisor brings down the broadway GenServer"
#[test]
fn the_loss_of_the_supervisor_brings_down_the_flow() {
    system(async {
        let (home, here) = (Arbiter::new(), Arbiter::current());
        let (gives, given) = oneshot::channel();
        let gone = DropFlag::new();
        let guard = gone.guard();
        home.spawn(async move {
            let stage = Source::repeat_with(|| 1u64).on(here.clone()).map(move |n| {
                let _works = &guard;
                n
            });
            let flow = stage
                .on(here.clone())
                .count()
                .run(&FlowContext::background());
            assert!(
                gives.send(flow.expect("it starts")).is_ok(),
                "it is awaited"
            );
        });
        let flow = given.await.expect("it starts");
        home.stop();
        let error = within("the end", flow.wait())
            .await
            .expect_err("it was lost");
        assert!(matches!(error.cause(), Some(Cause::Lost { .. })), "{error}");
        until("the stages elsewhere to stop", || gone.is_dropped()).await;
        home.join().expect("it was stopped");
    });
}

// broadway_test.exs: "shutdown", "shutting down broadway waits until the Broadway.Supervisor is down"
#[test]
fn a_close_answers_when_every_stage_is_gone() {
    system(async {
        let flags: Vec<_> = (0..3).map(|_| DropFlag::new()).collect();
        let guards: Vec<_> = flags.iter().map(DropFlag::guard).collect();
        let (_inlet, mut source) = Source::<u64>::inlet(4);
        for guard in guards {
            source = source.inspect(move |_| {
                let _works = &guard;
            });
        }
        let flow = source
            .count()
            .run(&FlowContext::background())
            .expect("it starts");
        assert!(flags.iter().all(|flag| !flag.is_dropped()));
        within("the close", flow.control().close()).await;
        assert!(flags.iter().all(DropFlag::is_dropped));
        assert!(flow.control().is_finished());
    });
}

// broadway_test.exs: "shutdown", "shutting down broadway waits until all events are processed"
#[test]
fn a_close_waits_until_all_messages_are_processed() {
    system(async {
        let gate = Gate::new();
        let (inlet, flow) = shut_down(&gate);
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        for message in 1..=4 {
            inlet.try_send(message).expect("there is room");
        }
        let mut closed = flow.control().close();
        settle().await;
        assert!(poll!(&mut closed).is_pending());
        gate.open();
        within("the close", closed).await;
        assert_eq!(flow.await.expect("it was closed"), [[1, 2, 3, 4]]);
    });
}

// broadway_test.exs: "shutdown", "shutting down broadway waits until all events are processed even on incomplete
// batches"
#[test]
fn a_close_delivers_a_batch_that_is_not_full() {
    system(async {
        let gate = Gate::new();
        gate.open();
        let (inlet, flow) = shut_down(&gate);
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        for message in 1..=2 {
            inlet.try_send(message).expect("there is room");
        }
        within("the close", flow.control().close()).await;
        assert_eq!(flow.await.expect("it was closed"), [[1, 2]]);
    });
}

/// Passes its items, and one more at the end.
struct Farewell;

impl Stage for Farewell {
    type In = u64;
    type Out = u64;
    type Outs = std::option::IntoIter<u64>;
    type Error = Infallible;

    fn accept(&mut self, item: u64) -> Result<Self::Outs, Infallible> {
        Ok(Some(item).into_iter())
    }

    fn finish(&mut self) -> Option<Self::Outs> {
        Some(Some(99).into_iter())
    }
}

// broadway_test.exs: "shutdown", "shutting down broadway cancels producers and waits for messages sent during
// cancellation"
#[test]
fn a_close_delivers_what_is_sent_at_the_end_and_nothing_after() {
    system(async {
        let (inlet, source) = Source::inlet(4);
        let flow = source.stage_with(|_| Farewell).collect::<Vec<_>>();
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        inlet.try_send(1).expect("there is room");
        let closed = flow.control().close();
        until("the inlet to close", || inlet.is_closed()).await;
        assert_eq!(inlet.try_send(2).expect_err("it is closed").into_value(), 2);
        within("the close", closed).await;
        assert_eq!(flow.await.expect("it was closed"), [1, 99]);
    });
}

// broadway_test.exs: "shutdown", "shutting down broadway respects shutdown value"
#[test]
fn a_close_takes_no_longer_than_it_may() {
    paused(async {
        let (inlet, flow) = shut_down(&Gate::new());
        let flow = flow.drain_within(Duration::from_millis(1));
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        for message in 1..=4 {
            inlet.try_send(message).expect("there is room");
        }
        let start = tokio::time::Instant::now();
        within("the close", flow.control().close()).await;
        assert_eq!(start.elapsed(), Duration::from_millis(1));
        let error = failed(flow).await;
        assert!(matches!(error.cause(), Some(Cause::GraceExpired)));
    });
}
