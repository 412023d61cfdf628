//! How often one failed lately, as a function of time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How many failures may be answered within which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) most: u32,
    pub(super) within: Duration,
}

impl Default for Limit {
    fn default() -> Self {
        Self {
            most: 10,
            within: Duration::from_secs(60),
        }
    }
}

/// The failures of one that is supervised.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// When those within the limit's period were.
    recent: VecDeque<Instant>,
    /// How many there were since the last quiet period.
    streak: u32,
    /// When it went on, or will, after the last one.
    up: Option<Instant>,
}

impl History {
    /// Notes a failure; says whether the limit allows it.
    pub(super) fn admit(&mut self, limit: Limit, now: Instant) -> bool {
        let age = |then: Instant| now.saturating_duration_since(then);
        // Without a limit there is no period that it could be.
        let quiet = if limit.within.is_zero() {
            Limit::default().within
        } else {
            limit.within
        };
        if self.up.is_some_and(|up| age(up) > quiet) {
            self.streak = 0;
        }
        while self
            .recent
            .front()
            .is_some_and(|&then| age(then) > limit.within)
        {
            self.recent.pop_front();
        }
        if self.recent.len() >= limit.most as usize {
            return false;
        }
        if limit.most < u32::MAX {
            self.recent.push_back(now);
        }
        self.up = Some(now);
        self.streak = self.streak.saturating_add(1);
        true
    }

    /// It goes on only then: until then it cannot fail, and is not quiet.
    pub(super) fn goes_on(&mut self, then: Option<Instant>) {
        self.up = then.or(self.up);
    }

    /// How many failures there were since the last quiet period.
    pub(super) fn streak(&self) -> u32 {
        self.streak
    }
}
