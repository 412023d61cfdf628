//! The sink of a broadcast hub: gives each item to the subscribers that there are.
//!
//! 1. An item is given once every subscriber that is waited for has room; its permit is held till
//!    then. There is at least one subscriber then.
//! 2. Subscribers are added and dropped between items.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::PollSemaphore;

use super::Lag;
use super::broadcast_hub::Shared;
use super::intake::{End, Queue};
use crate::context::{Cause, drop_caught};
use crate::stage::Handover;

/// The hub's side of a subscriber.
pub(super) struct Reader<T> {
    queue: Arc<Queue<T>>,
    lag: Lag,
    room: PollSemaphore,
    permit: Option<OwnedSemaphorePermit>,
}

impl<T> Reader<T> {
    pub(super) fn new(queue: Arc<Queue<T>>, lag: Lag) -> Self {
        let room = PollSemaphore::new(Arc::clone(&queue.room));
        Self {
            queue,
            lag,
            room,
            permit: None,
        }
    }

    pub(super) fn is_of(&self, queue: &Arc<Queue<T>>) -> bool {
        Arc::ptr_eq(&self.queue, queue)
    }

    /// Ready once it can be given an item: whether it takes any.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.lag != Lag::Wait {
            return Poll::Ready(!self.queue.is_ended());
        }
        if self.permit.is_none() {
            match self.room.poll_acquire(cx) {
                Poll::Ready(permit) => self.permit = permit,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(self.permit.is_some())
    }

    /// Gives it an item, and gives back the one that is lost by that; an error if it has left.
    fn give(&mut self, item: T, capacity: usize) -> Result<Option<T>, T> {
        if self.lag != Lag::Wait {
            return self.queue.offer(item, capacity, self.lag);
        }
        self.queue.accept(item)?;
        if let Some(permit) = self.permit.take() {
            permit.forget();
        }
        Ok(None)
    }
}

/// What a hub's sink hands its items over to.
pub(super) struct Broadcaster<T> {
    shared: Arc<Shared<T>>,
    clone: fn(&T) -> T,
    readers: Vec<Reader<T>>,
    /// Whether one of the readers has left, or was disconnected.
    stale: bool,
}

impl<T> Broadcaster<T> {
    pub(super) fn new(shared: Arc<Shared<T>>, clone: fn(&T) -> T) -> Self {
        Self {
            shared,
            clone,
            readers: Vec::new(),
            stale: false,
        }
    }

    /// Adds those that joined, and drops those that left.
    fn look(&mut self) {
        let changed = self.shared.take_change();
        if changed {
            self.readers.append(&mut self.shared.take_joining());
        }
        if changed || std::mem::take(&mut self.stale) {
            self.readers.retain(|reader| !reader.queue.is_ended());
        }
    }

    fn end_all(&mut self, end: &End) {
        if let Some(unknown) = self.shared.end(end) {
            self.readers.extend(unknown);
            for reader in self.readers.drain(..) {
                reader.queue.end(end.clone());
            }
        }
    }
}

impl<T: Send + 'static> Handover for Broadcaster<T> {
    type Item = T;

    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Registered first: what changes after the look wakes.
        self.shared.sink.register(cx.waker());
        self.look();
        if self.readers.is_empty() && self.shared.is_abandoned() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (mut ready, mut read) = (true, false);
        for reader in &mut self.readers {
            match reader.poll_room(cx) {
                Poll::Ready(takes) => read |= takes,
                Poll::Pending => ready = false,
            }
        }
        // Where all have left, the sink is woken when the next one joins.
        if ready && read {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn take(&mut self, item: T) -> Result<(), T> {
        let mut item = Some(item);
        let mut refused = None;
        let mut taken = false;
        let last = self.readers.len().saturating_sub(1);
        for (n, reader) in self.readers.iter_mut().enumerate() {
            let copy = if n == last {
                item.take()
            } else {
                item.as_ref().map(self.clone)
            };
            let Some(copy) = copy else { break };
            match reader.give(copy, self.shared.capacity) {
                Ok(lost) => {
                    taken = true;
                    if lost.is_some() {
                        self.shared.lost.fetch_add(1, Ordering::Relaxed);
                        self.stale |= reader.lag == Lag::Disconnect;
                        drop_caught(lost);
                    }
                }
                Err(item) => {
                    self.stale = true;
                    drop_caught(refused.replace(item));
                }
            }
        }
        match refused.or(item) {
            Some(item) if !taken => Err(item),
            rest => {
                drop_caught(rest);
                Ok(())
            }
        }
    }

    fn end(&mut self, cause: Option<&Cause>) {
        self.end_all(&match cause {
            None => End::Closed,
            Some(cause) => End::Failed(format!("the hub's flow ended: {cause}").into()),
        });
    }
}

impl<T> Drop for Broadcaster<T> {
    fn drop(&mut self) {
        self.end_all(&End::Failed("the hub's flow was never run".into()));
    }
}
