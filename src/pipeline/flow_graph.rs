//! The picture of a flow: which stages, which edges.

use std::fmt;
use std::sync::Arc;

use crate::supervise::FlowState;

/// The `FlowGraph` of a flow: its stages, and the edges between them.
///
/// [`Control::graph`](crate::Control::graph) gives it. It prints a line per edge.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::from_iter(0..3u64).map(|n| n + 1).named("next").count();
/// let flow = flow.run(&FlowContext::background())?;
/// let graph = flow.control().graph();
/// let verbs: Vec<&str> = graph.stages().map(|(_, verb)| verb).collect();
/// assert_eq!(verbs, ["from_iter", "map", "count"]);
/// let (from, to, _window) = graph.edges().next().expect("two edges");
/// assert_eq!((from, to), ("from_iter-1", "next"));
/// flow.await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FlowGraph {
    stages: Vec<(Arc<str>, &'static str)>,
    edges: Vec<(Arc<str>, Arc<str>, usize)>,
}

impl FlowGraph {
    pub(super) fn of(flow: &FlowState) -> Self {
        let stages = flow.plan.stages.iter();
        let name = |index| Arc::clone(&flow.stage(index).name);
        let edges = flow.plan.edges.iter();
        Self {
            stages: stages.map(|s| (Arc::clone(&s.name), s.verb)).collect(),
            edges: edges
                .map(|e| (name(e.from), name(e.to), e.link.window()))
                .collect(),
        }
    }

    /// The stages: name and verb of each.
    pub fn stages(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.stages.iter().map(|(name, verb)| (&**name, *verb))
    }

    /// The edges: from, to and the window of each.
    pub fn edges(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.edges
            .iter()
            .map(|(from, to, window)| (&**from, &**to, *window))
    }
}

impl fmt::Display for FlowGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.edges.is_empty() {
            for (name, _) in &self.stages {
                writeln!(f, "{name}")?;
            }
        }
        for (from, to, window) in &self.edges {
            writeln!(f, "{from} -> {to} (window {window})")?;
        }
        Ok(())
    }
}
