//! Whether a stage that has nothing to do looks again before it lets its thread sleep.
//!
//! To wake a thread that sleeps takes some 10 µs, on a virtual machine 50: more than what hundreds of items
//! cost that are handed over. So a stage whose last wait was ended by a message from another thread, soon
//! after it had begun, looks again for as long as a wake-up may take, once in each round of its runtime, which
//! looks at timers, I/O and other tasks in between. A wait that takes longer is slept through, and so is the
//! next: a flow with little to do costs nothing. That is the spin-then-park of locks, and what Go's scheduler
//! does before it puts a thread to sleep.
//!
//! Where who is waited for cannot run meanwhile, since others have the cores, spinning is in vain; each time
//! that it was, twice as many waits of the stages on that thread are slept through.

use std::cell::Cell;
use std::sync::OnceLock;
use std::thread::available_parallelism;

use super::schedule;

/// How many nanoseconds, at most.
const SPIN: u64 = 30_000;
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
    /// How many that were after it had last been in vain; 0 since it was not.
    skipped: u16,
}

/// What a stage has learned of its waits.
#[derive(Debug, Default)]
pub(super) struct Spin {
    /// Whether spinning would have covered the last wait.
    pays: bool,
    on: bool,
}

impl Spin {
    /// Notes that a wait of so many nanoseconds was ended: from another thread, or else.
    pub(super) fn end(&mut self, waited: u64, from_afar: bool) {
        self.pays = from_afar && self.covers(waited);
        if std::mem::take(&mut self.on) {
            let skipped = if self.pays {
                0
            } else {
                (VAIN.get().skipped * 2).clamp(1, MOST_SKIPPED)
            };
            VAIN.set(Vain {
                skip: skipped,
                skipped,
            });
        }
    }

    /// Begins a wait.
    pub(super) fn begin(&mut self, is_sensible: impl FnOnce() -> bool) {
        if self.pays {
            let vain = VAIN.get();
            self.on = vain.skip == 0 && is_sensible();
            let skip = vain.skip.saturating_sub(1);
            VAIN.set(Vain { skip, ..vain });
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Whether it goes on after so many nanoseconds.
    pub(super) fn covers(&self, waited: u64) -> bool {
        waited <= SPIN
    }
}

/// Whether another thread can run at the same time, and no run by a seed would depend on time.
pub(super) fn is_sensible() -> bool {
    static CORES: OnceLock<usize> = OnceLock::new();
    let cores = CORES.get_or_init(|| available_parallelism().map_or(1, usize::from));
    *cores > 1 && !schedule::is_drawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it spins in its next wait, after one that has ended.
    fn spins_after(spin: &mut Spin, waited: u64, from_afar: bool) -> bool {
        spin.end(waited, from_afar);
        spin.begin(|| true);
        spin.is_on()
    }

    /// On a thread that has learned nothing.
    fn fresh() -> Spin {
        VAIN.take();
        Spin::default()
    }

    /// How many short waits are slept through before it spins.
    fn slept_through(spin: &mut Spin) -> usize {
        (0..).take_while(|_| !spins_after(spin, 1, true)).count()
    }

    #[test]
    fn it_spins_after_a_short_wait_for_another_thread() {
        let mut spin = fresh();
        spin.begin(|| true);
        assert!(!spin.is_on(), "nothing is known of its waits");
        assert!(!spins_after(&mut spin, 1, false));
        assert!(!spins_after(&mut spin, SPIN + 1, true));
        assert!(spins_after(&mut spin, SPIN, true));
        assert!(spins_after(&mut spin, 0, true));
        spin.end(0, true);
        spin.begin(|| false);
        assert!(!spin.is_on(), "no other thread can run");
    }

    #[test]
    fn it_spins_no_longer_than_a_wait_that_it_would_have_covered() {
        let spin = fresh();
        assert!(spin.covers(SPIN) && !spin.covers(SPIN + 1));
    }

    #[test]
    fn after_spinning_in_vain_twice_as_many_waits_are_slept_through_each_time() {
        let mut spin = fresh();
        let slept: Vec<usize> = (0..13)
            .map(|_| {
                let slept = slept_through(&mut spin);
                spin.end(SPIN + 1, true);
                slept
            })
            .collect();
        let expected = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024];
        assert_eq!(slept, expected);
    }

    #[test]
    fn a_stage_learns_from_those_before_it_on_its_thread() {
        let mut spin = fresh();
        for _ in 0..4 {
            slept_through(&mut spin);
            spin.end(SPIN + 1, true);
        }
        let mut other = Spin::default();
        assert_eq!(slept_through(&mut other), 8);
    }

    #[test]
    fn spinning_that_was_not_in_vain_makes_up_for_all_that_was() {
        let mut spin = fresh();
        for _ in 0..5 {
            slept_through(&mut spin);
            spin.end(SPIN + 1, true);
        }
        assert_eq!(slept_through(&mut spin), 16);
        assert_eq!(slept_through(&mut spin), 0, "it was not in vain");
        spin.end(SPIN + 1, true);
        assert_eq!(slept_through(&mut spin), 1);
    }

    #[cfg(feature = "testing")]
    #[test]
    fn by_a_seed_nobody_spins() {
        let _scheduled = schedule::Scheduled::by(7);
        assert!(!is_sensible());
    }
}
