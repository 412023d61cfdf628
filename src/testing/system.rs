//! Systems to run a test in.

use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use actix_rt::{System, SystemRunner};
use tokio::runtime::Builder;

use super::LeakCheck;
use super::limit::within;
use crate::stage::Scheduled;

/// The longest that a test may wait, by a clock that jumps.
const LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest that a test may wait, by the clock of the world.
const REAL_LIMIT: Duration = Duration::from_secs(60);

/// A `PausedSystem` is an actix System whose clock stands still while anything can run, and else jumps
/// to the next timer.
///
/// Waiting costs no time, and timers are exact. One arbiter only: what runs on other threads does not
/// hold the clock, except closures of [`map_blocking`](crate::Source::map_blocking).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use actix_flow::prelude::*;
/// use tokio::time::Instant;
///
/// #[actix_rt::test(system = "actix_flow::testing::PausedSystem")]
/// # async fn not_run() {}
/// # fn main() { actix_flow::testing::PausedSystem::new().block_on(ticks_come_every_hour()); }
/// async fn ticks_come_every_hour() {
///     let start = Instant::now();
///     let hour = Duration::from_secs(3600);
///     let flow = Source::ticks(hour).take(3).count();
///     flow.run(&FlowContext::background()).expect("it starts").await.expect("it completes");
///     assert_eq!(start.elapsed(), 2 * hour);
/// }
/// ```
#[derive(Debug)]
pub struct PausedSystem;

impl PausedSystem {
    /// Makes a System to block on.
    ///
    /// # Panics
    ///
    /// If no runtime can be built.
    #[expect(
        clippy::new_ret_no_self,
        reason = "actix_rt::test calls it so, as it does `System::new`"
    )]
    pub fn new() -> SystemRunner {
        System::with_tokio_rt(|| {
            let mut builder = Builder::new_current_thread();
            builder.enable_all().start_paused(true);
            builder.build().expect("a runtime can be built")
        })
    }
}

/// A `TestSystem` runs a test in an actix System of its own, with a check for leaks and panics.
///
/// The test is a closure that gives a future. When that is over, and dropped, all that the test has
/// made must be gone or go, and nothing may have panicked; [`LeakCheck`] says what is meant by that,
/// and where it ends.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing::TestSystem;
///
/// TestSystem::paused().expecting_panics().run(|| async {
///     let flow = Source::from_iter([2u64, 0]).map(|n| 10 / n).count();
///     let running = flow.run(&FlowContext::background()).expect("it starts");
///     let error = running.await.expect_err("it fails");
///     assert!(matches!(error.cause(), Some(Cause::Panicked { .. })));
/// });
/// ```
#[derive(Clone, Debug)]
#[must_use = "it runs nothing before `run`"]
pub struct TestSystem {
    paused: bool,
    limit: Duration,
    real_limit: Duration,
    panics_expected: bool,
    seed: Option<u64>,
}

impl TestSystem {
    /// A System with a clock that is paused, as that of [`PausedSystem`]. Its limit is a day, which
    /// passes at once in a test that waits for what will never come; one that never waits has a minute of
    /// the world's clock.
    pub fn paused() -> Self {
        Self {
            paused: true,
            limit: LIMIT,
            real_limit: REAL_LIMIT,
            panics_expected: false,
            seed: None,
        }
    }

    /// A System with the clock of the world, for tests with several arbiters. Its limit is a minute.
    pub fn real() -> Self {
        Self {
            paused: false,
            limit: REAL_LIMIT,
            real_limit: REAL_LIMIT,
            panics_expected: false,
            seed: None,
        }
    }

    /// Sets how long the test may take.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets how long it may take by the clock of the world, too.
    pub(super) fn within_real(mut self, limit: Duration) -> Self {
        self.real_limit = limit;
        self
    }

    /// Lets panics of actors pass: the test is about them.
    pub fn expecting_panics(mut self) -> Self {
        self.panics_expected = true;
        self
    }

    /// Has a seed decide in which order stages take their turns, and how long these are.
    ///
    /// Before each turn a stage may let all others run that can, and may again. Where all of the flow is
    /// on one arbiter and the clock is paused the same seed gives the same run;
    /// [`schedules`](super::schedules) tries many.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use actix_flow::testing::TestSystem;
    ///
    /// /// The order in which two inputs come together.
    /// fn merged(seed: u64) -> Vec<u64> {
    ///     TestSystem::paused().scheduled(seed).run(|| async {
    ///         let flow = Source::from_iter(0..50u64).merge(Source::from_iter(50..100)).collect();
    ///         flow.run(&FlowContext::background()).expect("it starts").await.expect("it completes")
    ///     })
    /// }
    ///
    /// assert_eq!(merged(1), merged(1));
    /// assert!((2..9).any(|seed| merged(seed) != merged(1)));
    /// ```
    pub fn scheduled(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Has a seed decide within a test.
    pub(super) async fn schedule<F: Future>(seed: u64, future: F) -> F::Output {
        let _scheduled = Scheduled::by(seed);
        future.await
    }

    /// Runs a test.
    ///
    /// # Panics
    ///
    /// If the test does, does not end within its limit, leaves something alive, or if anything in it
    /// panicked.
    #[track_caller]
    pub fn run<F: Future>(&self, test: impl FnOnce() -> F) -> F::Output {
        let system = if self.paused {
            PausedSystem::new()
        } else {
            System::new()
        };
        let at = Location::caller();
        let _scheduled = self.seed.map(Scheduled::by);
        system.block_on(async {
            let mut check = LeakCheck::new();
            if self.panics_expected {
                check = check.expecting_panics();
            }
            let Some(output) = within(self.limit, self.limit.min(self.real_limit), test()).await
            else {
                panic!("the test at {at} waits for what does not come");
            };
            check.clean(at).await;
            output
        })
    }
}

/// Runs a test in a [`TestSystem`] with a clock that is paused.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing;
///
/// testing::system(|| async {
///     let flow = Source::from_iter(0..3u64).count();
///     let running = flow.run(&FlowContext::background()).expect("it starts");
///     assert_eq!(running.await.expect("it completes"), 3);
/// });
/// ```
///
/// # Panics
///
/// As [`TestSystem::run`].
#[track_caller]
pub fn system<F: Future>(test: impl FnOnce() -> F) -> F::Output {
    TestSystem::paused().run(test)
}
