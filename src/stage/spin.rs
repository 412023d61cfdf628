//! Whether a stage that has nothing to do looks again before it lets its thread sleep.
//!
//! To wake a thread that sleeps takes some 10 µs, on a virtual machine 50: more than what hundreds of items
//! cost that are handed over. So a stage whose last wait was ended by a message from another thread, soon
//! after it had begun, looks again for as long as a wake-up may take, once in each round of its runtime, which
//! looks at timers, I/O and other tasks in between. A wait that takes longer is slept through, and so is the
//! next. That is the spin-then-park of locks, and what Go's scheduler does before it puts a thread to sleep.
//!
//! Two threads on one core hand over by sleeping, as cheaply as can be; so nobody spins for a thread that was
//! last seen on its own core. Where who is waited for cannot run since others have the cores, spinning is in
//! vain; each time that it was, twice as many waits of the stages on that thread are slept through, and half as
//! many each time that it was not.

use std::cell::Cell;

use super::schedule;

/// How many nanoseconds, at most.
const SPIN: u64 = 50_000;
/// The most waits that are slept through after spinning was in vain.
const MOST_SKIPPED: u16 = 1024;

thread_local! {
    /// What the stages of this thread have learned: a flow can be over before one by itself has learned much.
    static VAIN: Cell<Vain> = const { Cell::new(Vain { skip: 0, skipped: 0 }) };
}

/// How spinning has gone on a thread.
#[derive(Clone, Copy, Debug, Default)]
struct Vain {
    /// How many waits are slept through before it is tried again.
    skip: u16,
    /// How many that were after the last time that it was tried.
    skipped: u16,
}

impl Vain {
    /// Notes how it has gone once more.
    fn note(vain: bool) {
        let before = VAIN.get().skipped;
        let skipped = if vain {
            (before * 2).clamp(1, MOST_SKIPPED)
        } else {
            before / 2
        };
        VAIN.set(Self {
            skip: skipped,
            skipped,
        });
    }

    /// Whether to try it in a wait that begins.
    fn tries() -> bool {
        let vain = VAIN.get();
        let skip = vain.skip.saturating_sub(1);
        VAIN.set(Self { skip, ..vain });
        vain.skip == 0
    }
}

/// What a stage has learned of its waits.
#[derive(Debug, Default)]
pub(super) struct Spin {
    /// Whether spinning would have covered the last wait.
    pays: bool,
    on: bool,
    /// Whether it has spun in vain, and the wait for the other thread goes on.
    given_up: bool,
}

impl Spin {
    /// Notes what ended a wait of so many nanoseconds: a message of another thread, which is on another core
    /// or not, or something else.
    pub(super) fn end(&mut self, waited: u64, message: Option<bool>) {
        let short = waited <= SPIN && !self.given_up;
        self.pays = short && message == Some(true);
        let spun = std::mem::take(&mut self.on);
        if message.is_some() {
            self.given_up = false;
            if spun {
                Vain::note(!self.pays);
            }
        }
    }

    /// Begins a wait. A run by a seed would depend on time if it spun.
    pub(super) fn begin(&mut self) {
        self.on = self.pays && !schedule::is_drawn() && Vain::tries();
    }

    /// Whether it learns from the end of a wait, whatever that is.
    #[inline]
    pub(super) fn is_watching(&self) -> bool {
        self.pays || self.given_up
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Whether it goes on after so many nanoseconds; if not, it was in vain. Then the stage has to take a turn
    /// before it sleeps: what else has woken it meanwhile was not looked at.
    pub(super) fn goes_on(&mut self, waited: u64) -> bool {
        if waited > SPIN {
            self.on = false;
            self.given_up = true;
            Vain::note(true);
        }
        self.on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a thread that has learned nothing.
    fn fresh() -> Spin {
        VAIN.take();
        Spin::default()
    }

    /// Whether it spins in its next wait, after one that a message has ended.
    fn spins_after(spin: &mut Spin, waited: u64, beside: bool) -> bool {
        spin.end(waited, Some(beside));
        spin.begin();
        spin.is_on()
    }

    /// How many short waits are slept through before it spins.
    fn slept_through(spin: &mut Spin) -> usize {
        (0..).take_while(|_| !spins_after(spin, 1, true)).count()
    }

    /// Spins in vain, and has the turn that follows. The message comes soon after.
    fn spin_in_vain(spin: &mut Spin) {
        assert!(spin.is_on() && spin.goes_on(SPIN) && !spin.goes_on(SPIN + 1));
        spin.end(SPIN + 1, None);
        spin.begin();
        assert!(!spin.is_on());
        assert!(!spins_after(spin, 1, true), "it was a long wait");
    }

    fn four_times_in_vain() -> Spin {
        let mut spin = fresh();
        for _ in 0..4 {
            slept_through(&mut spin);
            spin_in_vain(&mut spin);
        }
        spin
    }

    #[test]
    fn it_spins_after_a_short_wait_for_a_thread_beside_it() {
        let mut spin = fresh();
        spin.begin();
        assert!(!spin.is_on(), "nothing is known of its waits");
        assert!(!spins_after(&mut spin, 1, false));
        assert!(!spins_after(&mut spin, SPIN + 1, true));
        assert!(spins_after(&mut spin, SPIN, true));
        assert!(spins_after(&mut spin, 0, true));
    }

    #[test]
    fn after_spinning_in_vain_twice_as_many_waits_are_slept_through_each_time() {
        let mut spin = fresh();
        let slept: Vec<usize> = (0..13)
            .map(|_| {
                let slept = slept_through(&mut spin);
                spin_in_vain(&mut spin);
                slept
            })
            .collect();
        let expected = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024];
        assert_eq!(slept, expected);
    }

    #[test]
    fn a_wait_that_a_thread_on_this_core_ended_was_in_vain() {
        let mut spin = fresh();
        assert_eq!(slept_through(&mut spin), 0);
        spin.end(1, Some(false));
        assert_eq!(slept_through(&mut spin), 1);
    }

    #[test]
    fn nothing_is_learned_of_a_wait_that_no_other_thread_ended() {
        let mut spin = fresh();
        assert_eq!(slept_through(&mut spin), 0);
        spin.end(1, None);
        spin.begin();
        assert!(!spin.is_on());
        assert_eq!(slept_through(&mut spin), 0);
    }

    #[test]
    fn a_stage_learns_from_those_before_it_on_its_thread() {
        four_times_in_vain();
        let mut other = Spin::default();
        assert_eq!(slept_through(&mut other), 8);
    }

    #[test]
    fn after_spinning_that_was_not_in_vain_half_as_many_are_slept_through() {
        let mut spin = four_times_in_vain();
        let slept: Vec<usize> = (0..6).map(|_| slept_through(&mut spin)).collect();
        assert_eq!(slept, [8, 4, 2, 1, 0, 0]);
    }

    #[cfg(feature = "testing")]
    #[test]
    fn by_a_seed_nobody_spins() {
        let mut spin = fresh();
        assert!(spins_after(&mut spin, 1, true));
        let _scheduled = schedule::Scheduled::by(7);
        assert!(!spins_after(&mut spin, 1, true));
    }
}
