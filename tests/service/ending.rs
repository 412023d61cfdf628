//! Rules 5 for a tree: close, quit, cancel, abort; of all and of one; drop; order; grace.

use std::time::Duration;

use actix::prelude::*;
use actix_flow::prelude::*;

use crate::cast::{
    Add, Carry, Crash, Do, Life, Puppet, ask, fails, puppet, puppet_of, quit, restarted, service,
    stubborn, tell,
};
use crate::kit::{Census, DropFlag, Gate, paused, quiet_panics, settle, system, until, within};

/// Sends a puppet a message that holds it in `ctx.wait` until the gate is open.
fn hold(actor: &Addr<Puppet>, gate: &Gate) {
    let gate = gate.clone();
    tell(
        actor,
        Do::new(move |_, ctx| {
            ctx.wait(actix::fut::wrap_future(async move { gate.pass().await }));
        }),
    );
}

#[test]
fn r5_1_a_close_delivers_what_is_queued_and_waits_for_futures() {
    system(async {
        let service = service();
        let (actor, life) = puppet(&service, "puppet");
        let gate = Gate::new();
        let (done, holds) = (DropFlag::new(), gate.clone());
        let guard = done.guard();
        tell(
            &actor,
            Do::new(move |_, ctx| {
                ctx.spawn(actix::fut::wrap_future(async move {
                    holds.pass().await;
                    drop(guard);
                }));
            }),
        );
        hold(&actor, &gate);
        let asked = actor.clone();
        let answer = actix_rt::spawn(async move { ask(&asked, Add(3)).await });
        until("the gate", || gate.arrived() > 0).await;
        let closed = service.close();
        settle().await;
        assert!(!service.is_finished());
        assert!(
            service
                .start_actor("late", |_| Puppet::new(&Life::default()))
                .is_err()
        );
        gate.open();
        assert_eq!(within("an answer", answer).await.expect("no panic"), Ok(3));
        within("the close", closed).await;
        assert!(done.is_dropped());
        assert_eq!(life.stopped(), 1);
        life.assert_none_alive();
    });
}

#[test]
fn r5_1_a_crash_during_a_close_loses_only_its_message() {
    quiet_panics();
    system(async {
        let service = service();
        let (actor, life) = puppet(&service, "puppet");
        let gate = Gate::new();
        hold(&actor, &gate);
        tell(&actor, Crash);
        let asked = actor.clone();
        let answer = actix_rt::spawn(async move { ask(&asked, Add(3)).await });
        until("the gate", || gate.arrived() > 0).await;
        settle().await;
        let closed = service.close();
        gate.open();
        assert_eq!(within("an answer", answer).await.expect("no panic"), Ok(3));
        within("the close", closed).await;
        assert_eq!(life.started(), 2);
        life.assert_none_alive();
    });
}

#[test]
fn r5_2_a_quit_stops_an_actor_in_a_wait_and_closes_its_asks() {
    system(async {
        let service = service();
        let census = Census::new();
        let (actor, life) = puppet(&service, "puppet");
        let gate = Gate::new();
        hold(&actor, &gate);
        until("the gate", || gate.arrived() == 1).await;
        for n in 0..10 {
            tell(&actor, Carry(census.item(n)));
        }
        let asked = actor.clone();
        let answer = actix_rt::spawn(async move { ask(&asked, Add(3)).await });
        settle().await;
        quit(service).await;
        assert_eq!(
            within("an answer", answer).await.expect("no panic"),
            Err(MailboxError::Closed)
        );
        assert_eq!(life.stopped(), 1);
        life.assert_none_alive();
        census.assert_none_alive();
    });
}

#[test]
fn r5_2_one_child_is_quit_and_the_others_go_on() {
    system(async {
        let service = service();
        let (one, life) = puppet_of(&service, restarted("one").permanent());
        let (other, _) = puppet(&service, "other");
        assert_eq!(ask(&one, Add(1)).await, Ok(1));
        within("the quit", service.quit_child("one").expect("it is there")).await;
        // Told to end, it is not restarted, permanent or not.
        assert_eq!(ask(&one, Add(1)).await, Err(MailboxError::Closed));
        assert_eq!((life.started(), life.stopped()), (1, 1));
        assert_eq!(
            service.quit_child("one").expect_err("it is gone").name(),
            "one"
        );
        assert_eq!(ask(&other, Add(1)).await, Ok(1));
        let tree = quit(service).await;
        let ending = tree.row("one").and_then(|row| row.ending.as_ref());
        assert!(matches!(ending, Some(Cause::Quit)), "{tree}");
    });
}

#[test]
fn r5_4_a_cancel_ends_the_contexts_of_factories_at_the_call() {
    system(async {
        let (ctx, cancel) = FlowContext::background().with_cancel();
        let service = FlowSupervisor::start(&ctx).expect("it starts");
        let life = Life::default();
        let (sender, seen) = std::sync::mpsc::channel();
        let of = life.clone();
        let actor = service.start_actor("puppet", move |ctx| {
            sender.send(ctx.clone()).expect("the test waits for it");
            Puppet::new(&of)
        });
        assert_eq!(ask(&actor.expect("it starts"), Add(1)).await, Ok(1));
        let its = seen.try_recv().expect("it was started");
        assert!(!its.is_done());
        cancel.cancel("enough");
        assert!(its.is_done());
        let error = fails(service).await;
        assert_eq!(error.cause().to_string(), "cancelled: enough");
        life.assert_none_alive();
    });
}

#[test]
fn r5_7_dropping_the_supervisor_cancels_and_detaching_does_not() {
    system(async {
        let service = service();
        let (_actor, life) = puppet(&service, "puppet");
        let control = service.control();
        until("its start", || life.started() == 1).await;
        drop(service);
        within("the end", control.finished()).await;
        life.assert_none_alive();

        let service = crate::cast::service();
        let (actor, _) = puppet(&service, "puppet");
        let control = service.control();
        service.detach();
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        within("the end", control.cancel("enough")).await;
    });
}

#[test]
fn r5_5_one_that_ignores_its_stop_is_aborted_after_the_grace() {
    paused(async {
        let spec = SupervisorSpec::new().grace(Duration::from_secs(3));
        let service = spec.start(&FlowContext::background()).expect("it starts");
        let life = stubborn(&service).await;
        let began = tokio::time::Instant::now();
        service.quit();
        let error = fails(service).await;
        assert!(matches!(error.cause(), Cause::GraceExpired), "{error}");
        // Quit, cancel and abort: a grace each for the first two.
        assert_eq!(began.elapsed().as_secs(), 6);
        assert_eq!(life.stopped(), 0);
        life.assert_none_alive();
    });
}

#[test]
fn r5_5_one_child_that_ignores_its_stop_is_aborted_and_the_tree_goes_on() {
    paused(async {
        let spec = SupervisorSpec::new().grace(Duration::from_secs(3));
        let service = spec.start(&FlowContext::background()).expect("it starts");
        let life = stubborn(&service).await;
        within(
            "the quit",
            service.quit_child("stubborn").expect("it is there"),
        )
        .await;
        life.assert_none_alive();
        assert!(!service.is_finished());
        quit(service).await;
    });
}

#[test]
fn r5_5_an_abort_drops_at_once_and_does_not_ask() {
    system(async {
        let service = service();
        let life = stubborn(&service).await;
        within("the abort", service.abort()).await;
        assert_eq!(life.stopped(), 0);
        life.assert_none_alive();
    });
}

#[test]
fn r5_6_flows_of_the_tree_are_gone_when_wait_returns() {
    system(async {
        let service = service();
        let census = Census::new();
        let items = census.clone();
        let endless = Source::repeat_with(move || items.item(1))
            .map(|item| item.number)
            .count();
        let flow = service.run(endless).expect("it starts");
        let control = flow.control();
        until("items", || census.created() > 10).await;
        let tree = quit(service).await;
        assert!(control.is_finished());
        census.assert_none_alive();
        assert!(
            tree.row("flow-1")
                .is_some_and(|row| row.state == ChildState::Ended),
            "{tree}"
        );
        let finished = within("the flow", flow.wait())
            .await
            .expect("a quit is no error");
        assert!(matches!(finished.ending, Cause::Quit));
    });
}

/// A puppet with a timer of its own, which nothing but a stop ends.
fn ticking(actor: &Addr<Puppet>) {
    tell(
        actor,
        Do::new(|_, ctx| {
            ctx.run_interval(Duration::from_secs(1), |_, _| {});
        }),
    );
}

#[test]
fn r5_1_a_close_that_takes_longer_than_it_may_becomes_a_cancel() {
    paused(async {
        let spec = SupervisorSpec::new().drain_within(Duration::from_secs(10));
        let service = spec.start(&FlowContext::background()).expect("it starts");
        let (actor, life) = puppet(&service, "puppet");
        ticking(&actor);
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        let began = tokio::time::Instant::now();
        service.close();
        let error = fails(service).await;
        assert!(matches!(error.cause(), Cause::GraceExpired), "{error}");
        assert_eq!(began.elapsed().as_secs(), 10);
        assert_eq!(life.stopped(), 1);
        life.assert_none_alive();
    });
}

#[test]
fn r5_5_a_close_can_be_raised_to_a_quit_and_a_quit_not_lowered() {
    system(async {
        let service = service();
        let (actor, life) = puppet(&service, "puppet");
        ticking(&actor);
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        service.close();
        settle().await;
        assert!(!service.is_finished());
        service.quit();
        service.close();
        let tree = within("the quit", service.wait())
            .await
            .expect("it ends well");
        assert!(matches!(tree.rows()[0].ending, Some(Cause::Quit)), "{tree}");
        life.assert_none_alive();
    });
}
