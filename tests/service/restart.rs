//! Rules 6.1, 6.2 and 6.5 for a user's own actor: it is caught, made anew, and keeps its mailbox.

use actix::MailboxError;
use actix_flow::prelude::*;

use crate::cast::{
    Add, Crash, Finish, ask, fails, puppet, puppet_of, quit, restarts, service, tell,
};
use crate::kit::{quiet_panics, system};

#[test]
fn r6_5_an_address_and_its_mailbox_survive_a_restart() {
    quiet_panics();
    system(async {
        let service = service();
        let (actor, life) = puppet(&service, "puppet");
        assert_eq!(ask(&actor, Add(5)).await, Ok(5));
        tell(&actor, Crash);
        tell(&actor, Add(7));
        // State anew, and all that was queued behind the crash is there.
        assert_eq!(ask(&actor, Add(1)).await, Ok(8));
        assert_eq!(life.started(), 2);
        assert_eq!(restarts(&service, "puppet"), 1);
        quit(service).await;
        life.assert_none_alive();
    });
}

#[test]
fn r6_1_an_ask_in_work_at_a_crash_is_closed_and_the_cause_is_in_the_tree() {
    quiet_panics();
    system(async {
        let service = service();
        let (actor, life) = puppet(&service, "puppet");
        assert_eq!(ask(&actor, Crash).await, Err(MailboxError::Closed));
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        let tree = service.tree();
        let row = tree.row("puppet").expect("it is alive");
        assert_eq!(row.state, ChildState::Running);
        let failure = row.failure.as_ref().expect("it failed").to_string();
        assert_eq!(failure, "stage `puppet` panicked: expected: told to crash");
        quit(service).await;
        life.assert_none_alive();
    });
}

#[test]
fn r6_4_without_a_policy_a_failure_cancels_the_tree_with_its_cause() {
    quiet_panics();
    system(async {
        let service = service();
        let (_other, other) = puppet(&service, "other");
        let (actor, life) = puppet_of(&service, "puppet".into());
        tell(&actor, Crash);
        let error = fails(service).await;
        assert_eq!(error.cause().stage(), Some("puppet"), "{error}");
        assert!(!actor.connected());
        life.assert_none_alive();
        other.assert_none_alive();
    });
}

#[test]
fn an_actor_that_stops_itself_is_done_and_its_name_free() {
    system(async {
        let service = service();
        let (actor, life) = puppet(&service, "puppet");
        assert_eq!(ask(&actor, Finish).await, Ok(()));
        crate::kit::until("its end", || life.dropped() == 1).await;
        crate::kit::until("its mailbox", || !actor.connected()).await;
        let (again, _) = puppet(&service, "puppet");
        assert_eq!(ask(&again, Add(2)).await, Ok(2));
        quit(service).await;
        life.assert_none_alive();
    });
}

#[test]
fn one_that_is_permanent_is_restarted_when_it_stops_itself() {
    system(async {
        let service = service();
        let (actor, life) = puppet_of(&service, crate::cast::restarted("puppet").permanent());
        tell(&actor, Add(1));
        tell(&actor, Finish);
        assert_eq!(ask(&actor, Add(2)).await, Ok(2));
        assert_eq!((life.started(), life.stopped()), (2, 1));
        quit(service).await;
        life.assert_none_alive();
    });
}

#[test]
fn r6_7_the_address_of_one_that_is_restarted_stays_connected() {
    quiet_panics();
    system(async {
        let service = service();
        let (actor, life) = puppet(&service, "puppet");
        let weak = actor.downgrade();
        for n in 1..=9 {
            tell(&actor, Crash);
            assert!(actor.connected());
            assert_eq!(ask(&actor, Add(n)).await, Ok(n));
            // All that lead to it are one address, its own included.
            assert_eq!(weak.upgrade().as_ref(), Some(&actor));
            assert_eq!(life.started(), n + 1);
            assert_eq!(life.dropped(), n);
        }
        let (own, of) = (
            std::sync::Arc::new(std::sync::Mutex::new(None)),
            actor.clone(),
        );
        let slot = std::sync::Arc::clone(&own);
        tell(
            &of,
            crate::cast::Do::new(move |_, ctx| {
                let address = actix::AsyncContext::address(ctx);
                *slot.lock().expect("nobody panics with it") = Some(address);
            }),
        );
        assert_eq!(ask(&actor, Add(0)).await, Ok(9));
        assert_eq!(*own.lock().expect("nobody panics with it"), Some(actor));
        quit(service).await;
        life.assert_none_alive();
    });
}
