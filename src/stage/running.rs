//! Futures that run side by side in one stage: those that were woken are polled, in that order.
//!
//! 1. A future is polled once for all the wake-ups before that poll, and one that wakes itself waits for
//!    the next round: no other is passed over.
//! 2. A slot keeps its memory and its waker from one future to the next. A waker that outlives its future
//!    wakes the next one in the slot for nothing.
//! 3. The futures catch what panics in their polls; one that let it out would not be polled again.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::AtomicWaker;

/// Who was woken, and the task that polls them.
#[derive(Default)]
struct Woken {
    slots: Mutex<VecDeque<usize>>,
    task: AtomicWaker,
}

impl Woken {
    fn lock(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What wakes the future in one slot.
struct Alarm {
    slot: usize,
    /// Whether the slot is queued to be polled.
    rung: AtomicBool,
    woken: Arc<Woken>,
}

impl Alarm {
    /// Says whether the slot is to be queued. What was done before a wake-up is seen by the poll after it,
    /// also where the slot was queued by another: the poll begins with such a swap too.
    fn ring(&self) -> bool {
        !self.rung.swap(true, Ordering::AcqRel)
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.ring() {
            self.woken.lock().push_back(self.slot);
            self.woken.task.wake();
        }
    }
}

struct Slot<F> {
    future: Pin<Box<Option<F>>>,
    alarm: Arc<Alarm>,
    waker: Waker,
}

/// Futures that run.
pub(super) struct Running<F> {
    slots: Vec<Slot<F>>,
    free: Vec<usize>,
    woken: Arc<Woken>,
    /// Slots that are polled in this round.
    due: VecDeque<usize>,
}

impl<F: Future> Running<F> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            woken: Arc::default(),
            due: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a future, which is polled in the next round, or in this one.
    pub(super) fn push(&mut self, future: F) {
        let slot = self.free.pop().unwrap_or_else(|| self.add_slot());
        let Slot {
            future: place,
            alarm,
            ..
        } = &mut self.slots[slot];
        place.set(Some(future));
        if alarm.ring() {
            self.due.push_back(slot);
        }
    }

    fn add_slot(&mut self) -> usize {
        let slot = self.slots.len();
        let alarm = Arc::new(Alarm {
            slot,
            rung: AtomicBool::new(false),
            woken: Arc::clone(&self.woken),
        });
        self.slots.push(Slot {
            future: Box::pin(None),
            waker: Waker::from(Arc::clone(&alarm)),
            alarm,
        });
        slot
    }

    /// Begins a round with all that were woken; what is woken from now on wakes the task.
    pub(super) fn begin_round(&mut self, cx: &Context<'_>) {
        // Registered first: who is queued after the look below wakes the task.
        self.woken.task.register(cx.waker());
        self.due.append(&mut self.woken.lock());
    }

    /// Whether another is to be polled in this round.
    pub(super) fn is_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// Polls the next one of this round; gives its output if it has ended. Its drop is in here too.
    pub(super) fn poll_due(&mut self) -> Option<F::Output> {
        let slot = self.due.pop_front()?;
        let Slot {
            future,
            alarm,
            waker,
        } = &mut self.slots[slot];
        // Before the poll: a wake-up during it is for the next one.
        alarm.rung.swap(false, Ordering::AcqRel);
        // None where a waker has outlived its future.
        let polled = future.as_mut().as_pin_mut()?;
        let Poll::Ready(output) = polled.poll(&mut Context::from_waker(waker)) else {
            return None;
        };
        // First, so that a drop that panics takes no slot with it.
        self.free.push(slot);
        future.set(None);
        Some(output)
    }

    /// Drops all futures.
    pub(super) fn clear(&mut self) {
        // A waker that outlives its future would keep the memory of the task.
        drop(self.woken.task.take());
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::future::{Ready, poll_fn, ready};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::rc::Rc;

    use futures::future::{FutureExt, LocalBoxFuture};
    use futures::task::noop_waker;

    use super::*;

    fn round<F: Future>(running: &mut Running<F>) -> Vec<F::Output> {
        running.begin_round(&Context::from_waker(&noop_waker()));
        let mut ended = Vec::new();
        while running.is_due() {
            ended.extend(running.poll_due());
        }
        ended
    }

    #[test]
    fn futures_are_polled_in_the_order_in_which_they_were_woken() {
        let (wakers, polled) = (
            Rc::new(RefCell::new(Vec::new())),
            Rc::new(RefCell::new(Vec::new())),
        );
        let mut running = Running::new();
        for n in 0..40 {
            let (wakers, polled) = (Rc::clone(&wakers), Rc::clone(&polled));
            running.push(poll_fn(move |cx: &mut Context<'_>| {
                polled.borrow_mut().push(n);
                wakers.borrow_mut().push(cx.waker().clone());
                Poll::<()>::Pending
            }));
        }
        assert!(round(&mut running).is_empty());
        assert_eq!(polled.take(), (0..40).collect::<Vec<_>>());
        let wakers = wakers.take();
        for n in [30, 3, 30, 12] {
            wakers[n].wake_by_ref();
        }
        assert!(round(&mut running).is_empty());
        assert_eq!(polled.take(), [30, 3, 12]);
    }

    #[test]
    fn r3_3_a_future_that_wakes_itself_is_polled_once_in_a_round() {
        let polls = Rc::new(Cell::new(0));
        let seen = Rc::clone(&polls);
        let mut running = Running::new();
        running.push(poll_fn(move |cx: &mut Context<'_>| {
            seen.set(seen.get() + 1);
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        for expected in 1..4 {
            assert!(round(&mut running).is_empty());
            assert_eq!(polls.get(), expected);
        }
    }

    #[test]
    fn a_slot_is_used_again_and_a_waker_of_its_last_future_does_no_harm() {
        let old = Rc::new(RefCell::new(None));
        let kept = Rc::clone(&old);
        let mut running: Running<LocalBoxFuture<'static, u32>> = Running::new();
        running.push(
            poll_fn(move |cx| {
                *kept.borrow_mut() = Some(cx.waker().clone());
                Poll::Ready(1)
            })
            .boxed_local(),
        );
        assert_eq!(round(&mut running), [1]);
        let old = old.take().expect("it was polled");
        old.wake_by_ref();
        assert!(round(&mut running).is_empty() && running.is_empty());
        old.wake_by_ref();
        running.push(ready(2).boxed_local());
        old.wake_by_ref();
        assert_eq!(round(&mut running), [2]);
        assert_eq!((running.slots.len(), running.len()), (1, 0));
        running.clear();
        old.wake();
    }

    #[test]
    fn a_drop_that_panics_takes_no_slot_with_it() {
        struct Bomb;
        impl Future for Bomb {
            type Output = ();
            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
                Poll::Ready(())
            }
        }
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("expected: a drop");
            }
        }
        let mut running = Running::new();
        running.push(Bomb);
        running.begin_round(&Context::from_waker(&noop_waker()));
        let polled = catch_unwind(AssertUnwindSafe(|| running.poll_due()));
        assert!(polled.is_err() && running.is_empty());
    }

    #[test]
    fn what_a_round_left_is_polled_first_in_the_next() {
        let mut running: Running<Ready<u32>> = Running::new();
        (0..3).for_each(|n| running.push(ready(n)));
        running.begin_round(&Context::from_waker(&noop_waker()));
        assert_eq!(running.poll_due(), Some(0));
        running.push(ready(3));
        assert_eq!(round(&mut running), [1, 2, 3]);
    }
}
