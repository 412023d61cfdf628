//! Every source of the library.

use std::time::Duration;

use actix_flow::prelude::*;
use actix_flow::testing::Tracked;
use actix_flow::testing::conformance::{Numbers, SourceCheck, source};
use futures::stream;

type Item = Tracked<u64>;

fn passes<T: std::fmt::Debug + Send + 'static>(check: &SourceCheck<T>) {
    check.check().assert_passed();
}

#[test]
fn from_iter() {
    passes(&source("from_iter", Source::from_iter));
}

#[test]
fn from_iter_with() {
    passes(&source("from_iter_with", |numbers| {
        let mut numbers = Some(numbers);
        Source::from_iter_with(move |_| numbers.take().expect("it is not restarted"))
    }));
}

#[test]
fn from_stream() {
    passes(&source("from_stream", |numbers| {
        Source::from_stream(stream::iter(numbers))
    }));
}

#[test]
fn unfold() {
    passes(&source("unfold", |numbers| {
        Source::unfold(numbers, Numbers::next)
    }));
}

#[test]
fn unfold_async() {
    passes(&source("unfold_async", |numbers| {
        Source::unfold_async(numbers, |mut numbers: Numbers| async move {
            tokio::task::yield_now().await;
            numbers.next().map(|number| (number, numbers))
        })
    }));
}

#[test]
fn r3_3_one_that_waits_now_and_then_yields_the_arbiter() {
    passes(&source("waiting", |numbers| {
        Source::unfold_async(numbers, |mut numbers: Numbers| async move {
            let number = numbers.next()?;
            if *number % 1000 == 7 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Some((number, numbers))
        })
    }));
}

#[test]
fn generate() {
    passes(&source("generate", |numbers| {
        Source::generate(async move |mut out: Yielder<Item>| {
            for number in numbers {
                out.send(number).await;
            }
        })
    }));
}

#[test]
fn repeat_with() {
    let endless = source("repeat_with", |mut numbers| {
        Source::repeat_with(move || numbers.next())
    });
    passes(&endless.endless());
}

#[test]
fn once() {
    let one = source("once", |mut numbers| Source::once(numbers.next()));
    passes(&one.at_most(1).without(
        "r3_1_computes_nothing_before_it_is_asked",
        "its item is given",
    ));
}

#[test]
fn empty() {
    passes(&source("empty", |_| Source::<u64>::empty()).at_most(0));
}

#[test]
fn ticks() {
    let ticks = source("ticks", |_| Source::ticks(Duration::from_millis(1)));
    passes(&ticks.endless().varying());
}

/// What is fed by other code is not asked for one by one: the inlet's capacity is made before.
fn fed<T: std::fmt::Debug + Send + 'static>(check: SourceCheck<T>) {
    let why = "other code fills the queue";
    let check = check
        .without("r3_1_computes_nothing_before_it_is_asked", why)
        .without("r3_1_computes_no_more_than_was_asked_for", why)
        .without("r3_3_yields_the_arbiter_between_turns", why)
        .without(
            "r5_1_a_close_delivers_what_was_made",
            "what is refused is the sender's",
        )
        .without("r5_4_a_cancel_ends_it_within_one_item", why);
    passes(&check);
}

#[test]
fn inlet() {
    fed(source("inlet", |numbers| {
        let (inlet, source) = Source::inlet(8);
        actix_rt::spawn(async move {
            for number in numbers {
                if inlet.send(number).await.is_err() {
                    break;
                }
            }
        });
        source
    }));
}

#[test]
fn merge_hub() {
    fed(source("merge_hub", |numbers| {
        let (hub, source) = Source::merge_hub(8);
        actix_rt::spawn(async move {
            let flow = Source::from_iter(numbers).into_hub(&hub);
            if let Ok(running) = flow.run(&FlowContext::background()) {
                let _ = running.wait().await;
            }
            hub.close();
        });
        source
    }));
}

#[test]
fn subscribe() {
    fed(source("subscribe", |numbers| {
        let (hub, flow) = Source::from_iter(numbers).broadcast_hub(8);
        // It gives to those that have joined when it runs.
        actix_rt::spawn(async move {
            if let Ok(running) = flow.run(&FlowContext::background()) {
                let _ = running.wait().await;
            }
        });
        hub.subscribe(Lag::Wait)
    }));
}

#[test]
fn a_source_that_fails_at_once_is_seen_as_failed() {
    actix_flow::testing::system(|| async {
        let (sink, flow) = Source::<u64>::failed("unable").into_probe();
        let running = flow.run(&FlowContext::background()).unwrap();
        sink.request(1);
        let cause = sink.expect_failed().await;
        assert!(cause.to_string().contains("unable"), "{cause}");
        assert!(running.await.is_err());
    });
}
