//! Verbs that put items together, by number or by time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::Source;
use super::graph::{Attrs, Kind};
use crate::context::BoxError;
use crate::stage::Logic;

/// Items put together, up to a number of them or a time.
struct Batch<T> {
    items: Vec<T>,
    size: usize,
    within: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl<T> Batch<T> {
    fn take(&mut self) -> Option<Vec<T>> {
        self.armed = false;
        (!self.items.is_empty()).then(|| std::mem::take(&mut self.items))
    }

    /// Starts the time of a batch at its first item.
    fn arm(&mut self) {
        let until = self
            .within
            .and_then(|within| Instant::now().checked_add(within));
        let Some(until) = until else { return };
        self.armed = true;
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(until),
            None => self.timer = Some(Box::pin(tokio::time::sleep_until(until))),
        }
    }
}

impl<T: Send + 'static> Logic for Batch<T> {
    type In = T;
    type Out = Vec<T>;
    type Outs = std::option::IntoIter<Vec<T>>;

    const TIMED: bool = true;

    fn accept(&mut self, item: T) -> Result<Self::Outs, BoxError> {
        if self.items.is_empty() {
            self.arm();
        }
        self.items.push(item);
        let full = self.items.len() >= self.size;
        Ok(if full { self.take() } else { None }.into_iter())
    }

    fn finish(&mut self) -> Option<Self::Outs> {
        self.take().map(|items| Some(items).into_iter())
    }

    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Self::Outs> {
        if let Some(timer) = &mut self.timer
            && self.armed
            && timer.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(self.take().into_iter());
        }
        Poll::Pending
    }

    fn is_armed(&self) -> bool {
        self.armed
    }
}

impl<T: Send + 'static> Source<T> {
    fn batches(self, verb: &'static str, size: usize, within: Option<Duration>) -> Source<Vec<T>> {
        let mut attrs = Attrs::of(verb, Kind::Stage);
        attrs.zero = (size == 0).then_some("size");
        self.logic(attrs, None, move |_| Batch {
            items: Vec::new(),
            size,
            within,
            timer: None,
            armed: false,
        })
    }

    /// Puts `size` items together; the last batch can be smaller.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let pairs: Vec<Vec<u64>> = Source::from_iter(1..=5u64)
    ///     .batch(2)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(pairs, [vec![1, 2], vec![3, 4], vec![5]]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `size` is 0.
    ///
    /// # Cost
    ///
    /// Items kept give their credit back: a batch can be larger than the window. One allocation per
    /// batch.
    pub fn batch(self, size: usize) -> Source<Vec<T>> {
        self.batches("batch", size, None)
    }

    /// Puts up to `size` items together, and waits for them no longer than `time` after the first.
    ///
    /// A close or the end of the input ships the batch at once, however small. The idea is
    /// `groupedWithin` of Akka Streams.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use actix_flow::prelude::*;
    /// use futures::StreamExt;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (inlet, source) = Source::inlet(8);
    /// inlet.try_send(1).expect("there is room");
    /// inlet.try_send(2).expect("there is room");
    ///
    /// let batches = source.batch_within(100, Duration::from_millis(1));
    /// let mut batches = batches.run_stream(&FlowContext::background())?;
    /// let batch = batches.next().await.expect("a batch after the time")?;
    /// assert!(!batch.is_empty() && batch.len() < 100);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `size` is 0.
    pub fn batch_within(self, size: usize, time: Duration) -> Source<Vec<T>> {
        self.batches("batch_within", size, Some(time))
    }
}
