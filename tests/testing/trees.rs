//! Leak checks over the tree of a service.

use std::sync::mpsc;
use std::time::Duration;

use actix::prelude::*;
use actix_flow::prelude::*;
use actix_flow::testing::{self, Census, TestSystem, Tracked};

use crate::leaks::{refused, refused_by};

/// An actor that holds something until it is dropped.
struct Clerk<T> {
    _held: T,
}

impl<T: Unpin + 'static> Actor for Clerk<T> {
    type Context = Context<Self>;
}

fn endless() -> Blueprint<()> {
    Source::repeat_with(|| 1u64).named("source").drain()
}

fn service() -> FlowSupervisor {
    let spec = SupervisorSpec::new().named("service");
    spec.start(&FlowContext::background()).expect("it starts")
}

fn clerk(control: &SupervisorControl, name: &str) -> Addr<Clerk<Tracked<u64>>> {
    let census = Census::new();
    let started = control.start_actor(name, move |_| Clerk {
        _held: census.track(1),
    });
    started.expect("it starts")
}

/// A service with a child of each kind, and some of these below another supervisor.
fn tree() -> FlowSupervisor {
    let service = service();
    clerk(&service, "clerk");
    let import = service.run_with("import", |_| endless());
    import.expect("it starts");
    let pool = service.nest("pool", SupervisorSpec::new());
    let pool = pool.expect("it starts");
    clerk(&pool, "inner");
    let export = pool.run_with("export", |_| endless());
    export.expect("it starts");
    service
}

/// Lets all children start.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_tree_that_is_closed_leaves_nothing() {
    testing::system(|| async {
        let service = tree();
        settle().await;
        service.close();
        let tree = service.wait().await.expect("a close ends well");
        assert_eq!(tree.rows().len(), 6, "{tree}");
    });
}

#[test]
fn a_tree_that_is_closed_before_its_first_turn_leaves_nothing() {
    testing::system(|| async {
        let service = tree();
        service.close();
        service.wait().await.expect("a close ends well");
    });
}

#[test]
fn a_tree_that_is_dropped_is_waited_for() {
    testing::system(|| async {
        let service = tree();
        settle().await;
        drop(service);
    });
}

#[test]
fn a_tree_whose_child_is_restarted_leaves_nothing_of_the_one_before() {
    struct Frail;

    impl Actor for Frail {
        type Context = Context<Self>;

        fn started(&mut self, _: &mut Self::Context) {
            panic!("too frail");
        }
    }

    TestSystem::paused().expecting_panics().run(|| async {
        let service = service();
        let spec = ChildSpec::from("frail").supervised(RestartPolicy::restart());
        let started = service.start_actor(spec, |_| Frail);
        started.expect("it starts");
        clerk(&service, "clerk");
        let error = service.wait().await.expect_err("it is restarted in vain");
        assert!(error.to_string().contains("too frail"), "{error}");
    });
}

#[test]
fn a_tree_that_runs_on_is_found_with_all_that_is_in_it() {
    let flow = "the supervisor of a flow, stage `source`, stage `drain-1`";
    let above = format!("supervisor `service`, actor `service/clerk`, {flow}");
    let below = format!("supervisor `service/pool`, actor `service/pool/inner`, {flow}");
    let all = format!("10 actors: {above}, {below}\n");
    refused(|| async { tree().detach() }, &all);
    refused(|| async { tree().detach() }, "2 tracked items");
}

#[test]
fn a_supervisor_without_children_that_runs_on_is_found() {
    refused(|| async { service().detach() }, "supervisor `service`");
    let nested = || async {
        let service = service();
        let pool = service.nest("pool", SupervisorSpec::new());
        pool.expect("it starts");
        service.detach();
    };
    refused(nested, "supervisor `service/pool`");
}

#[test]
fn a_supervisor_that_is_kept_is_found() {
    let mut kept = None;
    let keep = &mut kept;
    let test = move || async move { *keep = Some(tree()) };
    refused(test, "actor `service/clerk`");
    drop(kept);
}

#[test]
fn the_address_of_a_child_keeps_nothing() {
    let mut kept = None;
    let keep = &mut kept;
    testing::system(move || async move {
        let service = service();
        *keep = Some(clerk(&service, "clerk"));
    });
    drop(kept);
}

#[test]
fn a_context_of_a_child_that_is_kept_is_found() {
    let (kept, made) = mpsc::channel();
    let test = || async {
        let service = service();
        let started = service.start_actor("clerk", move |context| {
            kept.send(context.clone()).expect("the test waits");
            Clerk { _held: () }
        });
        started.expect("it starts");
        settle().await;
        service.quit();
        service.wait().await.expect("a quit ends well");
    };
    refused(test, "contexts");
    assert_eq!(made.iter().count(), 1);
}

#[test]
fn a_child_on_another_arbiter_is_found() {
    let test = || async {
        let arbiter = actix_rt::Arbiter::new();
        let service = service();
        let spec = ChildSpec::from("away").on(arbiter.handle());
        let started = service.start_actor(spec, |_| Clerk { _held: () });
        started.expect("it starts");
        service.detach();
    };
    refused_by(&TestSystem::real(), test, "actor `service/away`");
}

#[test]
fn a_child_that_holds_its_thread_outlives_its_tree_and_is_found() {
    let (release, held) = mpsc::channel::<()>();
    let test = || async {
        let arbiter = actix_rt::Arbiter::new();
        let spec = SupervisorSpec::new().named("service");
        let spec = spec.grace(Duration::from_millis(1));
        let service = spec.start(&FlowContext::background()).expect("it starts");
        let (up, started) = tokio::sync::oneshot::channel();
        let mut once = Some((up, held));
        let spec = ChildSpec::from("holder").on(arbiter.handle());
        let holder = service.start_actor(spec, move |_| {
            let (up, held) = once.take().expect("it is started once");
            let _ = up.send(());
            let _ = held.recv();
            Clerk { _held: () }
        });
        holder.expect("it starts");
        started.await.expect("it starts");
        service.abort();
        let error = service.wait().await.expect_err("it is stuck");
        assert!(matches!(error.cause(), Cause::Stuck { .. }), "{error}");
    };
    refused_by(&TestSystem::real(), test, "actor `service/holder`");
    drop(release);
}
