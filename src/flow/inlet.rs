//! The push side of a flow: a bounded queue into which other code sends.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Sink;
use tokio::sync::{OwnedSemaphorePermit, TryAcquireError};
use tokio_util::sync::PollSemaphore;

use super::Source;
use super::graph::Entry;
use super::intake::{End, Intake, Queue};
use crate::stage::Supplied;

/// An `Inlet` sends into a running flow from any code: the push side of a source.
///
/// [`Source::inlet`] makes it. At most `capacity` items are accepted and not yet sent on; beyond
/// that [`send`](Self::send) waits and [`try_send`](Self::try_send) refuses. It is a
/// [`futures::Sink`] too. Items can be sent before the flow runs; they wait.
///
/// [`close`](Self::close) on any clone closes it for all; otherwise the drop of the last clone
/// does, or fails the flow if that drop is part of a panic. Either way what was accepted is
/// delivered first. When the flow ends first, senders get their values back.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// #[actix::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let (inlet, source) = Source::inlet(8);
///     let sum = source.fold(0, |sum, n: u32| sum + n).run(&FlowContext::background())?;
///     for n in 1..=10 {
///         inlet.send(n).await?;
///     }
///     inlet.close();
///     assert_eq!(sum.await?, 55);
///     assert_eq!(inlet.try_send(11).map_err(InletError::into_value), Err(11));
///     Ok(())
/// }
/// ```
pub struct Inlet<T> {
    queue: Arc<Queue<T>>,
    room: PollSemaphore,
    held: Option<OwnedSemaphorePermit>,
}

/// Why an [`Inlet`] did not take a value; the value is in it.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// let (inlet, _source) = Source::inlet(1);
/// inlet.try_send("first").expect("there is room");
/// let refused = inlet.try_send("second").expect_err("it is full");
/// assert!(refused.is_full());
/// assert_eq!(refused.into_value(), "second");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InletError<T> {
    /// There is no room now.
    Full(T),
    /// It was closed, or its flow is over.
    Closed(T),
}

impl<T> InletError<T> {
    /// The value that was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// let (inlet, source) = Source::inlet(1);
    /// drop(source);
    /// let refused = inlet.try_send("late").expect_err("it is closed");
    /// assert_eq!(refused.into_value(), "late");
    /// ```
    pub fn into_value(self) -> T {
        match self {
            Self::Full(value) | Self::Closed(value) => value,
        }
    }

    /// Whether there was only no room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }
}

impl<T> fmt::Debug for InletError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for InletError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the inlet is full",
            Self::Closed(_) => "the inlet is closed",
        })
    }
}

impl<T> std::error::Error for InletError<T> {}

impl<T> fmt::Debug for Inlet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inlet")
            .field("room", &self.queue.room.available_permits())
            .field("end", &self.queue.lock().end)
            .finish()
    }
}

impl<T> Inlet<T> {
    /// Sends a value, once there is room; senders wait in their order.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), BoxError> {
    /// let (inlet, source) = Source::inlet(1);
    /// let flow = source.collect::<Vec<_>>().run(&FlowContext::background())?;
    /// inlet.send("one").await?;
    /// inlet.send("two").await?;
    /// inlet.close();
    /// assert_eq!(flow.await?, ["one", "two"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InletError::Closed`] with the value, if the inlet was closed or its flow is over.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it has not sent the value, which is dropped with it.
    pub async fn send(&self, value: T) -> Result<(), InletError<T>> {
        let Ok(permit) = self.queue.room.acquire().await else {
            return Err(InletError::Closed(value));
        };
        self.queue.accept(value).map_err(InletError::Closed)?;
        permit.forget();
        Ok(())
    }

    /// Sends a value if there is room now.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// let (inlet, _source) = Source::inlet(1);
    /// assert_eq!(inlet.try_send(1), Ok(()));
    /// assert_eq!(inlet.try_send(2), Err(InletError::Full(2)));
    /// inlet.close();
    /// assert_eq!(inlet.try_send(3), Err(InletError::Closed(3)));
    /// ```
    ///
    /// # Errors
    ///
    /// [`InletError::Full`] or [`InletError::Closed`], with the value.
    pub fn try_send(&self, value: T) -> Result<(), InletError<T>> {
        match self.queue.room.try_acquire() {
            Ok(permit) => {
                self.queue.accept(value).map_err(InletError::Closed)?;
                permit.forget();
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(InletError::Full(value)),
            Err(TryAcquireError::Closed) => Err(InletError::Closed(value)),
        }
    }

    /// Sends a value from a thread that may block.
    ///
    /// On a thread that the flow needs, an arbiter of its stages say, this never returns when there
    /// is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (inlet, source) = Source::inlet(1);
    /// let count = source.count().run(&FlowContext::background())?;
    /// let sender = std::thread::spawn(move || {
    ///     (0..100u64).try_for_each(|n| inlet.blocking_send(n))
    /// });
    /// assert_eq!(count.await?, 100);
    /// assert!(sender.join().is_ok_and(|sent| sent.is_ok()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InletError::Closed`] with the value, if the inlet was closed or its flow is over.
    pub fn blocking_send(&self, value: T) -> Result<(), InletError<T>> {
        futures::executor::block_on(self.send(value))
    }

    /// Closes the inlet for all clones: nothing more is accepted, what was accepted is delivered.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (inlet, source) = Source::inlet(4);
    /// let other = inlet.clone();
    /// inlet.try_send(1).expect("there is room");
    /// other.close();
    /// assert!(inlet.try_send(2).is_err());
    /// assert_eq!(source.count().run(&FlowContext::background())?.await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn close(&self) {
        self.queue.end(End::Closed);
    }

    /// Whether it takes no more values.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// let (inlet, source) = Source::<u64>::inlet(4);
    /// assert!(!inlet.is_closed());
    /// drop(source);
    /// assert!(inlet.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.is_ended()
    }

    /// Waits until it takes no more values: it was closed, or its flow is over.
    ///
    /// # Examples
    ///
    /// A producer that waits for two things, its own events and the end of its reader:
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (inlet, source) = Source::<u64>::inlet(4);
    /// let flow = source.count().run(&FlowContext::background())?;
    /// let producer = actix_rt::spawn(async move { inlet.closed().await });
    ///
    /// flow.control().cancel("enough");
    /// producer.await.expect("it ends with the flow");
    /// assert!(flow.await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time and made anew.
    pub async fn closed(&self) {
        self.queue.closed().await;
    }
}

impl<T> Clone for Inlet<T> {
    fn clone(&self) -> Self {
        self.queue.lock().handles += 1;
        Self {
            queue: Arc::clone(&self.queue),
            room: PollSemaphore::new(Arc::clone(&self.queue.room)),
            held: None,
        }
    }
}

impl<T> Drop for Inlet<T> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.handles -= 1;
        let last = state.handles == 0;
        drop(state);
        if last {
            let end = if std::thread::panicking() {
                End::Failed("the last sender of the inlet was dropped in a panic".into())
            } else {
                End::Closed
            };
            self.queue.end(end);
        }
    }
}

impl<T> Sink<T> for Inlet<T> {
    type Error = InletError<T>;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // The permit stays with this handle until `start_send`; a closed inlet says so there,
        // where the value can be given back.
        if self.held.is_none() {
            self.held = ready!(self.room.poll_acquire(cx));
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, value: T) -> Result<(), Self::Error> {
        let Some(permit) = self.held.take() else {
            return Err(InletError::Closed(value));
        };
        self.queue.accept(value).map_err(InletError::Closed)?;
        permit.forget();
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl<T: Send + 'static> Source<T> {
    /// A source that other code sends into, and the handle by which it does.
    ///
    /// The idea is `Source.queue` of Akka Streams, and the channel of Go that a producer closes.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (inlet, source) = Source::inlet(8);
    /// let sum = source.fold(0, |sum, n: u32| sum + n).run(&FlowContext::background())?;
    /// std::thread::spawn(move || {
    ///     for n in 1..=10 {
    ///         inlet.blocking_send(n).expect("the flow runs");
    ///     }
    ///     // The drop of the last handle closes it.
    /// });
    /// assert_eq!(sum.await?, 55);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `capacity` is 0.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is above `usize::MAX >> 3`.
    #[track_caller]
    pub fn inlet(capacity: usize) -> (Inlet<T>, Self) {
        let queue = Arc::new(Queue::new(capacity));
        let intake = Intake(Arc::clone(&queue));
        let mut source = Self::generate_with("inlet", move |seat| Supplied::new(intake, seat.out));
        source.attrs.zero = (capacity == 0).then_some("capacity");
        source.attrs.entry = Some(Arc::clone(&queue) as Arc<dyn Entry>);
        let room = PollSemaphore::new(Arc::clone(&queue.room));
        let held = None;
        (Inlet { queue, room, held }, source)
    }
}
