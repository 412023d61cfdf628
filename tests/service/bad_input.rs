//! What a user can do wrong, and what then happens: each defined.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix::prelude::*;
use actix_flow::prelude::*;
use actix_rt::Arbiter as Thread;
use tokio::time::Instant;

use crate::cast::{
    Add, Crash, Life, Puppet, ask, fails, puppet, puppet_of, quit, restarted, service, tell,
};
use crate::kit::{Census, paused, quiet_panics, settle, system, until, within};

/// A factory that panics as often as said, and then makes a puppet.
fn failing(
    times: u64,
    life: &Life,
) -> (
    impl FnMut(&FlowContext) -> Puppet + Send + use<>,
    Arc<AtomicU64>,
) {
    let (calls, life) = (Arc::new(AtomicU64::new(0)), life.clone());
    let counted = Arc::clone(&calls);
    let factory = move |_: &FlowContext| {
        let call = counted.fetch_add(1, SeqCst);
        assert!(call >= times, "expected: a factory that fails");
        Puppet::new(&life)
    };
    (factory, calls)
}

/// A child that is restarted after so many seconds.
fn after(seconds: u64, name: &str) -> ChildSpec {
    let wait = Duration::from_secs(seconds);
    let policy = RestartPolicy::restart().backoff(wait, wait).jitter(0.0);
    ChildSpec::from(name).supervised(policy)
}

fn slowly(name: &str) -> ChildSpec {
    after(3600, name)
}

#[test]
fn r6_4_a_factory_that_panics_is_a_failure_and_is_asked_again_after_each_backoff() {
    quiet_panics();
    paused(async {
        let service = service();
        let life = Life::default();
        let (factory, calls) = failing(3, &life);
        let second = Duration::from_secs(1);
        let policy = RestartPolicy::restart()
            .backoff(second, 60 * second)
            .jitter(0.0);
        let began = Instant::now();
        let spec = ChildSpec::from("puppet").supervised(policy);
        let actor = service.start_actor(spec, factory).expect("it is taken up");
        // What is sent meanwhile waits for the one that lives.
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        assert_eq!(calls.load(SeqCst), 4);
        assert_eq!(began.elapsed().as_secs(), 1 + 2 + 4);
        quit(service).await;
        life.assert_none_alive();
    });
}

#[test]
fn r6_4_a_factory_that_always_panics_exhausts_the_limit_and_closes_the_mailbox() {
    quiet_panics();
    system(async {
        let service = service();
        let (factory, calls) = failing(u64::MAX, &Life::default());
        let policy = crate::cast::at_once().limit(3, Duration::from_secs(60));
        let spec = ChildSpec::from("puppet").supervised(policy);
        let actor = service.start_actor(spec, factory).expect("it is taken up");
        assert_eq!(ask(&actor, Add(1)).await, Err(MailboxError::Closed));
        let error = fails(service).await;
        assert!(matches!(error.cause(), Cause::Panicked { .. }), "{error}");
        assert_eq!(calls.load(SeqCst), 4);
    });
}

#[test]
fn a_flow_whose_factory_panics_or_makes_what_cannot_run_fails() {
    quiet_panics();
    system(async {
        let service = service();
        let isolated = |name: &str| ChildSpec::from(name).isolated();
        let panics = |_: &FlowContext| -> Blueprint<u64> { panic!("expected: no flow") };
        service
            .run_with(isolated("panics"), panics)
            .expect("it is taken up");
        let refused = |_: &FlowContext| Source::once(1u64).map(|n| n).window(0).count();
        service
            .run_with(isolated("refused"), refused)
            .expect("it is taken up");
        let ended = |name: &str| {
            let tree = service.tree();
            tree.row(name)
                .and_then(|row| row.ending.as_ref().map(ToString::to_string))
        };
        until("both to end", || {
            ended("panics").is_some() && ended("refused").is_some()
        })
        .await;
        assert_eq!(
            ended("panics").as_deref(),
            Some("stage `panics` panicked: expected: no flow")
        );
        assert!(ended("refused").is_some_and(|cause| cause.contains("window of 0")));
        quit(service).await;
    });
}

#[test]
fn r6_4_a_policy_that_panics_has_the_failure_go_up() {
    quiet_panics();
    system(async {
        let service = service();
        let policy = RestartPolicy::decide(|_| panic!("expected: a policy that fails"));
        let (actor, life) = puppet_of(&service, ChildSpec::from("puppet").supervised(policy));
        tell(&actor, Crash);
        let error = fails(service).await;
        assert_eq!(error.cause().stage(), Some("puppet"));
        life.assert_none_alive();
    });
}

#[test]
fn r6_2_a_policy_that_says_what_a_child_cannot_do_has_the_failure_go_up() {
    quiet_panics();
    system(async {
        for directive in [Directive::Resume, Directive::Retry, Directive::Stop] {
            let service = service();
            let asked = Arc::new(AtomicU64::new(0));
            let count = Arc::clone(&asked);
            let policy = RestartPolicy::decide(move |_| {
                count.fetch_add(1, SeqCst);
                directive
            });
            let (actor, life) = puppet_of(&service, ChildSpec::from("puppet").supervised(policy));
            tell(&actor, Crash);
            let error = fails(service).await;
            assert_eq!(error.cause().stage(), Some("puppet"));
            assert_eq!(asked.load(SeqCst), 1, "a policy is asked once");
            life.assert_none_alive();
        }
    });
}

#[test]
fn a_policy_that_always_says_so_is_refused() {
    system(async {
        let service = service();
        for policy in [RestartPolicy::resume(), RestartPolicy::retry()] {
            let spec = ChildSpec::from("puppet").supervised(policy);
            let refused = service.start_actor(spec, |_| Puppet::new(&Life::default()));
            let refused = refused.expect_err("it cannot be kept");
            assert!(matches!(refused, StartError::Unable { .. }), "{refused}");
            assert_eq!(refused.stage(), Some("puppet"));
        }
        // What was refused holds no name.
        let (actor, _) = puppet(&service, "puppet");
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        quit(service).await;
    });
}

#[test]
fn r5_2_a_quit_during_a_backoff_ends_the_child_at_once_and_closes_its_mailbox() {
    quiet_panics();
    system(async {
        let service = service();
        let census = Census::new();
        let (actor, life) = puppet_of(&service, slowly("puppet"));
        tell(&actor, Crash);
        until("its end", || life.dropped() == 1).await;
        tell(&actor, crate::cast::Carry(census.item(1)));
        let asked = actor.clone();
        let answer = actix_rt::spawn(async move { ask(&asked, Add(1)).await });
        settle().await;
        assert_eq!(
            service.tree().row("puppet").expect("it is there").state,
            ChildState::Restarting
        );
        within(
            "the quit",
            service.quit_child("puppet").expect("it is there"),
        )
        .await;
        assert_eq!(
            within("an answer", answer).await.expect("no panic"),
            Err(MailboxError::Closed)
        );
        census.assert_none_alive();
        assert_eq!(life.started(), 1);
        quit(service).await;
    });
}

#[test]
fn r5_4_a_cancel_during_a_backoff_does_not_wait_for_it() {
    quiet_panics();
    system(async {
        let service = service();
        let pool = service
            .nest(slowly("pool"), SupervisorSpec::new())
            .expect("it starts");
        let (inside, inside_life) = puppet_of(&pool, "inside".into());
        let (actor, life) = puppet_of(&service, slowly("puppet"));
        tell(&actor, Crash);
        tell(&inside, Crash);
        let suspended =
            || service.tree().row("pool").map(|row| row.state) == Some(ChildState::Restarting);
        until("the backoff", || {
            life.dropped() == 1 && inside_life.dropped() == 1 && suspended()
        })
        .await;
        service.cancel("enough");
        let error = fails(service).await;
        assert_eq!(error.cause().to_string(), "cancelled: enough");
        assert!(pool.is_finished());
        assert!(!actor.connected() && !inside.connected());
        assert_eq!(life.started(), 1);
    });
}

#[test]
fn r5_1_a_close_during_a_backoff_waits_for_it_and_delivers() {
    quiet_panics();
    paused(async {
        let service = service();
        let (actor, life) = puppet_of(&service, after(30, "puppet"));
        let (other, _) = puppet(&service, "other");
        tell(&actor, Crash);
        until("its end", || life.dropped() == 1).await;
        let asked = actor.clone();
        let answer = actix_rt::spawn(async move { ask(&asked, Add(1)).await });
        settle().await;
        let closed = service.close();
        assert_eq!(answer.await.expect("no panic"), Ok(1));
        closed.await;
        assert!(!other.connected());
        life.assert_none_alive();
    });
}

#[test]
fn a_name_is_given_once_among_the_children_that_are_alive() {
    system(async {
        let service = service();
        let (_actor, _) = puppet(&service, "one");
        let refused = service.start_actor("one", |_| Puppet::new(&Life::default()));
        assert!(matches!(refused, Err(StartError::DuplicateName { .. })));
        let refused = service.run_with("one", |_| Source::once(1u64).drain());
        assert!(matches!(refused, Err(StartError::DuplicateName { .. })));
        let refused = service.nest("one", SupervisorSpec::new());
        assert!(matches!(refused, Err(StartError::DuplicateName { .. })));
        // A name below another supervisor is another one.
        let pool = service
            .nest("pool", SupervisorSpec::new())
            .expect("it starts");
        let (inside, _) = puppet(&pool, "one");
        assert_eq!(ask(&inside, Add(1)).await, Ok(1));
        // And a number that is taken is passed over.
        let (_taken, _) = puppet(&service, "actor-1");
        service
            .start_actor(ChildSpec::new(), |_| Puppet::new(&Life::default()))
            .expect("it starts");
        assert!(service.tree().row("actor-2").is_some());
        quit(service).await;
    });
}

#[test]
fn nothing_starts_under_a_context_that_is_done_or_a_tree_that_has_ended() {
    system(async {
        let (ctx, cancel) = FlowContext::background().with_cancel();
        let running = FlowSupervisor::start(&ctx).expect("it starts");
        cancel.cancel("enough");
        let refused = FlowSupervisor::start(&ctx).expect_err("it is done");
        assert_eq!(
            refused.to_string(),
            "the context is done: cancelled: enough"
        );
        let late = |control: &SupervisorControl| {
            control.start_actor("late", |_| Puppet::new(&Life::default()))
        };
        assert!(matches!(
            late(&running),
            Err(StartError::ContextDone { .. })
        ));
        fails(running).await;

        let service = service();
        let control = service.control();
        quit(service).await;
        let Err(StartError::ContextDone { cause }) = late(&control) else {
            panic!("it is over");
        };
        assert!(matches!(cause, Cause::Quit));
        let flow = control.run(Source::once(1u64).count());
        assert!(matches!(flow, Err(StartError::ContextDone { .. })));
        // Verbs of what is over are ready at once.
        within("the end", control.close()).await;
    });
}

#[test]
fn there_is_no_supervisor_where_nothing_can_be_spawned() {
    quiet_panics();
    let start = || FlowSupervisor::start(&FlowContext::background());
    assert!(matches!(start(), Err(StartError::NoRuntime)));
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async { assert!(matches!(start(), Err(StartError::NoRuntime))) });
}

#[test]
fn an_actor_on_a_dead_arbiter_is_refused() {
    system(async {
        let service = service();
        let thread = Thread::new();
        let handle = thread.handle();
        thread.stop();
        thread.join().expect("it ends");
        let spec = restarted("puppet").on(handle);
        let refused = service.start_actor(spec, |_| Puppet::new(&Life::default()));
        let refused = refused.expect_err("it cannot live there");
        assert!(
            matches!(refused, StartError::DeadArbiter { .. }),
            "{refused}"
        );
        quit(service).await;
    });
}
