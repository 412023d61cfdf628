//! The front of a supervised actor: the mailbox that its address leads to, which outlives every
//! incarnation of the actor.
//!
//! 1. An incarnation's actix context has a mailbox of its own that nobody can reach. Its
//!    [`Pump`], the first future spawned on it, takes the messages from the front instead.
//! 2. The pump has the front on loan. It gives it back in its drop, so also when the incarnation
//!    ends in a panic; the next incarnation takes it up where it was left.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Poll, Waker};

use actix::dev::channel::{AddressReceiver, channel};
use actix::dev::{AsyncContextParts, ContextParts, EnvelopeProxy};
use actix::fut::ActorFuture;
use actix::{Actor, Addr, AsyncContext, Context};
use futures::Stream;

use super::actor_child::Signal;
use crate::context::drop_caught;
use crate::supervise::Level;

/// How many `send`s are queued before their futures wait; actix's own number.
const CAPACITY: usize = 16;

/// What has come for an actor. Its drop drops message by message, each caught: one bad drop must
/// not keep the askers of the others waiting.
struct Mail<A: Actor<Context = Context<A>>>(AddressReceiver<A>);

impl<A: Actor<Context = Context<A>>> Drop for Mail<A> {
    fn drop(&mut self) {
        let mut cx = task::Context::from_waker(Waker::noop());
        // More than this are sent faster than they can be dropped.
        for _ in 0..1 << 20 {
            match Pin::new(&mut self.0).poll_next(&mut cx) {
                Poll::Ready(Some(message)) => drop_caught(message),
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
    }
}

type Slot<A> = Arc<Mutex<Option<Mail<A>>>>;

/// Poisoning means nothing here: no code of a user runs under this lock.
fn lock<A: Actor<Context = Context<A>>>(slot: &Slot<A>) -> MutexGuard<'_, Option<Mail<A>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The mailbox of a supervised actor, while no incarnation has it on loan.
pub(super) struct Front<A: Actor<Context = Context<A>>> {
    slot: Slot<A>,
}

impl<A: Actor<Context = Context<A>>> Front<A> {
    /// A front, and the address that leads to it.
    pub(super) fn new() -> (Addr<A>, Self) {
        let (sender, receiver) = channel(CAPACITY);
        let slot = Arc::new(Mutex::new(Some(Mail(receiver))));
        (Addr::new(sender), Self { slot })
    }

    /// Lends the front to an incarnation.
    pub(super) fn lend(&self, signal: &Arc<Signal>) -> Loan<A> {
        Loan {
            slot: Arc::clone(&self.slot),
            signal: Arc::clone(signal),
        }
    }
}

/// The right of one incarnation to the front.
pub(super) struct Loan<A: Actor<Context = Context<A>>> {
    slot: Slot<A>,
    signal: Arc<Signal>,
}

impl<A: Actor<Context = Context<A>>> Loan<A> {
    /// A context whose address is that of the front; none where the child is gone.
    pub(super) fn context(self) -> Option<Context<A>> {
        let mail = lock(&self.slot).take()?;
        let mut context = Context::new();
        *context.parts() = ContextParts::new(mail.0.sender_producer());
        context.spawn(Pump {
            mail: Some(mail),
            slot: self.slot,
            signal: self.signal,
        });
        Some(context)
    }
}

/// Has the actor handle what comes to its front.
struct Pump<A: Actor<Context = Context<A>>> {
    mail: Option<Mail<A>>,
    slot: Slot<A>,
    signal: Arc<Signal>,
}

impl<A: Actor<Context = Context<A>>> Pump<A> {
    /// How many messages are handled before other tasks of the arbiter have their turn.
    const TURN: usize = 256;
}

impl<A: Actor<Context = Context<A>>> Unpin for Pump<A> {}

impl<A: Actor<Context = Context<A>>> ActorFuture<A> for Pump<A> {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        actor: &mut A,
        ctx: &mut Context<A>,
        cx: &mut task::Context<'_>,
    ) -> Poll<()> {
        let this = &mut *self;
        let Some(mail) = &mut this.mail else {
            return Poll::Ready(());
        };
        for _ in 0..Self::TURN {
            this.signal.heed(ctx);
            // So too where a handler has it wait for a future.
            if ctx.waiting() {
                return Poll::Pending;
            }
            match Pin::new(&mut mail.0).poll_next(cx) {
                Poll::Ready(Some(mut message)) => message.handle(actor, ctx),
                // Without the pump the actor ends as one without addresses: when no future of it
                // is left.
                Poll::Ready(None) | Poll::Pending if this.signal.level() == Level::Close => {
                    return Poll::Ready(());
                }
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<A: Actor<Context = Context<A>>> Drop for Pump<A> {
    fn drop(&mut self) {
        *lock(&self.slot) = self.mail.take();
    }
}
