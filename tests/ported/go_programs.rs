//! Programs of Go's talks and articles:
//! https://go.dev/blog/pipelines, https://go.dev/talks/2012/concurrency.slide,
//! https://go.dev/doc/play/sieve.go

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use futures::StreamExt;
use tokio::sync::oneshot;

use crate::kit::{Census, DropFlag, Item, failed, finished, settle, system, until, value, within};

fn squares(of: Source<u64>) -> Source<u64> {
    of.map(|n| n * n)
}

// go.dev/blog/pipelines, "Squaring numbers"
#[test]
fn squares_of_squares_come_in_order() {
    system(async {
        let twice = squares(squares(Source::from_iter([2, 3])));
        assert_eq!(value(twice.collect::<Vec<_>>()).await, [16, 81]);
    });
}

// go.dev/blog/pipelines, "Fan-out, fan-in"
#[test]
fn two_workers_on_one_input_are_merged() {
    system(async {
        let [first, second] = Source::from_iter([2, 3]).balance(2).into_array();
        let both = squares(first).merge(squares(second));
        let mut both = value(both.collect::<Vec<_>>()).await;
        both.sort_unstable();
        assert_eq!(both, [4, 9]);
    });
}

fn counted(census: &Census) -> Source<Item> {
    let census = census.clone();
    Source::from_iter((0..).map(move |n| census.item(n)))
}

// go.dev/blog/pipelines, "Stopping short": what nobody will read has room in a buffer
#[test]
fn done_by_a_buffer_the_reader_takes_one_and_leaves() {
    system(async {
        let census = Census::new();
        let (left, right) = (counted(&census), counted(&census));
        let first = left.merge(right).take(1).count();
        assert_eq!(finished(first).await.value, Some(1));
        census.assert_none_alive();
    });
}

// go.dev/blog/pipelines, "Explicit cancellation": one message of done for each sender
#[test]
fn done_is_sent_once_to_each_sender() {
    system(async {
        let census = Census::new();
        let sender = || counted(&census).group("senders");
        let flow = sender().merge(sender()).map(drop).count();
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        let control = flow.control();
        for _ in 0..2 {
            assert!(!control.is_finished());
            let done = control.quit_one("senders").expect("there is such a group");
            within("the sender", done).await;
        }
        let finished = within("the end", flow.wait())
            .await
            .expect("the merge completes");
        assert!(matches!(finished.ending, Cause::Completed));
        finished.report.check().expect("the report balances");
        census.assert_none_alive();
    });
}

// go.dev/blog/pipelines, "Explicit cancellation": done is closed, and all senders see it
#[test]
fn done_is_closed_for_all_senders_at_once() {
    system(async {
        let census = Census::new();
        let (done, close) = FlowContext::background().with_cancel();
        let senders = (0..10).map(|_| counted(&census).map(|item| item));
        let flow = Source::merge_all(senders).count();
        let flow = flow.run(&done).expect("it starts");
        until("items", || census.created() > 100).await;
        close.cancel("done");
        let error = failed(flow).await;
        assert!(matches!(error.cause(), Some(Cause::Cancelled(_))));
        census.assert_none_alive();
    });
}

/// A speaker that goes on for ever, and how often it has spoken.
fn boring(name: &'static str, goodbye: &DropFlag) -> (Source<String>, Arc<AtomicU64>) {
    let said = Arc::new(AtomicU64::new(0));
    let (count, guard) = (Arc::clone(&said), goodbye.guard());
    let speaker = Source::from_iter((0..).map(move |n: u64| {
        let _speaks = &guard;
        count.fetch_add(1, SeqCst);
        format!("{name} {n}")
    }));
    (speaker.named(name), said)
}

// go.dev/talks/2012/concurrency.slide, "Generator: function that returns a channel"
#[test]
fn a_boring_speaker_is_heard_five_times_and_left() {
    system(async {
        let goodbye = DropFlag::new();
        let (joe, said) = boring("joe", &goodbye);
        let heard = value(joe.take(5).collect::<Vec<_>>()).await;
        assert_eq!(heard, ["joe 0", "joe 1", "joe 2", "joe 3", "joe 4"]);
        assert!(goodbye.is_dropped());
        assert_eq!(
            said.load(SeqCst),
            5,
            "nothing was said that nobody asked for"
        );
    });
}

// go.dev/talks/2012/concurrency.slide, "Multiplexing"
#[test]
fn two_speakers_are_heard_on_one_stream_each_in_its_order() {
    system(async {
        let goodbye = DropFlag::new();
        let (joe, ann) = (boring("joe", &goodbye).0, boring("ann", &goodbye).0);
        let heard = value(joe.merge(ann).take(1_000).collect::<Vec<_>>()).await;
        for name in ["joe", "ann"] {
            let of = heard.iter().filter(|text| text.starts_with(name));
            let mut of = of.enumerate();
            assert!(of.all(|(n, text)| *text == format!("{name} {n}")));
            assert!(
                heard.iter().any(|text| text.starts_with(name)),
                "{name} is not heard"
            );
        }
    });
}

// go.dev/talks/2012/concurrency.slide, "Quit channel" and "Receive on quit channel"
#[test]
fn a_speaker_that_was_told_to_quit_has_said_goodbye_when_quit_answers() {
    system(async {
        let goodbye = DropFlag::new();
        let (joe, said) = boring("joe", &goodbye);
        let mut heard = joe
            .run_stream(&FlowContext::background())
            .expect("it starts");
        let control = heard.control().expect("it owns its flow");
        for n in 0..fastrand::u64(1..10) {
            let text = heard.next().await.expect("it speaks").expect("it is well");
            assert_eq!(text, format!("joe {n}"));
        }
        assert!(!goodbye.is_dropped());
        within("see you", control.quit()).await;
        assert!(goodbye.is_dropped());
        let before = said.load(SeqCst);
        settle().await;
        assert_eq!(said.load(SeqCst), before);
        control.snapshot().check().expect("the report balances");
    });
}

struct Message {
    name: &'static str,
    round: u64,
    wait: oneshot::Sender<()>,
}

/// Says nothing more before it was told to go on.
fn waiting(name: &'static str) -> Source<Message> {
    Source::generate(async move |mut out: Yielder<Message>| {
        for round in 0.. {
            let (wait, go_on) = oneshot::channel();
            out.send(Message { name, round, wait }).await;
            if go_on.await.is_err() {
                break;
            }
        }
    })
}

// go.dev/talks/2012/concurrency.slide, "Restoring sequencing"
#[test]
fn speakers_that_wait_for_a_go_on_take_turns() {
    system(async {
        let both = waiting("joe").merge(waiting("ann"));
        let mut heard = both
            .run_stream(&FlowContext::background())
            .expect("it starts");
        for round in 0..20 {
            let (first, second) = (heard.next().await, heard.next().await);
            let said =
                [first, second].map(|said| said.expect("they speak").expect("they are well"));
            assert!(said.iter().all(|message| message.round == round));
            assert_ne!(said[0].name, said[1].name);
            settle().await;
            assert!(
                futures::poll!(heard.next()).is_pending(),
                "nobody speaks before the go on"
            );
            for message in said {
                message.wait.send(()).expect("the speaker waits");
            }
        }
    });
}

// go.dev/talks/2012/concurrency.slide, "Daisy-chain"
#[test]
fn a_number_comes_through_a_daisy_chain_of_100_000() {
    const LENGTH: u64 = 100_000;
    system(async {
        let mut chain = Source::once(1);
        for _ in 0..LENGTH {
            chain = chain.map(|n: u64| n + 1);
        }
        let finished = finished(chain.first()).await;
        assert_eq!(finished.value, Some(Some(LENGTH + 1)));
        assert_eq!(finished.report.stages().len() as u64, LENGTH + 2);
    });
}

// go.dev/doc/play/sieve.go
#[test]
fn a_prime_sieve_grows_by_one_flow_for_each_prime() {
    system(async {
        let ctx = FlowContext::background();
        let goodbye = DropFlag::new();
        let guard = goodbye.guard();
        let numbers = Source::from_iter((2..).inspect(move |_: &u64| {
            let _counts = &guard;
        }));
        let mut sieve = numbers.run_stream(&ctx).expect("it starts");
        let mut primes = Vec::new();
        while primes.len() < 30 {
            let prime = sieve
                .next()
                .await
                .expect("there is a next")
                .expect("the flows go on");
            primes.push(prime);
            let rest = sieve.map(|n| n.expect("the flows above go on"));
            let rest = Source::from_stream(rest).filter(move |n| n % prime != 0);
            sieve = rest.run_stream(&ctx).expect("it starts");
        }
        assert_eq!(primes[..5], [2, 3, 5, 7, 11]);
        assert_eq!(primes[29], 113);
        // Each flow owns the one above it: the drop of the last ends all.
        drop(sieve);
        until("the numbers to end", || goodbye.is_dropped()).await;
    });
}
