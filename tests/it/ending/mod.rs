//! Rules 5: close, quit, cancel, abort; drop of the handle; grace.

#![allow(
    clippy::unwrap_used,
    reason = "what helps a test may panic as a test may"
)]

mod cancel;
mod close;
mod drop;
mod grace;
mod group;
mod ladder;
mod quit;
mod stuck;
mod wait;

use actix_flow::prelude::*;

/// Runs a blueprint under no other context.
#[track_caller]
fn run<R: Send + 'static>(blueprint: Blueprint<R>) -> Pipeline<R> {
    match blueprint.run(&FlowContext::background()) {
        Ok(pipeline) => pipeline,
        Err(error) => panic!("{error}"),
    }
}

/// The report of a flow that gave no value.
#[track_caller]
fn report_of<R>(ended: Result<R, PipelineError>) -> Report {
    let Err(error) = ended else {
        panic!("it ended well");
    };
    error.report().expect("it was started").clone()
}
