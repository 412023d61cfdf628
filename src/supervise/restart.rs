//! What becomes of one that failed, as a function of the failure, its history and the time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::history::{History, Limit};
use crate::context::Cause;

/// A `Directive` says what becomes of a stage that failed, and of the item at which it did.
///
/// The words are those of Akka's supervision; retry is an addition.
///
/// | directive | the item | the state |
/// |---|---|---|
/// | stop | is lost with the stage, counted as failed | is dropped; the failure goes up |
/// | resume | is dropped, counted as failed | is kept |
/// | restart | is dropped, counted as failed | is made anew by the stage's factory |
/// | retry | is given to the stage again | is kept |
///
/// With all but stop the stage's edges, its queue and its credit are kept.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// let policy = RestartPolicy::decide(|cause| match cause {
///     Cause::Failed { error, .. } if error.is::<std::num::ParseIntError>() => Directive::Resume,
///     _ => Directive::Stop,
/// });
/// # drop(policy);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Directive {
    /// The stage ends, and its failure goes up.
    Stop,
    /// The stage goes on with the next item.
    Resume,
    /// The stage goes on with the next item and a new state.
    Restart,
    /// The stage goes on with the same item.
    Retry,
}

/// A `Strategy` says which others are restarted with the one that failed: the blast radius.
///
/// The words are those of OTP's supervisors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// Only the one that failed.
    #[default]
    OneForOne,
    /// The one that failed and all that depend on it: of a flow the stages downstream, of the
    /// children of a supervisor those started later.
    RestForOne,
    /// All.
    OneForAll,
}

/// Chooses a directive by the failure.
type Decide = Arc<dyn Fn(&Cause) -> Directive + Send + Sync>;

#[derive(Clone)]
enum Choice {
    Always(Directive),
    By(Decide),
}

/// A `RestartPolicy` answers failures: with which [`Directive`], how often, and how soon.
///
/// It is asked once for each failure. Where nothing else is said a restart and a retry happen at most
/// 10 times within a minute, the first after 10 milliseconds, each further one after twice the time
/// of the one before, up to 10 seconds, give or take a fifth. A resume happens at once and as often
/// as need be, unless a [`limit`](Self::limit) is set or the stage is a source, which has no item to
/// drop. Past the limit the failure goes up. A minute without a failure, or the limit's period, counted
/// from when it went on, begins the doubling anew.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use actix_flow::prelude::*;
///
/// let policy = RestartPolicy::restart()
///     .limit(3, Duration::from_secs(5))
///     .backoff(Duration::from_millis(50), Duration::from_secs(1))
///     .jitter(0.5);
/// # drop(policy);
/// ```
#[derive(Clone)]
#[must_use = "a policy does nothing by itself"]
pub struct RestartPolicy {
    choice: Choice,
    limit: Option<Limit>,
    first: Duration,
    most: Duration,
    jitter: f64,
}

impl fmt::Debug for RestartPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let choice = match &self.choice {
            Choice::Always(directive) => Some(directive),
            Choice::By(_) => None,
        };
        f.debug_struct("RestartPolicy")
            .field("always", &choice)
            .field("limit", &self.limit)
            .field("backoff", &(self.first..=self.most))
            .field("jitter", &self.jitter)
            .finish()
    }
}

impl RestartPolicy {
    fn new(choice: Choice) -> Self {
        Self {
            choice,
            limit: None,
            first: Duration::from_millis(10),
            most: Duration::from_secs(10),
            jitter: 0.2,
        }
    }

    /// Every failure goes up: what happens without a policy.
    pub fn stop() -> Self {
        Self::new(Choice::Always(Directive::Stop))
    }

    /// The item is dropped, and the next one taken.
    pub fn resume() -> Self {
        Self::new(Choice::Always(Directive::Resume))
    }

    /// The item is dropped, the state made anew, and the next item taken.
    pub fn restart() -> Self {
        Self::new(Choice::Always(Directive::Restart))
    }

    /// The same item is tried again.
    pub fn retry() -> Self {
        Self::new(Choice::Always(Directive::Retry))
    }

    /// Decides by the failure, a [`Cause::Failed`] or a [`Cause::Panicked`].
    ///
    /// The closure is called by the supervisor, between other messages: it must not block. If it
    /// panics, that is logged and the failure goes up.
    pub fn decide(decide: impl Fn(&Cause) -> Directive + Send + Sync + 'static) -> Self {
        Self::new(Choice::By(Arc::new(decide)))
    }

    /// Answers at most `most` failures `within` a time, resumes included; the next one goes up.
    ///
    /// With 0 every failure goes up. The waits of the [`backoff`](Self::backoff) are part of the time: a limit
    /// whose period is too short for so many waits is never reached.
    pub fn limit(mut self, most: u32, within: Duration) -> Self {
        self.limit = Some(Limit { most, within });
        self
    }

    /// Answers failures for ever.
    pub fn without_limit(self) -> Self {
        self.limit(u32::MAX, Duration::ZERO)
    }

    /// Waits `first` before a restart or a retry, and twice as long before each further one, up to
    /// `most`.
    ///
    /// Both can be zero. A `most` below `first` counts for both. Past a wait that the clock cannot
    /// represent nobody would go on: the failure goes up.
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.first = first.min(most);
        self.most = most;
        self
    }

    /// Spreads each wait by up to this share of it to either side, so that many that failed at once
    /// do not come back at once. Between 0 and 1; what is beyond counts as the nearer of them.
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        };
        self
    }

    /// Whether it always gives this directive.
    pub(crate) fn is_always(&self, directive: Directive) -> bool {
        matches!(self.choice, Choice::Always(always) if always == directive)
    }

    /// What to do about a failure. Code of a user runs here.
    pub(crate) fn directive(&self, cause: &Cause) -> Directive {
        match &self.choice {
            Choice::Always(directive) => *directive,
            Choice::By(decide) => decide(cause),
        }
    }

    /// After what time a directive is to be carried out; none where the failure goes up.
    ///
    /// `endless` says that a resume brings it no further, as that of a source that has no item to
    /// drop; `random` is between 0 and 1.
    pub(crate) fn delay(
        &self,
        history: &mut History,
        directive: Directive,
        endless: bool,
        now: Instant,
        random: f64,
    ) -> Option<Duration> {
        if directive == Directive::Stop {
            return None;
        }
        let resumes = directive == Directive::Resume && !endless;
        if resumes && self.limit.is_none() {
            return Some(Duration::ZERO);
        }
        let limit = self.limit.unwrap_or_default();
        if !history.admit(limit, now) {
            return None;
        }
        let wait = if resumes {
            Duration::ZERO
        } else {
            // No time is longer than a nanosecond doubled so often.
            let doublings = history.streak().saturating_sub(1).min(96);
            let wait = (0..doublings).fold(self.first, |wait, _| wait.saturating_mul(2));
            let wait = wait.min(self.most);
            let spread = 1.0 + self.jitter * (2.0 * random - 1.0);
            Duration::try_from_secs_f64(wait.as_secs_f64() * spread).unwrap_or(self.most)
        };
        history.goes_on(now.checked_add(wait));
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIDDLE: f64 = 0.5;

    fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn r6_4_waits_double_up_to_the_most_and_begin_anew_after_a_quiet_period() {
        let policy = RestartPolicy::retry()
            .limit(100, millis(1_000))
            .backoff(millis(10), millis(50));
        let mut history = History::default();
        let mut now = Instant::now();
        for expected in [10, 20, 40, 50, 50] {
            let wait = policy.delay(&mut history, Directive::Retry, false, now, MIDDLE);
            assert_eq!(wait, Some(millis(expected)));
            now += millis(500);
        }
        now += millis(551);
        let wait = policy.delay(&mut history, Directive::Retry, false, now, MIDDLE);
        assert_eq!(wait, Some(millis(10)));
    }

    #[test]
    fn r6_4_one_that_waits_is_not_quiet() {
        let policy = RestartPolicy::restart()
            .without_limit()
            .backoff(Duration::from_secs(1), Duration::from_secs(600));
        let (mut history, mut now) = (History::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait = policy.delay(&mut history, Directive::Restart, false, now, MIDDLE);
            let wait = wait.expect("there is no limit");
            waits.push(wait.as_secs());
            // It fails again as soon as it is up.
            now += wait;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    }

    #[test]
    fn r6_4_the_shortest_wait_doubles_up_to_the_most_too() {
        let hour = Duration::from_secs(3_600);
        let policy = RestartPolicy::retry()
            .without_limit()
            .backoff(Duration::from_nanos(1), hour);
        let (mut history, now) = (History::default(), Instant::now());
        let mut wait = || policy.delay(&mut history, Directive::Retry, false, now, MIDDLE);
        assert_eq!(wait(), Some(Duration::from_nanos(1)));
        assert_eq!((0..200).filter_map(|_| wait()).last(), Some(hour));
    }

    #[test]
    fn r6_4_past_the_limit_the_failure_goes_up_until_the_period_has_passed() {
        let policy = RestartPolicy::restart().limit(2, millis(100));
        let mut history = History::default();
        let start = Instant::now();
        let mut answered = |after: u64| {
            let now = start + millis(after);
            let wait = policy.delay(&mut history, Directive::Restart, false, now, MIDDLE);
            wait.is_some()
        };
        assert!(answered(0));
        assert!(answered(50));
        assert!(!answered(60));
        assert!(answered(101));
        assert!(!answered(110));
        assert!(answered(151));
    }

    #[test]
    fn r6_4_a_limit_of_none_lets_nothing_pass_and_no_limit_everything() {
        let now = Instant::now();
        let none = RestartPolicy::resume().limit(0, millis(100));
        assert_eq!(
            none.delay(
                &mut History::default(),
                Directive::Resume,
                false,
                now,
                MIDDLE
            ),
            None
        );
        let all = RestartPolicy::restart().without_limit();
        let mut history = History::default();
        for _ in 0..1_000 {
            let wait = all.delay(&mut history, Directive::Restart, false, now, MIDDLE);
            assert!(wait.is_some());
        }
        let resume = RestartPolicy::resume();
        for _ in 0..1_000 {
            let wait = resume.delay(&mut history, Directive::Resume, false, now, MIDDLE);
            assert_eq!(wait, Some(Duration::ZERO));
        }
        let stop = RestartPolicy::stop();
        assert_eq!(
            stop.delay(&mut history, Directive::Stop, false, now, MIDDLE),
            None
        );
    }

    proptest! {
        #[test]
        fn r6_4_no_more_failures_are_answered_within_the_period_than_the_limit_says(
            most in 0u32..6,
            within in 1u64..200,
            gaps in proptest::collection::vec(0u64..100, 0..60),
        ) {
            let policy = RestartPolicy::retry().limit(most, millis(within));
            let mut history = History::default();
            let (mut now, mut answered) = (Instant::now(), Vec::new());
            for gap in gaps {
                now += millis(gap);
                if policy.delay(&mut history, Directive::Retry, false, now, MIDDLE).is_some() {
                    answered.push(now);
                }
                let recent = answered.iter().filter(|&&then| now - then <= millis(within));
                prop_assert!(recent.count() <= most as usize);
            }
        }

        #[test]
        fn r6_4_jitter_stays_within_its_share(share in 0.0f64..=1.0, random in 0.0f64..1.0) {
            let policy = RestartPolicy::retry()
                .backoff(millis(100), millis(100))
                .jitter(share);
            let now = Instant::now();
            let wait = policy.delay(&mut History::default(), Directive::Retry, false, now, random);
            let wait = wait.expect("the first is within the limit").as_secs_f64();
            prop_assert!((wait - 0.1).abs() <= 0.1 * share + 1e-9);
        }
    }
}
