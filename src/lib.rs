//! Go's concurrency patterns on the actix actor framework.

mod context;
mod edge;
mod flow;
mod pipeline;
mod report;
mod stage;
mod supervise;

pub use context::{
    AfterDone, BoxError, CancelHandle, CancelOnDrop, Cause, Done, FlowContext, NoRuntime,
    StalledNeed, StalledWait,
};
pub use flow::{Blueprint, Branches, Inlet, InletError, Source, Stage, Yielder};
pub use pipeline::{
    Control, Ended, Finished, FlowGraph, Outlet, Pipeline, PipelineError, StartError, UnknownStage,
    Value, Wait,
};
pub use report::{EdgeReport, Imbalance, Report, Shares, StageReport, Violation};

/// Everything that a program with flows needs, by one `use actix_flow::prelude::*`.
///
/// No name in it is one of `actix::prelude`, so that both can be imported.
pub mod prelude {
    pub use crate::{
        AfterDone, Blueprint, BoxError, Branches, CancelHandle, CancelOnDrop, Cause, Control, Done,
        Ended, Finished, FlowContext, FlowGraph, Inlet, InletError, Outlet, Pipeline,
        PipelineError, Report, Source, Stage, StageReport, StartError, UnknownStage, Yielder,
    };
}
