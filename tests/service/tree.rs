//! What a tree looks like, and its flows.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;

use crate::cast::{
    Add, Crash, Life, Puppet, ask, at_once, puppet, puppet_of, quit, restarted, restarts, tell,
};
use crate::kit::{quiet_panics, system, until, within};

fn named(name: &str) -> FlowSupervisor {
    let spec = SupervisorSpec::new().named(name);
    spec.start(&FlowContext::background()).expect("it starts")
}

#[test]
fn a_tree_prints_states_restarts_and_causes() {
    quiet_panics();
    system(async {
        let service = named("service");
        let (actor, _) = puppet(&service, "actor");
        let pool = service
            .nest("pool", SupervisorSpec::new())
            .expect("it starts");
        let (inside, _) = puppet_of(&pool, ChildSpec::from("inside").isolated());
        let endless = |_: &FlowContext| Source::repeat_with(|| 1u64).drain();
        pool.run_with("import", endless).expect("it starts");
        for _ in 0..2 {
            tell(&actor, Crash);
        }
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        tell(&inside, Crash);
        until("its end", || !inside.connected()).await;
        let panicked = "panicked: expected: told to crash";
        let expected = format!(
            "service: supervisor, running\n  \
             actor: actor, running, 2 restarts, last: stage `service/actor` {panicked}\n  \
             pool: supervisor, running\n    \
             inside: actor, ended: stage `service/pool/inside` {panicked}\n    \
             import: flow, running\n"
        );
        assert_eq!(service.tree().to_string(), expected);
        let dot = service.tree().dot();
        for line in [
            "digraph supervision {",
            "  0 [label=\"service\\nsupervisor, running\"]",
            "  0 -> 1",
            "  0 -> 2",
            "  2 -> 3",
            "  4 [label=\"import\\nflow, running\"]",
            "  2 -> 4",
            "}",
        ] {
            assert!(
                dot.lines().any(|found| found == line),
                "no `{line}` in\n{dot}"
            );
        }
        let tree = quit(service).await;
        assert!(
            tree.rows().iter().all(|row| row.state == ChildState::Ended),
            "{tree}"
        );
    });
}

#[test]
fn labels_of_dot_are_escaped() {
    system(async {
        let service = named("a \"b\"\\c");
        let dot = service.tree().dot();
        assert!(
            dot.contains("label=\"a \\\"b\\\"\\\\c\\nsupervisor, running\""),
            "{dot}"
        );
        quit(service).await;
    });
}

#[test]
fn of_many_that_have_ended_the_last_are_remembered_and_the_others_counted() {
    system(async {
        let service = named("service");
        for n in 0..100u64 {
            let flow = service
                .run(Source::from_iter(0..n).count())
                .expect("it starts");
            assert_eq!(
                within("the flow", flow.into_future())
                    .await
                    .expect("it completes"),
                n
            );
        }
        let ended = || {
            let tree = service.tree();
            tree.forgotten() + tree.rows().len() as u64 - 1
        };
        until("all to be told of", || {
            ended() == 100 && service.tree().forgotten() == 36
        })
        .await;
        assert!(service.tree().row("service/flow-100").is_some());
        assert!(service.tree().row("service/flow-1").is_none());
        assert!(
            service
                .tree()
                .to_string()
                .ends_with("and 36 more that have ended\n")
        );
        quit(service).await;
    });
}

#[test]
fn r6_2_a_flow_that_fails_is_run_anew_by_its_factory() {
    quiet_panics();
    system(async {
        let service = named("service");
        let runs = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&runs);
        let flow = move |_: &FlowContext| {
            let run = count.fetch_add(1, SeqCst);
            let items = Source::repeat_with(|| 1u64);
            items
                .map(move |n| {
                    assert!(run == 2, "expected: run {run}");
                    n
                })
                .named("weak")
                .drain()
        };
        let spec = ChildSpec::from("import").supervised(at_once());
        service.run_with(spec, flow).expect("it starts");
        until("the third run", || {
            restarts(&service, "service/import") == 2
        })
        .await;
        let tree = service.tree();
        let row = tree.row("service/import").expect("it is there");
        let stage = row.failure.as_ref().and_then(Cause::stage);
        assert_eq!(stage, Some("service/import/weak"));
        within("the close", service.close()).await;
        assert_eq!(runs.load(SeqCst), 3);
    });
}

#[test]
fn the_failure_of_a_flow_that_was_run_once_is_its_owners() {
    quiet_panics();
    system(async {
        let service = named("service");
        let (actor, life) = puppet(&service, "actor");
        let flow = service.run(
            Source::once(0u64)
                .map(|n| assert!(n > 0, "expected: zero"))
                .drain(),
        );
        let error = within("the flow", flow.expect("it starts").into_future())
            .await
            .expect_err("it fails");
        assert!(matches!(error.cause(), Some(Cause::Panicked { .. })));
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        quit(service).await;
        life.assert_none_alive();
    });
}

#[test]
fn a_flow_that_completes_is_done_unless_it_is_permanent() {
    system(async {
        let service = named("service");
        let once = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&once);
        let flow = move |_: &FlowContext| {
            count.fetch_add(1, SeqCst);
            Source::once(1u64).drain()
        };
        service.run_with("once", flow).expect("it starts");
        let again = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&again);
        let flow = move |_: &FlowContext| {
            count.fetch_add(1, SeqCst);
            Source::once(1u64).drain()
        };
        let policy = at_once().without_limit();
        let spec = ChildSpec::from("again").supervised(policy).permanent();
        service.run_with(spec, flow).expect("it starts");
        until("many runs", || again.load(SeqCst) > 20).await;
        assert_eq!(once.load(SeqCst), 1);
        let tree = service.tree();
        let row = tree.row("service/once").expect("it is remembered");
        assert!(matches!(row.ending, Some(Cause::Completed)));
        quit(service).await;
    });
}

#[test]
fn children_can_be_started_from_a_child() {
    system(async {
        let service = named("service");
        let control = service.control();
        let inner = Life::default();
        let of = inner.clone();
        let spawns = move |_: &FlowContext| {
            let of = of.clone();
            let started = control.start_actor(ChildSpec::new(), move |_| Puppet::new(&of));
            assert!(started.is_ok());
            Puppet::new(&Life::default())
        };
        service
            .start_actor(restarted("outer"), spawns)
            .expect("it starts");
        until("the inner one", || inner.started() == 1).await;
        quit(service).await;
        inner.assert_none_alive();
    });
}

#[test]
fn a_tree_of_any_depth_is_run_shown_and_ended() {
    system(async {
        const DEPTH: usize = 2_000;
        let service = named("root");
        let mut control = service.control();
        for _ in 0..DEPTH {
            control = control.nest("n", SupervisorSpec::new()).expect("it starts");
        }
        let (actor, life) = puppet(&control, "leaf");
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        assert_eq!(service.tree().rows().len(), DEPTH + 2);
        quit(service).await;
        assert!(control.is_finished());
        life.assert_none_alive();
    });
}
