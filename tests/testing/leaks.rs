//! Leak checks: what they count, and that each kind of leak fails the test.

use std::future::pending;

use actix::prelude::*;
use actix_flow::prelude::*;
use actix_flow::testing::{self, Census, LeakCheck, PausedSystem, TestSystem, Tracked};

fn endless() -> Blueprint<()> {
    Source::repeat_with(|| 1u64).drain()
}

fn started<R: Send + 'static>(flow: Blueprint<R>) -> Pipeline<R> {
    flow.run(&FlowContext::background()).expect("it starts")
}

/// Runs a test that must be refused with a text.
#[track_caller]
pub(crate) fn refused<F: Future>(test: impl FnOnce() -> F, text: &str) {
    refused_by(&TestSystem::paused(), test, text);
}

#[track_caller]
pub(crate) fn refused_by<F: Future>(system: &TestSystem, test: impl FnOnce() -> F, text: &str) {
    let run = std::panic::AssertUnwindSafe(|| system.run(test));
    let Err(panic) = std::panic::catch_unwind(run) else {
        panic!("the test was to fail: {text}");
    };
    let said = panic.downcast_ref::<String>().expect("a text");
    assert!(said.contains(text), "{said}");
    assert!(said.starts_with("tests/testing/leaks.rs:"), "{said}");
}

#[test]
fn a_dropped_flow_is_waited_for() {
    testing::system(|| async { drop(started(endless())) });
}

#[test]
fn a_flow_that_runs_on_is_found() {
    let test = || async { started(endless().named("sink").flow_named("eternal")).detach() };
    refused(test, "stage `repeat_with-1`, stage `sink`");
    let flow = || async { started(endless().flow_named("eternal")).detach() };
    refused(flow, "the supervisor of flow `eternal`");
}

#[test]
fn a_flow_on_another_arbiter_is_found() {
    let test = || async {
        let arbiter = actix_rt::Arbiter::new();
        let on = Source::repeat_with(|| 1u64)
            .on(arbiter.handle())
            .named("away");
        started(on.into_probe().1).detach();
        drop(arbiter);
    };
    refused_by(&TestSystem::real(), test, "stage `away`");
}

#[test]
fn a_context_that_is_kept_is_found() {
    let mut kept = None;
    let keep = &mut kept;
    let test = move || async move { *keep = Some(FlowContext::background().with_cancel()) };
    refused(test, "2 contexts");
    drop(kept);
}

#[test]
fn a_context_made_by_a_stage_elsewhere_is_found() {
    let (kept, made) = std::sync::mpsc::channel();
    let test = || async {
        let arbiter = actix_rt::Arbiter::new();
        let flow = Source::from_iter(0..2u64)
            .map(move |_| kept.send(FlowContext::background()).unwrap())
            .on(arbiter.handle());
        started(flow.drain()).await.unwrap();
        arbiter.stop();
    };
    refused_by(&TestSystem::real(), test, "2 contexts");
    assert_eq!(made.iter().count(), 2);
}

#[test]
fn an_item_that_is_kept_is_found() {
    let kept = std::sync::Mutex::new(Vec::new());
    let test = || async {
        let census = Census::new();
        let flow = Source::from_iter((0..3u64).map({
            let census = census.clone();
            move |n| census.track(n)
        }));
        *kept.lock().unwrap() = started(flow.collect()).await.unwrap();
        assert_eq!((census.created(), census.alive()), (3, 3));
    };
    refused(test, "3 tracked items");
}

#[test]
fn what_the_test_holds_itself_is_dropped_before_the_check() {
    testing::system(|| async {
        let census = Census::new();
        let _item = census.track(1);
        let (_ctx, _cancel) = FlowContext::background().with_cancel();
        let _flow = started(endless());
        let _probe = Source::<u64>::probe();
    });
}

#[test]
fn a_panic_of_a_stage_fails_the_test() {
    let test = || async {
        let flow = Source::once(0u64).map(|n| 1 / n).drain();
        assert!(started(flow).await.is_err());
    };
    refused(test, "attempt to divide by zero");
}

#[test]
fn a_panic_of_a_stage_elsewhere_fails_the_test() {
    let test = || async {
        let arbiter = actix_rt::Arbiter::new();
        let flow = Source::once(0u64).map(|n| 1 / n).on(arbiter.handle());
        assert!(started(flow.drain()).await.is_err());
        arbiter.stop();
    };
    refused_by(&TestSystem::real(), test, "attempt to divide by zero");
}

#[test]
fn a_panic_of_a_plain_actor_fails_the_test() {
    struct Frail;

    impl Actor for Frail {
        type Context = Context<Self>;

        fn started(&mut self, _: &mut Self::Context) {
            panic!("too frail");
        }
    }

    let test = || async {
        Frail.start();
        tokio::task::yield_now().await;
    };
    refused(test, "too frail");
}

#[test]
fn a_panic_of_a_spawned_future_fails_the_test() {
    let test = || async {
        actix_rt::spawn(async { panic!("spawned") });
        tokio::task::yield_now().await;
    };
    refused(test, "spawned");
}

#[test]
fn panics_that_are_expected_pass_and_leaks_do_not() {
    let failing = || started(Source::once(0u64).map(|n| 1 / n).drain());
    TestSystem::paused().expecting_panics().run(|| async {
        assert!(failing().await.is_err());
    });
    let leaks = std::panic::catch_unwind(|| {
        TestSystem::paused().expecting_panics().run(|| async {
            failing().detach();
            started(endless()).detach();
        });
    });
    assert!(leaks.is_err());
}

#[test]
fn a_check_in_a_system_of_ones_own_waits_for_what_goes() {
    PausedSystem::new().block_on(async {
        let check = LeakCheck::new();
        drop(started(endless()));
        check.assert_clean().await;
    });
}

#[test]
#[should_panic(expected = "the test has left alive:\n  1 contexts")]
fn a_check_that_is_dropped_checks() {
    let check = LeakCheck::new();
    let context = FlowContext::background();
    drop(check);
    drop(context);
}

#[test]
fn what_was_made_before_a_check_is_not_its_own() {
    let before = FlowContext::background();
    let check = LeakCheck::new();
    let under = before.with_cancel();
    assert_eq!(check.panics(), [""; 0]);
    drop(check);
    drop(under);
}

#[test]
fn a_check_within_another_has_what_is_made_within_it() {
    let outer = LeakCheck::new();
    let inner = LeakCheck::new();
    let context = FlowContext::background();
    drop(context);
    drop(inner);
    let context = FlowContext::background();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(outer)));
    assert!(caught.is_err());
    drop(context);
}

#[test]
fn a_tracked_value_is_as_the_value() {
    let census = Census::new();
    let (one, two): (Tracked<u64>, _) = (census.track(1), census.track(2));
    assert!(one < two && one == 1 && one != two && one.clone() == one);
    assert_eq!(format!("{one:?} {two}"), "1 2");
    assert_eq!(census.created(), 3);
    assert_eq!(one.into_inner(), 1);
    assert_eq!(census.alive(), 1);
    drop(two);
    census.assert_none_alive();
}

#[test]
#[should_panic(expected = "1 of 2 tracked items are alive")]
fn a_census_fails_where_items_are_alive() {
    let census = Census::new();
    let _items = (census.track(1), drop(census.track(2)));
    census.assert_none_alive();
}

#[test]
#[should_panic(expected = "waits for what does not come")]
fn a_test_in_real_time_has_a_limit() {
    let system = TestSystem::real().within(std::time::Duration::from_millis(5));
    system.run(pending::<()>);
}
