//! The remote control of a running flow.

use std::fmt;
use std::sync::Arc;

use super::{Ended, FlowGraph, UnknownStage};
use crate::context::Cause;
use crate::report::Report;
use crate::supervise::{FlowState, Level, StageState};

/// The `Control` of a flow ends it, its stages or groups of them, and looks at it while it runs.
///
/// A cheap clone that does not keep the flow alive, and works while another task awaits the
/// [`Pipeline`](crate::Pipeline). Every verb acts at the call; the [`Ended`] that it returns only
/// waits for the outcome, and may be dropped. Endings rise and never fall: close, quit, cancel,
/// abort; what is equal or lower than what was asked before changes nothing.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// #[actix::main]
/// async fn main() -> Result<(), PipelineError> {
///     let flow = Source::repeat_with(|| 1).count().run(&FlowContext::background())?;
///     let control = flow.control();
///     control.quit().await;
///     let finished = flow.wait().await?;
///     assert!(matches!(finished.ending, Cause::Quit));
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Control {
    flow: Arc<FlowState>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Control").field(&self.flow).finish()
    }
}

impl Control {
    pub(super) fn new(flow: Arc<FlowState>) -> Self {
        Self { flow }
    }

    pub(crate) fn flow(&self) -> &Arc<FlowState> {
        &self.flow
    }

    fn raise(&self, level: Level, cause: Cause) -> Ended {
        if !self.flow.is_over() {
            self.flow.raise(level, cause);
        }
        Ended::new(&self.flow, None)
    }

    /// Closes the flow: its sources make no more values, all that were made are delivered. Ready
    /// when every stage has drained.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::repeat_with(|| 1u64).count().run(&FlowContext::background())?;
    /// flow.control().close().await;
    /// let finished = flow.wait().await?;
    /// let made: u64 = finished.report.stages()[0].emitted;
    /// assert_eq!(finished.value, Some(made));
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::must_use_candidate, reason = "it acts at the call")]
    pub fn close(&self) -> Ended {
        self.raise(Level::Close, Cause::Closed)
    }

    /// Quits the whole flow: each stage finishes the call or the futures that run now and discards
    /// its queue, counted. Ready when all have cleaned up.
    ///
    /// The partial value of the sink is in [`Finished::value`](crate::Finished::value); awaiting
    /// the pipeline gives an error. The idea is Go's quit channel, on which the receiver asks and
    /// the sender answers after its cleanup.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::repeat_with(|| 1u64).count().run(&FlowContext::background())?;
    /// flow.control().quit().await;
    /// let finished = flow.wait().await?;
    /// assert!(matches!(finished.ending, Cause::Quit));
    /// assert!(finished.value.is_some());
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::must_use_candidate, reason = "it acts at the call")]
    pub fn quit(&self) -> Ended {
        self.raise(Level::Quit, Cause::Quit)
    }

    /// Cancels the flow: what is in flight is discarded and counted, a pending future is dropped at
    /// its await. When this returns, each stage begins at most one more item. Ready when every
    /// actor is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::repeat_with(|| 1u64).count().run(&FlowContext::background())?;
    /// flow.control().cancel("the customer hung up");
    /// let error = flow.await.expect_err("it gives no value");
    /// let cause = error.cause().expect("it ran").to_string();
    /// assert_eq!(cause, "cancelled: the customer hung up");
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self, cause: impl Into<Cause>) -> Ended {
        self.raise(Level::Cancel, cause.into())
    }

    /// Aborts the flow: a cancel without grace, that does not wait for a stage's turn to notice it.
    /// Ready when the tasks are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::repeat_with(|| 1u64).count().run(&FlowContext::background())?;
    /// let control = flow.control();
    /// control.abort().await;
    /// assert!(control.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::must_use_candidate, reason = "it acts at the call")]
    pub fn abort(&self) -> Ended {
        self.raise(Level::Abort, Cause::from("aborted"))
    }

    fn quit_stages(&self, stages: Vec<u32>) -> Ended {
        for &stage in &stages {
            self.flow.stop_stage(Level::Quit, stage);
        }
        Ended::new(&self.flow, Some(stages))
    }

    /// The stages of which something holds, under a name that was asked for.
    fn find(
        &self,
        name: &str,
        holds: impl Fn(&StageState) -> bool,
    ) -> Result<Vec<u32>, UnknownStage> {
        let stages = self.flow.plan.stages.iter();
        let found: Vec<u32> = stages
            .filter(|stage| holds(stage))
            .map(|stage| stage.index)
            .collect();
        if found.is_empty() {
            return Err(UnknownStage { name: name.into() });
        }
        Ok(found)
    }

    /// The stage of a name, or the workers of a composite.
    fn stages(&self, name: &str) -> Result<Vec<u32>, UnknownStage> {
        self.find(name, |stage| {
            *stage.name == *name || is_worker_of(stage, name)
        })
    }

    /// The stages of a group; of a composite in it, the workers.
    fn group(&self, name: &str) -> Result<Vec<u32>, UnknownStage> {
        self.find(name, |stage| {
            let member = stage.group.as_deref() == Some(name);
            is_worker_of(stage, name) || (member && (stage.worker || stage.part_of.is_none()))
        })
    }

    /// Quits one stage, or all workers of a composite: the stages above it are cancelled, those
    /// below deliver what they got. Ready when it has cleaned up; at once if it was over.
    ///
    /// A stage that takes longer than the [`grace`](crate::Blueprint::grace) is cancelled, its
    /// neighbours go on.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let endless = Source::repeat_with(|| 1u64).map(|n| n + 1).named("next");
    /// let flow = endless.count().run(&FlowContext::background())?;
    /// flow.control().quit_stage("next").expect("it is in the flow").await;
    /// let finished = flow.wait().await?;
    /// assert!(matches!(finished.ending, Cause::Completed));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownStage`], if there is none of that name.
    pub fn quit_stage(&self, name: &str) -> Result<Ended, UnknownStage> {
        Ok(self.quit_stages(self.stages(name)?))
    }

    /// Quits one stage of a group, the next that runs: one signal, one stage. Ready when it has
    /// cleaned up; at once if all are over or were asked before.
    ///
    /// The grace bounds it as it does [`quit_stage`](Self::quit_stage).
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let source = || Source::repeat_with(|| 1u64).group("sources");
    /// let flow = source().merge(source()).count().run(&FlowContext::background())?;
    /// let control = flow.control();
    /// control.quit_one("sources").expect("there is such a group").await;
    /// assert!(!control.is_finished());
    /// control.quit_one("sources").expect("there is such a group").await;
    /// assert!(flow.await? < u64::MAX);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownStage`], if there is no group of that name.
    pub fn quit_one(&self, group: &str) -> Result<Ended, UnknownStage> {
        let mut stages = self.group(group)?.into_iter();
        // The mark decides: of several signals at once each finds a stage of its own.
        let next = stages.find(|&stage| {
            !self.flow.stage(stage).is_gone() && self.flow.stop_stage(Level::Quit, stage)
        });
        Ok(Ended::new(&self.flow, Some(next.into_iter().collect())))
    }

    /// Quits all stages of a group. Ready when all have cleaned up.
    ///
    /// The grace bounds it as it does [`quit_stage`](Self::quit_stage).
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::repeat_with(|| 1u64)
    ///     .map_parallel(2, |n| n + 1).named("workers")
    ///     .count()
    ///     .run(&FlowContext::background())?;
    /// flow.control().quit_all("workers").expect("a composite is a group").await;
    /// let finished = flow.wait().await?;
    /// assert!(matches!(finished.ending, Cause::Completed));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownStage`], if there is no group of that name.
    pub fn quit_all(&self, group: &str) -> Result<Ended, UnknownStage> {
        Ok(self.quit_stages(self.group(group)?))
    }

    /// What all stages and edges have counted up to now.
    ///
    /// Of a running flow the sums need not balance yet: each stage adds its counts at the end of a
    /// turn.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).count().run(&FlowContext::background())?;
    /// let control = flow.control();
    /// assert_eq!(control.snapshot().stages().len(), 2);
    /// flow.await?;
    /// control.snapshot().check().expect("the sums of a finished flow balance");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Report {
        self.flow.report()
    }

    /// The stages of the flow and the edges between them.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).count().window(8).run(&FlowContext::background())?;
    /// let control = flow.control();
    /// flow.await?;
    /// assert_eq!(control.graph().to_string(), "from_iter-1 -> count-1 (window 8)\n");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn graph(&self) -> FlowGraph {
        FlowGraph::of(&self.flow)
    }

    /// Waits for the end of the flow, and ends nothing itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).drain().run(&FlowContext::background())?;
    /// let control = flow.control();
    /// flow.detach();
    /// control.finished().await;
    /// assert!(control.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "it only waits"]
    pub fn finished(&self) -> Ended {
        Ended::new(&self.flow, None)
    }

    /// Whether the flow is over: every actor is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).count().run(&FlowContext::background())?;
    /// let control = flow.control();
    /// assert!(!control.is_finished());
    /// flow.await?;
    /// assert!(control.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.flow.is_over()
    }
}

fn is_worker_of(stage: &StageState, composite: &str) -> bool {
    stage.worker && stage.part_of.as_deref() == Some(composite)
}
