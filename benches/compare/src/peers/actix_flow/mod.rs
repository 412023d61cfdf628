//! Ourselves: flows of supervised actors.

mod cancels;
mod chains;
mod flows;

use crate::patterns;
use crate::peers::Body;
use crate::workload::Workload;

use chains::Flows;

pub fn body(workload: Workload) -> Option<Body> {
    Some(match workload {
        Workload::Linear3 | Workload::Linear3Arbiters | Workload::Linear20 => {
            patterns::linear::<Flows>
        }
        Workload::FirstItem => patterns::first_item::<Flows>,
        Workload::SmallFlow => patterns::small_flow::<Flows>,
        Workload::RequestFlows => patterns::request_flows::<Flows>,
        Workload::SlowSink => patterns::slow_sink::<Flows>,
        Workload::Neighbour => patterns::neighbour::<Flows>,
        Workload::Ping3 => patterns::ping::<Flows>,
        Workload::Daisy100k => patterns::daisy::<Flows>,
        Workload::FanIn8 => patterns::fan_in::<Flows>,
        Workload::FanOutIn4 => patterns::fan_out_in::<Flows>,
        Workload::MapAsync64 => flows::map_async,
        Workload::ParallelCpu => flows::parallel_cpu,
        Workload::Sieve2000 => flows::sieve,
        Workload::CancelContexts100k => cancels::cancel_contexts,
        Workload::CancelStages10k => cancels::cancel_stages,
    })
}
