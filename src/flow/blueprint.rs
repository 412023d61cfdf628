//! A flow that is wired and not yet run.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::graph::{Attrs, Graph, Kind};
use crate::supervise::{Patience, Strategy};

/// Where a sink puts the value of its flow.
pub(crate) struct Outcome<R>(Arc<Mutex<Option<R>>>);

impl<R> Outcome<R> {
    pub(crate) fn set(&self, value: R) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    pub(super) fn take(&self) -> Option<R> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<R> Clone for Outcome<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> Default for Outcome<R> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Takes the value of a flow that is over.
pub(crate) type Take<R> = Box<dyn FnOnce() -> Option<R> + Send>;

type Seal<R> = Box<dyn FnOnce(Attrs, &mut Graph) -> Take<R> + Send>;

/// What a user has said of a whole flow.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowAttrs {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) window: Option<usize>,
    pub(crate) patience: Patience,
    pub(crate) strategy: Strategy,
}

/// A `Blueprint` is a whole flow that does not run yet.
///
/// A terminal verb of a [`Source`](crate::Source) makes it; [`run`](Self::run) starts its actors.
/// [`named`](Self::named) and [`window`](Self::window) are those of its sink;
/// [`flow_named`](Self::flow_named), [`default_window`](Self::default_window),
/// [`grace`](Self::grace) and [`drain_within`](Self::drain_within) are the flow's. Where blueprints
/// are put together, the flow's settings are those of the first.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// #[actix::main]
/// async fn main() -> Result<(), PipelineError> {
///     let sum = Source::from_iter(0..100u64)
///         .fold(0, |sum, n| sum + n).named("sum")
///         .flow_named("numbers")
///         .run(&FlowContext::background())?
///         .await?;
///     assert_eq!(sum, 4950);
///     Ok(())
/// }
/// ```
#[must_use = "nothing runs before `run`"]
pub struct Blueprint<R> {
    pub(crate) graph: Graph,
    pub(crate) attrs: Attrs,
    pub(crate) seal: Seal<R>,
    pub(crate) flow: FlowAttrs,
}

impl<R> fmt::Debug for Blueprint<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blueprint")
            .field("stages", &(self.graph.stages.len() + 1))
            .field("sink", &self.attrs)
            .field("flow", &self.flow)
            .finish()
    }
}

impl<R: Send + 'static> Blueprint<R> {
    pub(crate) fn new(graph: Graph, attrs: Attrs, seal: Seal<R>) -> Self {
        Self {
            graph,
            attrs,
            seal,
            flow: FlowAttrs::default(),
        }
    }

    /// Names the sink.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).count().named("total");
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert_eq!(finished.report.stage("total").map(|row| row.received), Some(3));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`] of `run`, if two stages or groups have the same name, or after
    /// [`and`](Self::and) and [`all`](Self::all), where no one sink is meant.
    ///
    /// [`StartError`]: crate::StartError
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.attrs.set_name(name.into());
        self
    }

    /// Sets the window of the sink: the most items in flight on its input edge.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).count().window(1);
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert_eq!(finished.report.edges()[0].window, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if it is 0 or less than the sink's concurrency,
    /// or after [`and`](Self::and) and [`all`](Self::all).
    pub fn window(mut self, items: usize) -> Self {
        self.attrs.set_window(items);
        self
    }

    /// Names the flow, for its report and its log lines.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).count().flow_named("numbers");
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert_eq!(finished.report.flow(), Some("numbers"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn flow_named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.flow.name = Some(name.into());
        self
    }

    /// Sets the window of every stage of which none is said; 1024 items where this is not said
    /// either.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..9u64).map(|n| n + 1).count().default_window(16);
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert!(finished.report.edges().iter().all(|edge| edge.window == 16));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if it is 0, or less than a stage's concurrency.
    pub fn default_window(mut self, items: usize) -> Self {
        self.flow.window = Some(items);
        self
    }

    /// Sets how long a quit and a cancel may take, 5 seconds where nothing is said.
    ///
    /// It bounds the quit of a stage or a group too: a stage that takes longer is cancelled, its
    /// neighbours go on. Past it a quit of the flow becomes a cancel, and a cancel an abort, with
    /// [`Cause::GraceExpired`](crate::Cause::GraceExpired); an abort that is not answered within
    /// it, at least 200 milliseconds, is [`Cause::Stuck`](crate::Cause::Stuck). The idea is the
    /// shutdown time of OTP's supervisors.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use std::time::Duration;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::once(1)
    ///     .map_async(1, |_| pending::<()>())
    ///     .drain()
    ///     .grace(Duration::from_millis(1))
    ///     .run(&FlowContext::background())?;
    /// flow.control().quit().await;
    /// // The future would never have finished.
    /// let error = flow.await.expect_err("it gives no value");
    /// assert!(matches!(error.cause(), Some(Cause::GraceExpired | Cause::Quit)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn grace(mut self, grace: Duration) -> Self {
        self.flow.patience.grace = grace;
        self
    }

    /// Sets how long a close may take; without it a close waits until all is delivered.
    ///
    /// Past it the flow is cancelled, with [`Cause::GraceExpired`](crate::Cause::GraceExpired).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::repeat_with(|| 1u64)
    ///     .count()
    ///     .drain_within(Duration::from_secs(60))
    ///     .run(&FlowContext::background())?;
    /// flow.control().close().await;
    /// let finished = flow.wait().await?;
    /// assert!(matches!(finished.ending, Cause::Closed));
    /// # Ok(())
    /// # }
    /// ```
    pub fn drain_within(mut self, limit: Duration) -> Self {
        self.flow.patience.drain = Some(limit);
        self
    }

    /// Puts two blueprints into one flow, which has the values of both.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// #[actix::main]
    /// async fn main() -> Result<(), PipelineError> {
    ///     let [all, even] = Source::from_iter(0..10u64).broadcast(2).into_array();
    ///     let flow = all.count().and(even.filter(|n| n % 2 == 0).count());
    ///     let counts = flow.run(&FlowContext::background())?.await?;
    ///     assert_eq!(counts, (10, 5));
    ///     Ok(())
    /// }
    /// ```
    pub fn and<Q: Send + 'static>(self, other: Blueprint<Q>) -> Blueprint<(R, Q)> {
        let flow = self.flow.clone();
        let (mut graph, first) = self.sealed();
        let (more, second) = other.sealed();
        graph.extend(more);
        let take = move || first().zip(second());
        Blueprint::joint("and", graph, flow, Box::new(take))
    }

    /// Puts any number of blueprints into one flow, which has the values of all, in order.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// #[actix::main]
    /// async fn main() -> Result<(), PipelineError> {
    ///     let branches = Source::from_iter(0..9usize).partition(3, |n| n % 3).into_vec();
    ///     let flow = Blueprint::all(branches.into_iter().map(Source::count));
    ///     let counts = flow.run(&FlowContext::background())?.await?;
    ///     assert_eq!(counts, [3, 3, 3]);
    ///     Ok(())
    /// }
    /// ```
    pub fn all(blueprints: impl IntoIterator<Item = Self>) -> Blueprint<Vec<R>> {
        let mut flow = None;
        let mut graph = Graph::default();
        let mut takes = Vec::new();
        for blueprint in blueprints {
            flow.get_or_insert_with(|| blueprint.flow.clone());
            let (more, take) = blueprint.sealed();
            graph.extend(more);
            takes.push(take);
        }
        let take = move || takes.into_iter().map(|take| take()).collect();
        Blueprint::joint("all", graph, flow.unwrap_or_default(), Box::new(take))
    }

    fn joint(verb: &'static str, graph: Graph, flow: FlowAttrs, take: Take<R>) -> Self {
        let seal = move |attrs: Attrs, graph: &mut Graph| {
            graph.forget(&attrs);
            take
        };
        Self {
            graph,
            attrs: Attrs::of(verb, Kind::Joint),
            seal: Box::new(seal),
            flow,
        }
    }

    /// All its stages, and how its value is taken.
    pub(crate) fn sealed(self) -> (Graph, Take<R>) {
        let Self {
            mut graph,
            attrs,
            seal,
            ..
        } = self;
        let take = seal(attrs, &mut graph);
        (graph, take)
    }
}
