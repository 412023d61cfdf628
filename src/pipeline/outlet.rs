//! The pull side of a flow: its items as a stream.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Stream;
use futures::stream::FusedStream;

use super::{Control, Ended, Pipeline, PipelineError, StartError};
use crate::context::{BoxError, FlowContext};
use crate::edge::InPort;
use crate::flow::{Attrs, Blueprint, Kind, Source};
use crate::stage::{Logic, Passage, Read, Unary};

/// An `Outlet` is the end of a flow as a [`futures::Stream`].
///
/// It gives what it has received, then an error once if the flow ended by one or was never run, then
/// `None`. At most a window of items waits in it, or one where the edge is [weighed](Source::weigh), and as
/// many again on the edge before it; a reader that is slow holds up the flow. That of
/// [`Source::run_stream`] owns its flow: dropped, it cancels it, so that the body of a response can
/// be a flow. A quit is an error there, since the value of the flow are its items; a close is none. That of
/// [`Source::into_stream`] is one reader of a larger graph: dropped, it is a reader that has left, and
/// what it was given before a quit is all that it gives.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use futures::TryStreamExt;
///
/// #[actix::main]
/// async fn main() -> Result<(), PipelineError> {
///     let squares = Source::from_iter(1..=3u32).map(|n| n * n);
///     let outlet = squares.run_stream(&FlowContext::background())?;
///     let squares: Vec<u32> = outlet.try_collect().await?;
///     assert_eq!(squares, [1, 4, 9]);
///     Ok(())
/// }
/// ```
#[must_use = "a stream does nothing unless polled"]
pub struct Outlet<T> {
    passage: Arc<Passage<T>>,
    pipeline: Option<Pipeline<()>>,
    ended: Option<Ended>,
    over: bool,
}

impl<T> fmt::Debug for Outlet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet")
            .field("pipeline", &self.pipeline)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

impl<T> Outlet<T> {
    /// The remote control of the flow that it owns; none for one reader of a larger graph.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use futures::StreamExt;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let mut ones = Source::repeat_with(|| 1u64).run_stream(&FlowContext::background())?;
    /// assert!(matches!(ones.next().await, Some(Ok(1))));
    /// ones.control().expect("it owns its flow").close();
    /// assert!(ones.all(|item| async move { item.is_ok() }).await);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn control(&self) -> Option<Control> {
        self.pipeline.as_ref().map(Pipeline::control)
    }
}

impl<T> Unpin for Outlet<T> {}

impl<T> Stream for Outlet<T> {
    type Item = Result<T, PipelineError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let completed = match ready!(self.passage.poll_read(cx)) {
            Read::Item(item) => return Poll::Ready(Some(Ok(item))),
            Read::Over { completed } => completed,
        };
        let (passage, control) = (Arc::clone(&self.passage), self.control());
        // Where its stage was lost before it began, only who owns the flow knows which it was.
        let flow = passage.flow().or(control.as_ref().map(Control::flow));
        let Some(flow) = flow else {
            self.over = true;
            return Poll::Ready(Some(Err(StartError::NeverRun.into())));
        };
        // One reader of many need not wait for the others.
        let concerned = self.pipeline.is_some() || !completed;
        if concerned {
            let ended = self.ended.get_or_insert_with(|| Ended::new(flow, None));
            ready!(Pin::new(ended).poll(cx));
        }
        self.over = true;
        let failure = flow.outcome().cause().and_then(|cause| {
            let failed = concerned && !cause.is_success();
            if failed {
                flow.outcome().observe();
            }
            failed.then(|| PipelineError::ended(cause.clone(), flow.report()))
        });
        Poll::Ready(failure.map(Err))
    }
}

impl<T> FusedStream for Outlet<T> {
    fn is_terminated(&self) -> bool {
        self.over
    }
}

impl<T> Drop for Outlet<T> {
    fn drop(&mut self) {
        self.passage.leave();
    }
}

/// Passes every item on as it is.
struct Pass<T>(std::marker::PhantomData<fn(T)>);

impl<T: Send + 'static> Logic for Pass<T> {
    type In = T;
    type Out = T;
    type Outs = std::option::IntoIter<T>;

    fn accept(&mut self, item: T) -> Result<Self::Outs, BoxError> {
        Ok(Some(item).into_iter())
    }
}

impl<T: Send + 'static> Source<T> {
    /// Ends the blueprint in an [`Outlet`], for a graph with other ends beside.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use futures::StreamExt;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let [shown, counted] = Source::from_iter(0..5u32).broadcast(2).into_array();
    /// let (outlet, shown) = shown.into_stream();
    /// let flow = counted.count().and(shown).run(&FlowContext::background())?;
    /// assert_eq!(outlet.count().await, 5);
    /// assert_eq!(flow.await?.0, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_stream(self) -> (Outlet<T>, Blueprint<()>) {
        let (passage, writer) = Passage::new();
        let attrs = Attrs::of("into_stream", Kind::Stage);
        let blueprint = self.seal(attrs, move |up, core, outcome| {
            // There is nothing to fold: the value is that the sink has run.
            outcome.set(());
            // What waits there has left the edge: by number alone where nothing was said of weight.
            let room = match up.link.max_weight() {
                Some(_) => 1,
                None => up.link.window(),
            };
            let out = writer.start(room, &core.life.0);
            let pass = Pass(std::marker::PhantomData);
            Unary::new(pass, InPort::new(up), out)
        });
        let outlet = Outlet {
            passage,
            pipeline: None,
            ended: None,
            over: false,
        };
        (outlet, blueprint)
    }

    /// Runs the flow and gives its items as a stream that owns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use futures::TryStreamExt;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let squares = Source::from_iter(1..).map(|n: u64| n * n);
    /// let mut outlet = squares.run_stream(&FlowContext::background())?;
    /// assert_eq!(outlet.try_next().await?, Some(1));
    /// assert_eq!(outlet.try_next().await?, Some(4));
    /// drop(outlet); // The flow is cancelled.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`], as of [`Blueprint::run`].
    ///
    /// # Cancel safety
    ///
    /// A dropped outlet cancels its flow; items that wait in it are dropped, and were counted as
    /// passed.
    pub fn run_stream(self, context: &FlowContext) -> Result<Outlet<T>, StartError> {
        let (mut outlet, blueprint) = self.into_stream();
        outlet.pipeline = Some(blueprint.run(context)?);
        Ok(outlet)
    }
}
