//! Rule 6.3 for the children of a supervisor: who is restarted with the one that failed.

use std::sync::{Arc, Mutex};

use actix::prelude::*;
use actix_flow::prelude::*;

use crate::cast::{
    Add, Crash, Life, Puppet, ask, at_once, fails, puppet, puppet_of, quit, restarted, restarts,
    tell,
};
use crate::kit::{quiet_panics, system, until};

fn supervisor(strategy: Strategy) -> FlowSupervisor {
    let spec = SupervisorSpec::new().strategy(strategy);
    let started = spec.start(&FlowContext::background());
    started.expect("it starts")
}

/// How often each of four was started when the second one fails once.
async fn starts(strategy: Strategy) -> [u64; 4] {
    let service = supervisor(strategy);
    let children = ["a", "b", "c", "d"].map(|name| puppet(&service, name));
    for (actor, _) in &children {
        assert_eq!(ask(actor, Add(1)).await, Ok(1));
    }
    tell(&children[1].0, Crash);
    // All answer again, behind the addresses they had.
    assert_eq!(ask(&children[1].0, Add(1)).await, Ok(1));
    let settled = || {
        service
            .tree()
            .rows()
            .iter()
            .all(|row| row.state == ChildState::Running)
    };
    until("all to run", settled).await;
    let mut starts = [0; 4];
    for (n, (actor, life)) in children.iter().enumerate() {
        let kept = ask(actor, Add(1)).await.expect("it runs");
        starts[n] = life.started();
        // Those that were not restarted have their state.
        let new = if n == 1 { 2 } else { 1 };
        assert_eq!(kept, if starts[n] == 1 { 2 } else { new });
    }
    quit(service).await;
    for (_, life) in children {
        life.assert_none_alive();
    }
    starts
}

#[test]
fn r6_3_one_for_one_restarts_the_failed_child_alone() {
    quiet_panics();
    system(async { assert_eq!(starts(Strategy::OneForOne).await, [1, 2, 1, 1]) });
}

#[test]
fn r6_3_rest_for_one_restarts_those_started_later_too() {
    quiet_panics();
    system(async { assert_eq!(starts(Strategy::RestForOne).await, [1, 2, 2, 2]) });
}

#[test]
fn r6_3_one_for_all_restarts_every_child() {
    quiet_panics();
    system(async { assert_eq!(starts(Strategy::OneForAll).await, [2, 2, 2, 2]) });
}

type Journal = Arc<Mutex<Vec<String>>>;

/// Writes down when it starts and when it is stopped.
struct Scribe(&'static str, Journal);

impl Scribe {
    fn write(&self, what: &str) {
        let mut journal = self.1.lock().expect("nobody panics with it");
        journal.push(format!("{what}{}", self.0));
    }
}

impl Actor for Scribe {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        self.write("+");
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.write("-");
    }
}

impl Handler<Crash> for Scribe {
    type Result = ();

    fn handle(&mut self, _: Crash, _: &mut Context<Self>) {
        panic!("expected: told to crash");
    }
}

#[test]
fn r6_3_the_others_stop_the_last_first_and_start_in_their_order() {
    quiet_panics();
    system(async {
        let service = supervisor(Strategy::OneForAll);
        let journal = Journal::default();
        let mut crash = None;
        for name in ["a", "b", "c"] {
            let pages = Arc::clone(&journal);
            let scribe = move |_: &FlowContext| Scribe(name, Arc::clone(&pages));
            let scribe = service
                .start_actor(restarted(name), scribe)
                .expect("it starts");
            crash.get_or_insert(scribe.recipient::<Crash>());
        }
        let written = || journal.lock().expect("nobody panics with it").join(" ");
        until("all to start", || written() == "+a +b +c").await;
        #[expect(clippy::disallowed_methods, reason = "the test plays a user's program")]
        crash.expect("the first one").do_send(Crash);
        until("all to start again", || {
            written().ends_with("+a +b +c -c -b +a +b +c")
        })
        .await;
        quit(service).await;
        assert!(written().ends_with("-c -b -a"), "{}", written());
    });
}

#[test]
fn r6_3_messages_to_those_that_are_restarted_with_another_are_kept() {
    quiet_panics();
    system(async {
        let service = supervisor(Strategy::OneForAll);
        let (first, _) = puppet(&service, "first");
        let (second, life) = puppet(&service, "second");
        assert_eq!(ask(&second, Add(4)).await, Ok(4));
        tell(&first, Crash);
        until("the second to go", || life.dropped() == 1).await;
        assert_eq!(ask(&second, Add(1)).await, Ok(1));
        quit(service).await;
        life.assert_none_alive();
    });
}

#[test]
fn r6_4_a_nested_supervisor_hands_up_what_it_cannot_answer_and_is_restarted_as_a_whole() {
    quiet_panics();
    system(async {
        let service = supervisor(Strategy::OneForOne);
        let (_bystander, bystander) = puppet(&service, "bystander");
        let pool = service.nest(restarted("pool"), SupervisorSpec::new());
        let pool = pool.expect("it starts");
        let (sound, sound_life) = puppet(&pool, "sound");
        let (weak, weak_life) = puppet_of(&pool, "weak".into());
        assert_eq!(ask(&sound, Add(3)).await, Ok(3));
        tell(&weak, Crash);
        assert_eq!(ask(&weak, Add(1)).await, Ok(1));
        assert_eq!(ask(&sound, Add(1)).await, Ok(1));
        assert_eq!((sound_life.started(), weak_life.started()), (2, 2));
        assert_eq!(restarts(&service, "pool"), 1);
        assert_eq!(restarts(&service, "pool/sound"), 1);
        assert_eq!(bystander.started(), 1);
        quit(service).await;
        sound_life.assert_none_alive();
        weak_life.assert_none_alive();
    });
}

#[test]
fn r6_4_what_no_supervisor_answers_ends_the_root_with_its_cause() {
    quiet_panics();
    system(async {
        let ctx = FlowContext::background();
        let service = SupervisorSpec::new().named("service").start(&ctx);
        let service = service.expect("it starts");
        let outer = service
            .nest("outer", SupervisorSpec::new())
            .expect("it starts");
        let inner = outer
            .nest("inner", SupervisorSpec::new())
            .expect("it starts");
        let once = RestartPolicy::restart().limit(1, std::time::Duration::from_secs(60));
        let once = ChildSpec::from("weak").supervised(once);
        let (weak, life) = puppet_of(&inner, once);
        tell(&weak, Crash);
        tell(&weak, Crash);
        let error = fails(service).await;
        assert_eq!(error.cause().stage(), Some("service/outer/inner/weak"));
        assert_eq!(life.started(), 2);
        assert!(inner.is_finished() && outer.is_finished());
        assert!(
            !ctx.is_done(),
            "the caller's context is not the supervisor's"
        );
        life.assert_none_alive();
    });
}

#[test]
fn r6_4_an_isolated_child_keeps_its_failure_to_itself() {
    quiet_panics();
    system(async {
        let service = supervisor(Strategy::OneForAll);
        let (other, other_life) = puppet(&service, "other");
        let (weak, _) = puppet_of(&service, ChildSpec::from("weak").isolated());
        let pool = service.nest(ChildSpec::from("pool").isolated(), SupervisorSpec::new());
        let pool = pool.expect("it starts");
        let (inside, inside_life) = puppet_of(&pool, "inside".into());
        tell(&weak, Crash);
        tell(&inside, Crash);
        until("the mailboxes to close", || {
            !weak.connected() && !inside.connected()
        })
        .await;
        assert_eq!(ask(&other, Add(1)).await, Ok(1));
        assert_eq!(other_life.started(), 1);
        let tree = quit(service).await;
        assert!(
            tree.row("weak")
                .expect("it is remembered")
                .failure
                .is_some()
        );
        inside_life.assert_none_alive();
    });
}

#[test]
fn r6_3_a_flow_and_an_actor_are_restarted_with_each_other() {
    quiet_panics();
    system(async {
        let service = supervisor(Strategy::RestForOne);
        let (actor, _) = puppet(&service, "actor");
        let runs = Life::default();
        let count = runs.clone();
        let flow = move |_: &FlowContext| {
            let alive = Puppet::new(&count);
            Source::repeat_with(move || std::hint::black_box(&alive).alive()).drain()
        };
        service
            .run_with(ChildSpec::from("flow").supervised(at_once()), flow)
            .expect("it starts");
        until("the flow to run", || runs.started() == 1).await;
        tell(&actor, Crash);
        until("the flow to run anew", || runs.started() == 2).await;
        assert_eq!(runs.dropped(), 1, "two flows of one child ran at once");
        quit(service).await;
        runs.assert_none_alive();
    });
}
