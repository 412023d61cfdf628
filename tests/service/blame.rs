//! Rules 6.5 and 6.6: who is told to have failed, and why the others have ended.

use std::time::Duration;

use actix_flow::prelude::*;

use crate::cast::{Add, Finish, Puppet, ask, fails, puppet, puppet_of, quit, service, tell};
use crate::kit::{paused, quiet_panics, settle, system, until, within};

fn endless(_: &FlowContext) -> Blueprint<()> {
    Source::repeat_with(|| 1u64).drain()
}

#[test]
fn r6_5_only_the_child_that_failed_is_told_to_have() {
    quiet_panics();
    system(async {
        let spec = SupervisorSpec::new().named("service");
        let service = spec.start(&FlowContext::background()).expect("it starts");
        let (actor, _) = puppet_of(&service, ChildSpec::from("actor"));
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        service.run_with("import", endless).expect("it starts");
        let pool = service.nest("pool", SupervisorSpec::new());
        let pool = pool.expect("it starts");
        pool.run_with("inside", endless).expect("it starts");
        let owned = service.run(endless(&FlowContext::background()));
        let owned = owned.expect("it starts");
        let fails_late = |_: &FlowContext| {
            let item = Source::once(1u64).named("item");
            item.map(|n| panic!("expected: {n}")).named("weak").drain()
        };
        service.run_with("export", fails_late).expect("it starts");
        let error = fails(service).await;
        assert_eq!(error.cause().stage(), Some("service/export/weak"));
        let owned = within("the flow of its own", owned.wait()).await;
        let owned = owned.expect_err("it was ended");
        assert_eq!(owned.stage(), Some("service/export/weak"));
        let tree = error.tree();
        // The first is the service, which has failed too.
        for row in &tree.rows()[1..] {
            assert_eq!(row.failure.is_some(), &*row.name == "export", "{tree}");
        }
    });
}

#[test]
fn the_end_of_an_actor_is_that_which_it_was_told() {
    system(async {
        let service = service();
        for name in ["quit", "closed", "aborted", "itself"] {
            let (actor, _) = puppet(&service, name);
            assert_eq!(ask(&actor, Add(1)).await, Ok(1));
            let told = match name {
                "quit" => service.quit_child(name),
                "closed" => service.close_child(name),
                "aborted" => service.abort_child(name),
                _ => {
                    tell(&actor, Finish);
                    until("its end", || !actor.connected()).await;
                    continue;
                }
            };
            within("its end", told.expect("it is there")).await;
        }
        let (last, _) = puppet(&service, "last");
        assert_eq!(ask(&last, Add(1)).await, Ok(1));
        let tree = quit(service).await;
        let ending = |name| tree.row(name).and_then(|row| row.ending.clone());
        assert!(matches!(ending("quit"), Some(Cause::Quit)), "{tree}");
        assert!(matches!(ending("closed"), Some(Cause::Closed)), "{tree}");
        let aborted = ending("aborted").map(|cause| cause.to_string());
        assert_eq!(aborted.as_deref(), Some("cancelled: aborted"), "{tree}");
        assert!(matches!(ending("itself"), Some(Cause::Completed)), "{tree}");
        assert!(matches!(ending("last"), Some(Cause::Quit)), "{tree}");
    });
}

#[test]
fn r6_6_supervisors_below_one_that_never_started_end_with_it() {
    quiet_panics();
    paused(async {
        let hour = Duration::from_secs(3_600);
        let spec = SupervisorSpec::new().strategy(Strategy::OneForAll);
        let service = spec.start(&FlowContext::background()).expect("it starts");
        let policy = RestartPolicy::restart().backoff(hour, hour);
        let down = ChildSpec::from("down").supervised(policy);
        let factory = |_: &FlowContext| -> Puppet { panic!("expected: no database") };
        service.start_actor(down, factory).expect("it starts");
        settle().await;
        // All wait for the one that is down.
        let outer = service.nest("outer", SupervisorSpec::new());
        let inner = outer
            .expect("it starts")
            .nest("inner", SupervisorSpec::new());
        let inner = inner.expect("it starts");
        let deep = inner.nest("deep", SupervisorSpec::new());
        let deep = deep.expect("it starts");
        let (actor, life) = puppet(&deep, "actor");
        settle().await;
        service.quit();
        let tree = within("the end of all", service.wait()).await;
        let tree = tree.unwrap_or_else(|error| error.tree().clone());
        assert_eq!(life.started(), 0);
        assert!(!actor.connected());
        assert!(inner.is_finished() && deep.is_finished(), "{tree}");
        within("the one inside", inner.finished()).await;
        within("the one below it", deep.abort()).await;
        let all = tree.rows().iter();
        assert!(
            all.clone().all(|row| row.state == ChildState::Ended),
            "{tree}"
        );
    });
}
