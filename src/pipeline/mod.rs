//! Running flows: how they start, the handle that owns them, the control that ends them.

mod control;
mod ended;
mod error;
mod flow_graph;
mod handle;
mod outlet;
mod plan;
mod run;
mod start_error;
mod unknown_stage;

pub use control::Control;
pub use ended::Ended;
pub use error::PipelineError;
pub use flow_graph::FlowGraph;
pub use handle::{Finished, Pipeline, Value, Wait};
pub use outlet::Outlet;
pub use start_error::StartError;
pub use unknown_stage::UnknownStage;

pub(crate) use run::{ground, timer};
