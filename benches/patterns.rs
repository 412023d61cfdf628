//! What the patterns cost: hand-over per item, start of a flow, stop of many stages.
//!
//! Each workload counts the items that arrive at the sink and checks their sum.
//! `cargo bench --bench patterns [-- FILTER]`

#![allow(missing_docs, reason = "the macros make public functions")]

use std::hint::black_box;
use std::time::Instant;

use actix_flow::prelude::*;
use actix_rt::System;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Items and sum at the sink.
type Arrived = (u64, u64);

fn step(n: u64) -> u64 {
    n.wrapping_mul(3).wrapping_add(1)
}

/// Generator, three maps, fold: five actors on one arbiter.
fn linear_3(items: u64, window: usize) -> Blueprint<Arrived> {
    Source::from_iter(0..items)
        .map(step)
        .map(step)
        .map(step)
        .fold((0, 0), |(count, sum): Arrived, n: u64| {
            (count + 1, sum.wrapping_add(n))
        })
        .default_window(window)
}

fn expected(items: u64) -> Arrived {
    let sum = (0..items).fold(0u64, |sum, n| sum.wrapping_add(step(step(step(n)))));
    (items, sum)
}

fn bench_linear_3(c: &mut Criterion) {
    const ITEMS: u64 = 1_000_000;
    let expected = expected(ITEMS);
    let system = System::new();
    let mut group = c.benchmark_group("linear_3");
    group
        .throughput(Throughput::Elements(ITEMS))
        .sample_size(20);
    for window in [16, 64, 1024, 4096] {
        let id = BenchmarkId::from_parameter(format_args!("window={window}"));
        group.bench_function(id, |b| {
            b.iter(|| {
                let arrived = system.block_on(async {
                    let flow = linear_3(ITEMS, window).run(&FlowContext::background());
                    flow.expect("it starts").await.expect("it completes")
                });
                assert_eq!(arrived, expected);
            });
        });
    }
    group.finish();
}

/// Generator, one map, fold over ten items, from `run` to the result, supervisor and counts
/// included.
fn bench_small_flow(c: &mut Criterion) {
    let system = System::new();
    c.bench_function("small_flow", |b| {
        b.iter_custom(|rounds| {
            system.block_on(async {
                let context = FlowContext::background();
                let start = Instant::now();
                for _ in 0..rounds {
                    let flow = Source::from_iter(0..10u64)
                        .map(|n| n * 2)
                        .fold(0, |sum, n| sum + n)
                        .run(&context)
                        .expect("it starts");
                    assert_eq!(black_box(flow.await.expect("it completes")), 90);
                }
                start.elapsed()
            })
        });
    });
}

/// Ten items through a chain of 100,000 stages, built, run and dropped.
fn bench_daisy_100k(c: &mut Criterion) {
    const STAGES: u64 = 100_000;
    let system = System::new();
    let mut group = c.benchmark_group("daisy_100k");
    group
        .throughput(Throughput::Elements(STAGES))
        .sample_size(10);
    group.bench_function("10 items", |b| {
        b.iter(|| {
            let mut source = Source::from_iter(0..10u64);
            for _ in 0..STAGES {
                source = source.map(|n| n + 1);
            }
            let sum = source.fold(0, |sum, n| sum + n);
            let sum = system.block_on(async {
                let flow = sum.run(&FlowContext::background()).expect("it starts");
                flow.await.expect("it completes")
            });
            assert_eq!(sum, 45 + 10 * STAGES);
        });
    });
    group.finish();
}

criterion_group!(patterns, bench_linear_3, bench_small_flow, bench_daisy_100k);
criterion_main!(patterns);
