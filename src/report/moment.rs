//! Points in time, as one number: what is counted in every turn adds and compares them.
//!
//! They are read off the processor's own counter where that runs steadily, at less than half of the cost
//! of the system's clock. What its rate is was measured once, to some 0.01 %: enough for shares of time and
//! the length of turns. Deadlines and graces go by the system's clock.

use std::ops::Add;
use std::sync::OnceLock;
use std::time::Duration;

use quanta::Clock;

/// Nanoseconds since some moment of this process, the same for all its threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    #[inline]
    pub(crate) fn now() -> Self {
        static START: OnceLock<(Clock, u64)> = OnceLock::new();
        let (clock, start) = START.get_or_init(|| {
            let clock = Clock::new();
            let start = clock.raw();
            (clock, start)
        });
        Self(clock.delta_as_nanos(*start, clock.raw()))
    }

    /// How many nanoseconds it is after `earlier`; 0 if it is not.
    #[inline]
    pub(crate) fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0.saturating_add(nanos(time)))
    }
}

/// Five centuries at most: no wider number is needed.
#[inline]
fn nanos(time: Duration) -> u64 {
    let seconds = time.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(time.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_apart_by_what_was_added() {
        let now = Moment::now();
        let later = now + Duration::new(2, 5);
        assert_eq!(later.nanos_since(now), 2_000_000_005);
        assert_eq!(now.nanos_since(later), 0);
        assert!(now + Duration::MAX > later && Moment::now() >= now);
    }
}
