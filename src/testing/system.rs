//! Systems to run a test in.

use std::future::Future;
use std::time::Duration;

use actix_rt::{System, SystemRunner};
use tokio::runtime::Builder;

/// The longest that a test may wait, by a clock that jumps.
const LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

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
///     flow.run(&FlowContext::background()).unwrap().await.unwrap();
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

/// Runs a test in a [`PausedSystem`].
///
/// A test that waits for what will never come fails at once: the clock jumps to its limit.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing;
///
/// testing::system(|| async {
///     let flow = Source::from_iter(0..3u64).count();
///     assert_eq!(flow.run(&FlowContext::background()).unwrap().await.unwrap(), 3);
/// });
/// ```
///
/// # Panics
///
/// If the test does, or waits in vain.
pub fn system<F: Future>(test: impl FnOnce() -> F) -> F::Output {
    PausedSystem::new().block_on(async {
        let ended = tokio::time::timeout(LIMIT, test()).await;
        ended.unwrap_or_else(|_| panic!("the test waits for what will never come"))
    })
}
