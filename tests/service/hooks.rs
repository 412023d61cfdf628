//! Rule 6.1: a panic in any of an actor's hooks, its drop or its futures is caught and not silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use actix::prelude::*;
use actix_flow::prelude::*;

use crate::cast::{Add, Do, ask, fails, puppet, quit, restarted, restarts, service, tell};
use crate::kit::{quiet_panics, system, until};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hook {
    Started,
    Stopping,
    Stopped,
    Dropped,
}

/// Panics once, in one of its hooks.
struct Bomb {
    hook: Hook,
    armed: Arc<AtomicBool>,
}

impl Bomb {
    fn pass(&self, hook: Hook) {
        if self.hook == hook && self.armed.swap(false, SeqCst) {
            panic!("expected: {hook:?}");
        }
    }
}

impl Actor for Bomb {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        self.pass(Hook::Started);
    }

    fn stopping(&mut self, _: &mut Context<Self>) -> Running {
        self.pass(Hook::Stopping);
        Running::Stop
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.pass(Hook::Stopped);
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.pass(Hook::Dropped);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

impl Handler<Stop> for Bomb {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

fn bomb(service: &FlowSupervisor, spec: ChildSpec, hook: Hook) -> Addr<Bomb> {
    let armed = Arc::new(AtomicBool::new(true));
    let factory = move |_: &FlowContext| Bomb {
        hook,
        armed: Arc::clone(&armed),
    };
    service.start_actor(spec, factory).expect("it starts")
}

#[expect(clippy::disallowed_methods, reason = "the test plays a user's program")]
fn stop(bomb: &Addr<Bomb>) {
    bomb.do_send(Stop);
}

const ALL: [Hook; 4] = [Hook::Started, Hook::Stopping, Hook::Stopped, Hook::Dropped];

#[test]
fn r6_1_a_panic_in_any_hook_is_a_failure_that_is_answered() {
    quiet_panics();
    system(async {
        for hook in ALL {
            let service = service();
            let actor = bomb(&service, restarted("bomb"), hook);
            stop(&actor);
            until("the restart", || restarts(&service, "bomb") == 1).await;
            let tree = service.tree();
            let failure = tree.row("bomb").and_then(|row| row.failure.as_ref());
            let text = format!("stage `bomb` panicked: expected: {hook:?}");
            assert_eq!(failure.map(ToString::to_string), Some(text));
            quit(service).await;
        }
    });
}

#[test]
fn r6_1_a_panic_in_any_hook_goes_up_where_nothing_answers_it() {
    quiet_panics();
    system(async {
        for hook in ALL {
            let service = service();
            let actor = bomb(&service, "bomb".into(), hook);
            stop(&actor);
            let error = fails(service).await;
            let text = format!("stage `bomb` panicked: expected: {hook:?}");
            assert_eq!(error.cause().to_string(), text);
        }
    });
}

#[test]
fn r6_1_a_panic_while_it_is_stopped_is_in_the_tree_and_holds_nothing_up() {
    quiet_panics();
    system(async {
        for hook in [Hook::Stopping, Hook::Stopped, Hook::Dropped] {
            let service = service();
            let (_actor, other) = puppet(&service, "other");
            let actor = bomb(&service, restarted("bomb"), hook);
            until("their starts", || other.started() == 1 && actor.connected()).await;
            let tree = quit(service).await;
            let row = tree.row("bomb").expect("it is remembered");
            assert!(matches!(row.ending, Some(Cause::Panicked { .. })), "{tree}");
            assert_eq!(row.restarts, 0);
            other.assert_none_alive();
        }
    });
}

#[test]
fn r6_1_a_panic_in_a_future_of_an_actor_is_its_failure() {
    quiet_panics();
    system(async {
        let service = service();
        let (actor, life) = puppet(&service, "puppet");
        tell(
            &actor,
            Do::new(|_, ctx| {
                ctx.spawn(actix::fut::wrap_future(async {
                    panic!("expected: a future")
                }));
            }),
        );
        until("the restart", || life.started() == 2).await;
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        quit(service).await;
        life.assert_none_alive();
    });
}

/// Panics when it is dropped.
struct Thorn;

impl Drop for Thorn {
    fn drop(&mut self) {
        panic!("expected: a thorn");
    }
}

#[test]
fn r6_1_messages_that_panic_when_they_are_dropped_keep_no_other_waiting() {
    quiet_panics();
    system(async {
        let service = service();
        let (actor, life) = puppet(&service, "puppet");
        let gate = crate::kit::Gate::new();
        let hold = gate.clone();
        tell(
            &actor,
            Do::new(move |_, ctx| {
                ctx.wait(actix::fut::wrap_future(async move { hold.pass().await }));
            }),
        );
        until("the gate", || gate.arrived() == 1).await;
        for _ in 0..3 {
            let thorn = Thorn;
            tell(&actor, Do::new(move |_, _| drop(thorn)));
        }
        let asked = actor.clone();
        let answer = actix_rt::spawn(async move { ask(&asked, Add(1)).await });
        crate::kit::settle().await;
        quit(service).await;
        let answer = crate::kit::within("an answer", answer).await;
        assert_eq!(answer.expect("no panic"), Err(MailboxError::Closed));
        life.assert_none_alive();
    });
}
