//! The messages of an edge, and the only place that sends them.
//!
//! Two addresses per edge: a [`Feed`] goes downstream with items and the one end, a [`Demand`]
//! goes upstream with credit and the one cancel. They are sent unbounded; the credits are the
//! bound.

use std::sync::Arc;

use actix::{Actor, Addr, Context, Handler, Message};

use super::{Activity, Grant, Home, Link};
use crate::context::Cause;
use crate::report::Moment;

/// When and where a stage sends, and the units of the flow's count that its messages take over from it.
///
/// After a turn a stage needs one of its units: what takes over another leaves the count as it is,
/// where both would touch a cell that all threads of the flow share.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) now: Moment,
    home: Home,
    units: usize,
}

impl Dispatch {
    /// The sender keeps its units.
    pub(crate) fn at(now: Moment) -> Self {
        Self::with_units(now, 0)
    }

    /// The sender gives up so many units, and takes back what is [`left`](Self::left) of them.
    pub(crate) fn with_units(now: Moment, units: usize) -> Self {
        Self {
            now,
            home: Home::here(),
            units,
        }
    }

    pub(crate) fn left(&self) -> usize {
        self.units
    }

    /// A unit for one message.
    fn count_message(&mut self, activity: &Activity) {
        match self.units.checked_sub(1) {
            Some(left) => self.units = left,
            None => activity.add(1),
        }
    }
}

/// What a producer tells its consumer.
pub(crate) enum Signal<T> {
    /// Items, in order; none marks that one is missing which the reader waits for.
    Batch(Vec<T>),
    /// No more items.
    Completed,
    /// No more items, because a stage upstream failed.
    Failed(Cause),
}

/// What a consumer tells its producer.
pub(crate) enum Ask<T> {
    /// It takes items more, says how many are done with, and gives an emptied buffer back, if it has one.
    Request(Grant, Vec<T>),
    /// It takes no more.
    Cancel(Cause),
}

/// A message downstream. `PORT` tells inputs of different types of one actor apart, `port`
/// inputs of one type.
pub(crate) struct Feed<T: Send + 'static, const PORT: usize> {
    pub(crate) port: u32,
    pub(crate) home: Home,
    pub(crate) sent: Moment,
    load: Option<(Signal<T>, Arc<Link>)>,
}

impl<T: Send + 'static, const PORT: usize> Feed<T, PORT> {
    /// Takes what it says, and its hold on the edge; its unit of the flow's count is the receiver's
    /// from now on.
    pub(crate) fn take(&mut self) -> Option<(Signal<T>, Arc<Link>)> {
        self.load.take()
    }
}

impl<T: Send + 'static, const PORT: usize> Drop for Feed<T, PORT> {
    fn drop(&mut self) {
        // Only a message that nobody handled has its load still.
        if let Some((signal, link)) = self.load.take() {
            if let Signal::Batch(mut items) = signal {
                link.discard(&mut items);
            }
            link.activity().release(1);
        }
    }
}

impl<T: Send + 'static, const PORT: usize> Message for Feed<T, PORT> {
    type Result = ();
}

/// A message upstream, to the output `port` of an actor; `PORT` as of a [`Feed`].
pub(crate) struct Demand<T, const PORT: usize> {
    pub(crate) port: u32,
    pub(crate) home: Home,
    pub(crate) sent: Moment,
    load: Option<(Ask<T>, Arc<Link>)>,
}

impl<T, const PORT: usize> Demand<T, PORT> {
    /// Takes what it says, and its hold on the edge; its unit of the flow's count is the receiver's
    /// from now on.
    pub(crate) fn take(&mut self) -> Option<(Ask<T>, Arc<Link>)> {
        self.load.take()
    }
}

impl<T, const PORT: usize> Drop for Demand<T, PORT> {
    fn drop(&mut self) {
        if let Some((_, link)) = self.load.take() {
            link.activity().release(1);
        }
    }
}

impl<T: Send + 'static, const PORT: usize> Message for Demand<T, PORT> {
    type Result = ();
}

/// Where a producer sends.
pub(crate) trait Downstream<T>: Send {
    fn feed(&self, link: Arc<Link>, signal: Signal<T>, by: &mut Dispatch);
}

/// Where a consumer asks.
pub(crate) trait Upstream<T>: Send {
    fn demand(&self, link: Arc<Link>, ask: Ask<T>, by: &mut Dispatch);
}

/// One port of an actor, seen from the other end of the edge.
pub(crate) struct Port<A: Actor, const PORT: usize> {
    pub(crate) address: Addr<A>,
    pub(crate) port: u32,
}

impl<T, A, const PORT: usize> Downstream<T> for Port<A, PORT>
where
    T: Send + 'static,
    A: Actor<Context = Context<A>> + Handler<Feed<T, PORT>>,
{
    #[expect(
        clippy::disallowed_methods,
        reason = "the edge file: credits bound the mailbox"
    )]
    fn feed(&self, link: Arc<Link>, signal: Signal<T>, by: &mut Dispatch) {
        by.count_message(link.activity());
        self.address.do_send(Feed::<T, PORT> {
            port: self.port,
            home: by.home,
            sent: by.now,
            load: Some((signal, link)),
        });
    }
}

impl<T, A, const PORT: usize> Upstream<T> for Port<A, PORT>
where
    T: Send + 'static,
    A: Actor<Context = Context<A>> + Handler<Demand<T, PORT>>,
{
    #[expect(
        clippy::disallowed_methods,
        reason = "the edge file: one request per half window"
    )]
    fn demand(&self, link: Arc<Link>, ask: Ask<T>, by: &mut Dispatch) {
        by.count_message(link.activity());
        self.address.do_send(Demand::<T, PORT> {
            port: self.port,
            home: by.home,
            sent: by.now,
            load: Some((ask, link)),
        });
    }
}
