//! What a flow allocates: per batch, per item, per stage. A binary of its own, since it counts
//! with a global allocator.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use actix_flow::prelude::*;
use actix_rt::System;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Generator, three maps, fold; gives the batches that were sent.
fn linear(items: u64, window: usize) -> u64 {
    System::new().block_on(async {
        let flow = Source::from_iter(0..items)
            .map(|n| n + 1)
            .map(|n| n + 1)
            .map(|n| n + 1)
            .count()
            .default_window(window)
            .run(&FlowContext::background())
            .unwrap();
        let finished = flow.wait().await.unwrap();
        assert_eq!(finished.value, Some(items));
        let stages = finished.report.stages();
        stages.iter().map(|stage| stage.batches).sum()
    })
}

fn blocks() -> u64 {
    dhat::HeapStats::get().total_blocks
}

// One test function: the counts are those of the process.
#[test]
fn allocations_are_bounded_per_batch_and_per_stage() {
    let _profiler = dhat::Profiler::builder().testing().build();

    for window in [16, 64, 1024] {
        linear(10, window);
        let before = blocks();
        linear(10, window);
        // What every flow has, however few its items.
        let flow = blocks() - before;
        let before = blocks();
        let batches = linear(1_000 * window as u64, window);
        let allocated = blocks() - before - flow;
        // Per edge half a dozen buffers go round, each made anew until it has the size of a window.
        let buffers = 4 * 6 * u64::from(window.ilog2());
        assert!(
            allocated <= 4 * batches + buffers,
            "window {window}: {allocated} allocations for {batches} batches"
        );
    }

    const STAGES: usize = 10_000;
    System::new().block_on(async {
        let before = dhat::HeapStats::get().curr_bytes;
        let (inlet, mut source) = Source::inlet(1);
        for _ in 0..STAGES {
            source = source.map(|n: u64| n + 1);
        }
        let flow = source.last().run(&FlowContext::background()).unwrap();
        let control = flow.control();
        inlet.send(0).await.unwrap();
        while control.snapshot().edges()[STAGES].received == 0 {
            tokio::task::yield_now().await;
        }
        let per_stage = (dhat::HeapStats::get().curr_bytes - before) / STAGES;
        assert!(per_stage <= 2560, "{per_stage} bytes per stage");
        inlet.close();
        assert_eq!(flow.await.unwrap(), Some(STAGES as u64));
    });
}
