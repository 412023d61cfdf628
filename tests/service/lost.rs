//! Rules 5.8 and 6.6: arbiters that stop under a tree, and actors that hold their threads.

use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::Arbiter as Thread;

use crate::cast::{Add, Do, Life, ask, fails, puppet, puppet_of, quit, restarted, service, tell};
use crate::kit::{Gate, system, until, within};

fn short() -> FlowSupervisor {
    let spec = SupervisorSpec::new().grace(Duration::from_millis(5));
    spec.start(&FlowContext::background()).expect("it starts")
}

#[test]
fn an_actor_lives_on_its_arbiter_and_comes_back_there() {
    crate::kit::quiet_panics();
    system(async {
        let (service, thread) = (service(), Thread::new());
        let (actor, life) = puppet_of(&service, restarted("puppet").on(thread.handle()));
        let (sender, threads) = std::sync::mpsc::channel();
        for _ in 0..2 {
            let sender = sender.clone();
            tell(
                &actor,
                Do::new(move |_, _| {
                    sender
                        .send(std::thread::current().id())
                        .expect("the test waits");
                }),
            );
            tell(&actor, crate::cast::Crash);
        }
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        let first = threads.try_recv().expect("it was there");
        assert_ne!(first, std::thread::current().id());
        assert_eq!(threads.try_recv(), Ok(first));
        quit(service).await;
        life.assert_none_alive();
        thread.stop();
        thread.join().expect("it ends");
    });
}

#[test]
fn a_supervisor_and_a_flow_live_where_they_are_placed() {
    system(async {
        let (service, thread) = (service(), Thread::new());
        let (sender, threads) = std::sync::mpsc::channel();
        let from = |sender: &std::sync::mpsc::Sender<_>| {
            let sender = sender.clone();
            move || {
                let told = sender.send(std::thread::current().id());
                told.expect("the test waits");
            }
        };
        let flow = |say: Box<dyn Fn() + Send>| {
            say();
            Source::repeat_with(|| 1u64).drain()
        };
        let say = from(&sender);
        let spec = ChildSpec::from("flow").on(thread.handle());
        let placed = service.run_with(spec, move |_| flow(Box::new(say.clone())));
        placed.expect("it starts");
        let pool = ChildSpec::from("pool").on(thread.handle());
        let pool = service
            .nest(pool, SupervisorSpec::new())
            .expect("it starts");
        let say = from(&sender);
        let inside = pool.run_with("inside", move |_| flow(Box::new(say.clone())));
        inside.expect("it starts");
        let mut said = Vec::new();
        until("both to run", || {
            said.extend(threads.try_iter());
            said.len() == 2
        })
        .await;
        assert_eq!(said[0], said[1]);
        assert_ne!(said[0], std::thread::current().id());
        quit(service).await;
        assert!(pool.is_finished());
        thread.stop();
        thread.join().expect("it ends");
    });
}

#[test]
fn r6_6_an_actor_lost_with_its_arbiter_fails_the_tree_though_it_is_supervised() {
    system(async {
        for _ in 0..20 {
            let (service, thread) = (service(), Thread::new());
            let (actor, life) = puppet_of(&service, restarted("puppet").on(thread.handle()));
            let (_other, other) = puppet(&service, "other");
            assert_eq!(ask(&actor, Add(1)).await, Ok(1));
            thread.stop();
            let error = fails(service).await;
            assert!(matches!(error.cause(), Cause::Lost { .. }), "{error}");
            assert_eq!(error.cause().stage(), Some("puppet"));
            life.assert_none_alive();
            other.assert_none_alive();
            assert!(!actor.connected());
            thread.join().expect("it ends");
        }
    });
}

#[test]
fn r6_6_one_that_is_isolated_is_lost_alone() {
    system(async {
        let (service, thread) = (service(), Thread::new());
        let (actor, _) = puppet_of(
            &service,
            ChildSpec::from("puppet").isolated().on(thread.handle()),
        );
        let (other, _) = puppet(&service, "other");
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        thread.stop();
        until("its end", || !actor.connected()).await;
        assert_eq!(ask(&other, Add(1)).await, Ok(1));
        quit(service).await;
        thread.join().expect("it ends");
    });
}

#[test]
fn r6_6_a_tree_whose_supervisor_is_lost_ends_elsewhere_too() {
    system(async {
        let (home, away) = (Thread::new(), Thread::new());
        let (sender, started) = std::sync::mpsc::channel();
        home.spawn_fn(move || {
            let service = FlowSupervisor::start(&FlowContext::background());
            sender
                .send(service.expect("it starts"))
                .expect("the test waits");
        });
        let mut service = None;
        until("the supervisor", || {
            service = service.take().or(started.try_recv().ok());
            service.is_some()
        })
        .await;
        let service = service.expect("it started");
        let (actor, life) = puppet_of(&service, restarted("puppet").on(away.handle()));
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        home.stop();
        let error = fails(service).await;
        assert!(matches!(error.cause(), Cause::Lost { .. }), "{error}");
        life.assert_none_alive();
        home.join().expect("it ends");
        away.stop();
        away.join().expect("it ends");
    });
}

/// An actor that holds the thread of another arbiter until the gate is open.
async fn held(control: &SupervisorControl, thread: &Thread, gate: &Gate) -> Life {
    let (actor, life) = puppet_of(control, restarted("held").on(thread.handle()));
    let hold = gate.clone();
    tell(&actor, Do::new(move |_, _| hold.pass_blocking()));
    until("it to block", || gate.arrived() == 1).await;
    life
}

async fn let_go(gate: &Gate, thread: Thread, life: &Life) {
    gate.open();
    until("it to go", || life.started() == life.dropped()).await;
    thread.stop();
    thread.join().expect("it ends");
}

#[test]
fn r5_8_an_actor_that_holds_its_thread_is_named_as_stuck() {
    system(async {
        let (service, thread, gate) = (short(), Thread::new(), Gate::new());
        let pool = service.nest(
            "pool",
            SupervisorSpec::new().grace(Duration::from_millis(5)),
        );
        let pool = pool.expect("it starts");
        let life = held(&pool, &thread, &gate).await;
        let (_other, other) = puppet(&service, "other");
        service.quit();
        let error = fails(service).await;
        let Cause::Stuck { stages } = error.cause() else {
            panic!("{error}");
        };
        assert!(
            stages.iter().all(|stage| stage.starts_with("pool")),
            "{stages:?}"
        );
        other.assert_none_alive();
        let_go(&gate, thread, &life).await;
    });
}

#[test]
fn r5_8_a_child_that_was_quit_and_holds_its_thread_takes_the_tree_down() {
    system(async {
        let (service, thread, gate) = (short(), Thread::new(), Gate::new());
        let life = held(&service, &thread, &gate).await;
        let (_other, other) = puppet(&service, "other");
        let quit = service.quit_child("held").expect("it is there");
        let error = fails(service).await;
        assert_eq!(error.cause().to_string(), "stuck: no answer from `held`");
        within("the quit of one that is stuck", quit).await;
        other.assert_none_alive();
        let_go(&gate, thread, &life).await;
    });
}

#[test]
fn r5_8_a_factory_that_never_returns_is_stuck_too() {
    system(async {
        let (service, thread, gate) = (short(), Thread::new(), Gate::new());
        let (hold, life) = (gate.clone(), Life::default());
        let of = life.clone();
        let spec = ChildSpec::from("held").on(thread.handle());
        let started = service.start_actor(spec, move |_| {
            hold.pass_blocking();
            crate::cast::Puppet::new(&of)
        });
        assert!(started.is_ok());
        until("it to block", || gate.arrived() == 1).await;
        service.cancel("enough");
        let error = fails(service).await;
        assert!(matches!(error.cause(), Cause::Stuck { .. }), "{error}");
        gate.open();
        thread.stop();
        thread.join().expect("it ends");
        life.assert_none_alive();
    });
}

#[test]
fn r6_6_supervisors_that_never_started_end_though_another_child_is_stuck() {
    crate::kit::quiet_panics();
    system(async {
        let (service, thread, gate) = (short(), Thread::new(), Gate::new());
        let life = held(&service, &thread, &gate).await;
        let spec = SupervisorSpec::new().strategy(Strategy::OneForAll);
        let beside = service.nest("beside", spec).expect("it starts");
        let hour = Duration::from_secs(3_600);
        let policy = RestartPolicy::restart().backoff(hour, hour);
        let down = ChildSpec::from("down").supervised(policy);
        let factory = |_: &FlowContext| -> crate::cast::Puppet { panic!("expected: down") };
        beside.start_actor(down, factory).expect("it starts");
        until("its failure", || {
            let tree = beside.tree();
            let row = tree.row("beside/down");
            row.is_some_and(|row| row.state == ChildState::Restarting)
        })
        .await;
        // They wait for the one that is down.
        let outer = beside.nest("outer", SupervisorSpec::new());
        let outer = outer.expect("it starts");
        let inner = outer.nest("inner", SupervisorSpec::new());
        let inner = inner.expect("it starts");
        let quit = service.quit_child("held").expect("it is there");
        let error = fails(service).await;
        assert_eq!(error.cause().to_string(), "stuck: no answer from `held`");
        within("the quit of one that is stuck", quit).await;
        within("one that never started", outer.finished()).await;
        within("one below it", inner.finished()).await;
        assert!(inner.is_finished());
        let_go(&gate, thread, &life).await;
    });
}
