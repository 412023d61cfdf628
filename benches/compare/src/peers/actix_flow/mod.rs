//! Ourselves: flows of supervised actors.

mod chains;

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
        _ => return None,
    })
}
