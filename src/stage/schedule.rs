//! When stages take their turns, where a test has a seed decide; else, and without the feature
//! `testing`, when they are woken.

use std::future::Future;
use std::pin::pin;
use std::task::Context;

/// Wakes the task behind all that can run now, when the runtime has looked at timers and I/O; waking itself
/// would keep it from doing so.
pub(crate) fn yield_once(cx: &mut Context<'_>) {
    let _ = pin!(tokio::task::yield_now()).poll(cx);
}

#[cfg(not(feature = "testing"))]
mod unseeded {
    use std::task::Context;

    /// Whether a turn that could begin now is put off.
    #[inline]
    pub(crate) fn puts_off(_: &mut Context<'_>) -> bool {
        false
    }

    /// Whether the turn is over, where the clock does not decide.
    #[inline]
    pub(crate) fn ends_turn() -> Option<bool> {
        None
    }

    /// Whether a seed decides here.
    #[inline]
    pub(crate) fn is_drawn() -> bool {
        false
    }
}

#[cfg(not(feature = "testing"))]
pub(crate) use unseeded::{ends_turn, is_drawn, puts_off};

#[cfg(feature = "testing")]
pub(crate) use seeded::{Scheduled, ends_turn, is_drawn, puts_off};

#[cfg(feature = "testing")]
mod seeded {
    use std::cell::RefCell;
    use std::fmt;
    use std::task::Context;

    use fastrand::Rng;

    thread_local! {
        static SCHEDULE: RefCell<Option<Rng>> = const { RefCell::new(None) };
    }

    fn drawn(draw: impl FnOnce(&mut Rng) -> bool) -> Option<bool> {
        let drawn = |schedule: &RefCell<Option<Rng>>| schedule.borrow_mut().as_mut().map(draw);
        SCHEDULE.try_with(drawn).ok()?
    }

    /// Whether a turn that could begin now is put off: behind all that can run now.
    pub(crate) fn puts_off(cx: &mut Context<'_>) -> bool {
        let put_off = drawn(|rng| rng.bool()).unwrap_or(false);
        if put_off {
            super::yield_once(cx);
        }
        put_off
    }

    /// Whether the turn is over, where the clock does not decide.
    pub(crate) fn ends_turn() -> Option<bool> {
        drawn(|rng| rng.u8(..4) == 0)
    }

    /// Whether a seed decides here.
    pub(crate) fn is_drawn() -> bool {
        drawn(|_| true).is_some()
    }

    /// This thread with a seeded schedule, for as long as this lives.
    pub(crate) struct Scheduled {
        before: Option<Rng>,
    }

    impl Scheduled {
        pub(crate) fn by(seed: u64) -> Self {
            let rng = Some(Rng::with_seed(seed));
            // The jitter of backoffs is drawn from it.
            fastrand::seed(seed);
            let before = SCHEDULE.with(|schedule| schedule.replace(rng));
            Self { before }
        }
    }

    impl fmt::Debug for Scheduled {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Scheduled")
        }
    }

    impl Drop for Scheduled {
        fn drop(&mut self) {
            let before = self.before.take();
            let _ = SCHEDULE.try_with(|schedule| schedule.replace(before));
        }
    }
}
