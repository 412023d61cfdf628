//! Rule 6.1: a failure of a child is never silent, and is not logged twice.

use std::sync::{Mutex, Once};

use actix::prelude::*;
use actix_flow::prelude::*;

use crate::cast::{Add, Crash, Do, Puppet, ask, puppet_of, quit, restarted, service, tell};
use crate::kit::{quiet_panics, system, until};

/// All that was logged by the tests of this program.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut lines = LINES.lock().expect("nobody panics with it");
        lines.push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Lines).expect("it is the only one");
        log::set_max_level(log::LevelFilter::Warn);
    });
}

/// What was logged of a child that no other test has.
fn of(child: &str) -> Vec<String> {
    let lines = LINES.lock().expect("nobody panics with it");
    lines
        .iter()
        .filter(|line| line.contains(child))
        .cloned()
        .collect()
}

const PANICKED: &str = "panicked: expected: told to crash";

#[test]
fn r6_1_a_restart_is_logged_once() {
    quiet_panics();
    listen();
    system(async {
        let service = service();
        let (actor, _) = puppet_of(&service, restarted("log-restart"));
        tell(&actor, Crash);
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        quit(service).await;
        let line = format!("WARN log-restart: restarts: stage `log-restart` {PANICKED}");
        assert_eq!(of("log-restart"), [line]);
    });
}

#[test]
fn r6_1_an_isolated_failure_is_logged_once() {
    quiet_panics();
    listen();
    system(async {
        let service = service();
        let (actor, _) = puppet_of(&service, ChildSpec::from("log-isolated").isolated());
        tell(&actor, Crash);
        until("its end", || !actor.connected()).await;
        quit(service).await;
        let line = format!("ERROR log-isolated: isolated: stage `log-isolated` {PANICKED}");
        assert_eq!(of("log-isolated"), [line]);
    });
}

#[test]
fn r6_1_a_failure_that_ends_a_tree_nobody_waits_for_is_logged_once() {
    quiet_panics();
    listen();
    system(async {
        let service = service();
        let (actor, _) = puppet_of(&service, "log-root".into());
        let control = service.control();
        service.detach();
        tell(&actor, Crash);
        crate::kit::within("the end", control.finished()).await;
        until("the line", || !of("log-root").is_empty()).await;
        let line = format!("ERROR supervisor/log-root: stage `log-root` {PANICKED}");
        assert_eq!(of("log-root"), [line]);
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
fn r6_1_a_panic_of_one_that_is_stopped_is_logged_once() {
    quiet_panics();
    listen();
    system(async {
        let service = service();
        let (actor, _) = puppet_of(&service, restarted("log-stopped"));
        tell(
            &actor,
            Do::new(|_: &mut Puppet, ctx| {
                let thorn = Thorn;
                ctx.spawn(actix::fut::wrap_future(async move {
                    std::future::pending::<()>().await;
                    drop(thorn);
                }));
            }),
        );
        assert_eq!(ask(&actor, Add(1)).await, Ok(1));
        quit(service).await;
        let line = "ERROR log-stopped: stage `log-stopped` panicked: expected: a thorn";
        assert_eq!(of("log-stopped"), [line]);
    });
}
