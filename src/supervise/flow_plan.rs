//! The parts of a flow, as they stand when it starts.

use std::sync::Arc;

use super::{Patience, StageState, Strategy};
use crate::edge::Link;

/// One edge of a running flow: between which stages, and at which of their ports.
#[derive(Debug)]
pub(crate) struct FlowEdge {
    pub(crate) link: Arc<Link>,
    pub(crate) from: u32,
    pub(crate) out_port: u32,
    pub(crate) to: u32,
    pub(crate) in_port: u32,
}

/// The parts of a flow as they stand when it starts.
#[derive(Debug)]
pub(crate) struct FlowPlan {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) stages: Box<[Arc<StageState>]>,
    pub(crate) edges: Box<[FlowEdge]>,
    pub(crate) patience: Patience,
    pub(crate) strategy: Strategy,
}

impl FlowPlan {
    /// The other stages that are restarted with one that is.
    pub(super) fn radius(&self, failed: u32) -> Vec<u32> {
        let mut within = vec![false; self.stages.len()];
        match self.strategy {
            Strategy::OneForOne => {}
            Strategy::OneForAll => within.fill(true),
            Strategy::RestForOne => {
                let mut ahead = vec![failed];
                while let Some(stage) = ahead.pop() {
                    if !std::mem::replace(&mut within[stage as usize], true) {
                        let down = self.edges.iter().filter(|edge| edge.from == stage);
                        ahead.extend(down.map(|edge| edge.to));
                    }
                }
            }
        }
        let others = self.stages.iter().zip(within);
        let others = others.filter(|(stage, within)| *within && stage.index != failed);
        others.map(|(stage, _)| stage.index).collect()
    }
}
