//! Go's concurrency patterns on the actix actor framework.

mod context;
mod edge;
mod flow;
mod pipeline;
mod report;
mod stage;
mod supervise;

pub use context::{
    AfterDone, CancelHandle, CancelOnDrop, Cause, Done, FlowContext, NoRuntime, StalledNeed,
    StalledWait,
};
pub use flow::{Blueprint, Branches, Inlet, InletError, Source, Stage, Yielder};
pub use pipeline::{
    Control, Ended, Finished, FlowGraph, Outlet, Pipeline, PipelineError, StartError, UnknownStage,
    Value, Wait,
};
pub use report::{EdgeReport, Imbalance, Report, Shares, StageReport, Violation};

/// Any error that a stage's logic can fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

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

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
