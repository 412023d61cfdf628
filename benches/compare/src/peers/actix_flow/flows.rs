//! Fan-in, fan-out, waiting and computing maps, and the sieve.

use std::ops::Range;
use std::thread::available_parallelism;

use actix_flow::prelude::*;
use tokio::sync::mpsc;

use super::chains::Flows;
use crate::echo::Echo;
use crate::outcome::Outcome;
use crate::patterns::{Fans, timed};
use crate::work::{self, Arrived};
use crate::workload::Job;

impl Fans for Flows {
    async fn fan_in(&self, shares: Vec<Range<u64>>, window: usize) -> Arrived {
        let sources = shares.into_iter().map(Source::from_iter);
        let sum = Source::merge_all(sources).fold(Arrived::default(), Arrived::and);
        completed(sum, window).await
    }

    async fn fan_out_in(&self, source: Range<u64>, maps: usize, window: usize) -> Arrived {
        let branches = Source::from_iter(source).balance(maps).into_vec();
        let results = branches.into_iter().map(|branch| branch.map(work::step));
        let sum = Source::merge_all(results).fold(Arrived::default(), Arrived::and);
        completed(sum, window).await
    }
}

async fn completed(blueprint: Blueprint<Arrived>, window: usize) -> Arrived {
    let flow = blueprint
        .default_window(window)
        .run(&FlowContext::background());
    flow.expect("it starts").await.expect("it completes")
}

pub fn map_async(job: &Job) -> Outcome {
    timed(job, async |_: &Flows| {
        let echo = Echo::start();
        let answers = Source::from_iter(0..job.items).map_async(64, move |n| echo.clone().ask(n));
        completed(answers.fold(Arrived::default(), Arrived::and), job.window).await
    })
}

pub fn parallel_cpu(job: &Job) -> Outcome {
    let workers = available_parallelism().map_or(1, usize::from);
    timed(job, async |_: &Flows| {
        let digests = Source::from_iter(0..job.items).map_parallel(workers, work::digest);
        completed(digests.fold(Arrived::default(), Arrived::and), job.window).await
    })
}

/// A flow does not grow: the filters are there from the start, and each takes the first number
/// that comes to it as its prime.
pub fn sieve(job: &Job) -> Outcome {
    timed(job, async |_: &Flows| {
        let (found, mut primes) = mpsc::unbounded_channel();
        let mut candidates = Source::from_iter(2u64..);
        for _ in 0..job.stages {
            let found = found.clone();
            let mut prime = None;
            candidates = candidates.filter(move |&n| {
                if prime.is_none() {
                    let _ = found.send(n);
                }
                n % *prime.get_or_insert(n) != 0
            });
        }
        let flow = candidates.drain().default_window(job.window);
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        let mut arrived = Arrived::default();
        for _ in 0..job.stages {
            arrived = arrived.and(primes.recv().await.expect("there are more primes"));
        }
        drop(flow.control().cancel("there are enough primes"));
        arrived
    })
}
