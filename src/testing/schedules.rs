//! Tests that are run in many orders.

use std::env;
use std::future::Future;
use std::thread;

use super::TestSystem;

/// Holds the seed that a failed run is replayed with.
const VARIABLE: &str = "ACTIX_FLOW_SCHEDULE";

/// Runs a test `runs` times, each in a [`TestSystem`] with a clock that is paused and a schedule of
/// another seed.
///
/// A run that fails prints its seed. With the environment variable `ACTIX_FLOW_SCHEDULE` set to that, the
/// test is run with it alone, as it was. Only what depends on anything else than the order of turns,
/// as the state of another thread or a random number of the test's own, is not replayed.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use actix_flow::testing;
///
/// testing::schedules(20, || async {
///     let flow = Source::from_iter(0..9u64).map_async(3, |n| async move { n + 1 }).collect();
///     let running = flow.run(&FlowContext::background()).expect("it starts");
///     let made: Vec<u64> = running.await.expect("it completes");
///     assert_eq!(made, (1..=9).collect::<Vec<_>>());
/// });
/// ```
///
/// # Panics
///
/// As [`TestSystem::run`], and if the variable is set and holds no number.
#[track_caller]
pub fn schedules<F: Future>(runs: u64, mut test: impl FnMut() -> F) {
    if let Ok(seed) = env::var(VARIABLE) {
        run(read(&seed), &mut test);
        return;
    }
    let first = fastrand::u64(..);
    for seed in (0..runs).map(|run| first.wrapping_add(run)) {
        run(seed, &mut test);
    }
}

fn read(seed: &str) -> u64 {
    let digits = seed.strip_prefix("0x").unwrap_or(seed);
    match u64::from_str_radix(digits, 16) {
        Ok(seed) => seed,
        Err(error) => panic!("{VARIABLE}={seed} is no hexadecimal number: {error}"),
    }
}

#[track_caller]
fn run<F: Future>(seed: u64, test: &mut impl FnMut() -> F) {
    let _told = ToldIfFailed(seed);
    TestSystem::paused().scheduled(seed).run(test);
}

/// Prints the seed of a run that panics.
struct ToldIfFailed(u64);

impl Drop for ToldIfFailed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{VARIABLE}={:#x} replays this run", self.0);
        }
    }
}
