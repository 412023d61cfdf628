//! Runs of whole flows, each with the check of its report.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;

use super::within;

/// Runs a flow that must end well; its report balances.
pub(crate) async fn finished<R: Send + 'static>(flow: Blueprint<R>) -> Finished<R> {
    let running = flow.run(&FlowContext::background());
    let running = running.expect("the flow starts");
    let finished = within("a flow that ends well", running.wait()).await;
    let finished = finished.expect("the flow ends well");
    finished.report.check().expect("the report balances");
    finished
}

/// Runs a flow that must complete; its report balances.
pub(crate) async fn value<R: Send + 'static>(flow: Blueprint<R>) -> R {
    let finished = finished(flow).await;
    assert!(matches!(finished.ending, actix_flow::Cause::Completed));
    finished.value.expect("a completed flow has a value")
}

/// Runs a flow that must fail; its report balances.
pub(crate) async fn failure<R: Send + 'static>(flow: Blueprint<R>) -> PipelineError {
    let running = flow.run(&FlowContext::background());
    let running = running.expect("the flow starts");
    failed(running).await
}

/// Waits for a running flow that must fail; its report balances.
pub(crate) async fn failed<R: Send + 'static>(running: Pipeline<R>) -> PipelineError {
    let ended = within("a flow that fails", running.wait()).await;
    let error = match ended {
        Err(error) => error,
        Ok(finished) => panic!("the flow was to fail:\n{}", finished.report),
    };
    let report = error.report().expect("it ran");
    report.check().expect("the report balances");
    error
}

/// Runs a flow that must not start.
#[track_caller]
pub(crate) fn refusal<R: Send + 'static>(flow: Blueprint<R>) -> StartError {
    let refused = flow.run(&FlowContext::background());
    refused.expect_err("the flow was to be refused")
}

/// Counts what is under way between two points of a flow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    entered: AtomicU64,
    left: AtomicU64,
    most: AtomicU64,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn enter(&self) {
        let entered = self.0.entered.fetch_add(1, SeqCst) + 1;
        let inside = entered.saturating_sub(self.0.left.load(SeqCst));
        self.0.most.fetch_max(inside, SeqCst);
    }

    pub(crate) fn leave(&self) {
        self.0.left.fetch_add(1, SeqCst);
    }

    pub(crate) fn entered(&self) -> u64 {
        self.0.entered.load(SeqCst)
    }

    pub(crate) fn inside(&self) -> u64 {
        self.entered() - self.0.left.load(SeqCst)
    }

    /// The most that were ever inside at once.
    pub(crate) fn most(&self) -> u64 {
        self.0.most.load(SeqCst)
    }
}

/// Tells whether what owns it was dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct DropFlag(Arc<AtomicBool>);

impl DropFlag {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn guard(&self) -> DropGuard {
        DropGuard(self.clone())
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.0.load(SeqCst)
    }
}

/// Sets its flag at its drop.
#[derive(Debug)]
pub(crate) struct DropGuard(DropFlag);

impl Drop for DropGuard {
    fn drop(&mut self) {
        self.0.0.store(true, SeqCst);
    }
}

/// Lets every other task of this thread have many turns.
pub(crate) async fn settle() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}
