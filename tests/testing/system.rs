//! Systems with a clock that is paused.

use std::time::Duration;

use actix_flow::prelude::*;
use actix_flow::testing;
use tokio::time::Instant;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[actix_rt::test(system = "testing::PausedSystem")]
async fn a_paused_system_serves_the_test_macro() {
    let (start, real) = (Instant::now(), std::time::Instant::now());
    let flow = Source::ticks(100 * DAY).take(2).count();
    let running = flow.run(&FlowContext::background()).unwrap();
    assert_eq!(running.await.unwrap(), 2);
    assert_eq!(start.elapsed(), 100 * DAY);
    assert!(real.elapsed() < DAY);
}

#[test]
fn a_system_gives_what_the_test_gives() {
    assert_eq!(testing::system(|| async { 7 }), 7);
}

#[test]
#[should_panic(expected = "waits for what does not come")]
fn a_test_that_waits_for_ever_fails_at_once() {
    testing::system(std::future::pending::<()>);
}
