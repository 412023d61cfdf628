//! Many sources into one fold, and one source over many maps into one fold.

use std::ops::Range;

use super::{Chains, Started, timed};
use crate::outcome::Outcome;
use crate::peers::Body;
use crate::work::Arrived;
use crate::workload::{Job, Workload};

pub trait Fans: Chains {
    /// A generator for each share, all merged.
    fn fan_in(&self, shares: Vec<Range<u64>>, window: usize) -> impl Future<Output = Arrived>;

    /// A generator, whose items go to whichever of `maps` maps takes them; their results merged.
    fn fan_out_in(
        &self,
        source: Range<u64>,
        maps: usize,
        window: usize,
    ) -> impl Future<Output = Arrived>;
}

/// What measures fans, if the workload is one.
pub fn body<P: Fans + Started>(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::FanIn8 => fan_in::<P>,
        Workload::FanOutIn4 => fan_out_in::<P>,
        _ => return None,
    })
}

pub fn fan_in<P: Fans + Started>(job: &Job) -> Outcome {
    let share = job.items / job.stages as u64;
    let shares = (0..job.stages as u64).map(|number| number * share..(number + 1) * share);
    timed(job, async |peer: &P| {
        peer.fan_in(shares.collect(), job.window).await
    })
}

pub fn fan_out_in<P: Fans + Started>(job: &Job) -> Outcome {
    timed(job, async |peer: &P| {
        peer.fan_out_in(0..job.items, job.stages, job.window).await
    })
}
