//! The data-parallel iterators of rayon, for work that only computes.

use std::time::Instant;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::outcome::Outcome;
use crate::peers::Body;
use crate::work::{self, Arrived};
use crate::workload::{Job, Workload};

pub fn body(workload: Workload) -> Option<Body> {
    matches!(workload, Workload::ParallelCpu).then_some(parallel_cpu)
}

fn parallel_cpu(job: &Job) -> Outcome {
    let start = Instant::now();
    let arrived: Arrived = (0..job.items)
        .into_par_iter()
        .map(|n| Arrived::default().and(work::digest(n)))
        .sum();
    Outcome::timed(arrived, start.elapsed())
}
