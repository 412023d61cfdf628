//! How long a stop takes, as a distribution: `cargo bench --bench stop`.
//!
//! * `cancel_stages_1k`: 1,000 stages with full queues on one arbiter; from `cancel`, called on another
//!   thread, to the last actor dropped. Each stage ends within the turn in which it sees the mark: it
//!   starts at most one more item (rule 5.4), and the rest is to discard and to count its queue. The
//!   second row is that by stage.
//! * `cancel_contexts_100k`: a tree of 100,000 contexts, as children of one, in levels of ten, and as a
//!   chain; from `cancel` to its return, when each of them is done (rule 1.1).

#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use actix_flow::prelude::*;
use actix_rt::System;
use hdrhistogram::Histogram;

const STAGES: usize = 1_000;
const CONTEXTS: usize = 100_000;
const ROUNDS: usize = 200;

/// A row of the table, in microseconds.
fn row(name: &str, rounds: usize, mut measure: impl FnMut() -> Duration) -> Histogram<u64> {
    let mut times = Histogram::new(3).expect("three digits are possible");
    for _ in 0..rounds {
        let nanos = u64::try_from(measure().as_nanos()).expect("it ends within years");
        times.record(nanos).expect("it resizes itself");
    }
    print(name, &times, 1);
    times
}

fn print(name: &str, times: &Histogram<u64>, parts: u32) {
    let micros = |nanos: u64| nanos as f64 / 1_000.0 / f64::from(parts);
    println!(
        "{name:<34} {:>10.2} {:>10.2} {:>10.2} {:>10.2} {:>10.2}",
        micros(times.min()),
        micros(times.value_at_quantile(0.5)),
        micros(times.value_at_quantile(0.9)),
        micros(times.value_at_quantile(0.99)),
        micros(times.max()),
    );
}

async fn cancel_saturated() -> Duration {
    let mut source = Source::from_iter(0u64..);
    for _ in 0..STAGES {
        source = source.map(|n| black_box((0..100).fold(n, u64::wrapping_add)));
    }
    let context = FlowContext::background();
    let flow = source.count().run(&context).expect("it starts");
    let control = flow.control();
    while control.snapshot().edges()[STAGES].received == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let cancel = std::thread::spawn(move || {
        let start = Instant::now();
        drop(control.cancel("enough"));
        start
    });
    let error = flow.await.expect_err("it was cancelled");
    let elapsed = cancel.join().expect("it does not panic").elapsed();
    let report = error.report().expect("it ran");
    report.check().expect("every item is accounted for");
    elapsed
}

/// A tree below `root` in which each context has so many children.
fn tree(root: &FlowContext, children: usize) -> Vec<(FlowContext, CancelHandle)> {
    let mut contexts: Vec<(FlowContext, CancelHandle)> = Vec::with_capacity(CONTEXTS);
    for n in 0..CONTEXTS {
        let parent = n.checked_sub(children).map(|n| n / children);
        let parent = parent.map_or(root, |parent| &contexts[parent].0);
        let child = parent.with_cancel();
        contexts.push(child);
    }
    contexts
}

fn cancel_contexts(children: usize) -> Duration {
    let (root, cancel) = FlowContext::background().with_cancel();
    let contexts = tree(&root, children);
    let start = Instant::now();
    cancel.cancel("enough");
    let elapsed = start.elapsed();
    assert!(contexts.iter().all(|(context, _)| context.is_done()));
    elapsed
}

fn main() {
    println!(
        "{:<34} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "µs", "least", "p50", "p90", "p99", "most"
    );
    let system = System::new();
    let times = row("cancel_stages_1k", ROUNDS, || {
        system.block_on(cancel_saturated())
    });
    print("cancel_stages_1k, by stage", &times, 1_000);
    for (shape, children) in [
        ("children of one", CONTEXTS),
        ("levels of ten", 10),
        ("a chain", 1),
    ] {
        let name = format!("cancel_contexts_100k, {shape}");
        row(&name, ROUNDS / 4, || cancel_contexts(children));
    }
}
