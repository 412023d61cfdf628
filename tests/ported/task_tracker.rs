//! tokio-util's `TaskTracker`: https://github.com/tokio-rs/tokio/blob/master/tokio-util/tests/task_tracker.rs
//!
//! What tracks tasks here is a flow: they are sent into its inlet and run at its sink.

use actix_flow::prelude::*;
use futures::poll;

use crate::kit::{Gate, settle, system, until, within};

const TASKS: usize = 10;

/// A flow that passes the gates that it is sent.
fn tracker() -> (Inlet<Gate>, Pipeline<()>) {
    let (inlet, tasks) = Source::inlet(TASKS);
    let flow = tasks.for_each_async(TASKS, |gate: Gate| async move { gate.pass().await });
    let flow = flow.named("tasks").run(&FlowContext::background());
    (inlet, flow.expect("it starts"))
}

async fn begin(inlet: &Inlet<Gate>) -> Gate {
    let gate = Gate::new();
    assert!(inlet.try_send(gate.clone()).is_ok(), "there is room");
    until("the task to run", || gate.arrived() == 1).await;
    gate
}

/// How many tasks run; a stage counts at the end of its turn.
fn tracked(control: &Control) -> u64 {
    let report = control.snapshot();
    let tasks = report.stage("tasks").expect("it is a stage");
    tasks.received - tasks.passed
}

// tokio-util/tests/task_tracker.rs: open_close
#[test]
fn an_inlet_is_closed_once_and_for_all() {
    system(async {
        let (inlet, flow) = tracker();
        assert!(!inlet.is_closed());
        assert_eq!(tracked(&flow.control()), 0);
        inlet.close();
        assert!(inlet.is_closed());
        inlet.close();
        assert!(inlet.is_closed());
        within("the end", flow.into_future())
            .await
            .expect("it completes");
    });
}

// tokio-util/tests/task_tracker.rs: token_len
#[test]
fn the_report_counts_the_tasks_that_run() {
    system(async {
        let (inlet, flow) = tracker();
        let control = flow.control();
        let mut gates = Vec::new();
        for running in 1..=TASKS as u64 {
            gates.push(begin(&inlet).await);
            until("it to be counted", || tracked(&control) == running).await;
        }
        for (ended, gate) in gates.iter().enumerate() {
            gate.open();
            let left = (TASKS - 1 - ended) as u64;
            until("one less", || tracked(&control) == left).await;
        }
    });
}

// tokio-util/tests/task_tracker.rs: notify_immediately
#[test]
fn a_flow_closed_before_it_runs_ends_at_once() {
    system(async {
        let (inlet, tasks) = Source::<Gate>::inlet(TASKS);
        inlet.close();
        let flow = tasks.drain().run(&FlowContext::background());
        within("the end", flow.expect("it starts").into_future())
            .await
            .expect("it completes");
    });
}

// tokio-util/tests/task_tracker.rs: notify_on_close
#[test]
fn a_wait_without_tasks_lasts_until_the_close() {
    system(async {
        let (inlet, flow) = tracker();
        let mut wait = Box::pin(flow.wait());
        settle().await;
        assert!(poll!(&mut wait).is_pending());
        inlet.close();
        within("the end", wait).await.expect("it completes");
    });
}

// tokio-util/tests/task_tracker.rs: notify_on_last_task
#[test]
fn a_wait_after_the_close_lasts_until_the_last_task() {
    system(async {
        let (inlet, flow) = tracker();
        let task = begin(&inlet).await;
        inlet.close();
        let mut wait = Box::pin(flow.wait());
        settle().await;
        assert!(poll!(&mut wait).is_pending());
        task.open();
        within("the end", wait).await.expect("it completes");
    });
}

// tokio-util/tests/task_tracker.rs: no_notify_on_respawn_if_open
#[test]
fn a_wait_does_not_end_between_two_tasks_while_open() {
    system(async {
        let (inlet, flow) = tracker();
        let control = flow.control();
        let first = begin(&inlet).await;
        let mut wait = Box::pin(flow.wait());
        until("it to be counted", || tracked(&control) == 1).await;
        first.open();
        until("the task to end", || tracked(&control) == 0).await;
        let second = begin(&inlet).await;
        settle().await;
        assert!(poll!(&mut wait).is_pending());
        second.open();
        inlet.close();
        within("the end", wait).await.expect("it completes");
    });
}

// tokio-util/tests/task_tracker.rs: close_during_exit
#[test]
fn a_close_between_any_two_tasks_lets_the_rest_end() {
    const LAST: usize = 5;
    for close_at in 0..=LAST {
        system(async {
            let (inlet, flow) = tracker();
            let control = flow.control();
            let mut tasks = Vec::new();
            for _ in 0..LAST {
                tasks.push(begin(&inlet).await);
            }
            let mut wait = Box::pin(flow.wait());
            for (n, task) in tasks.iter().enumerate() {
                assert!(poll!(&mut wait).is_pending());
                if n == close_at {
                    inlet.close();
                }
                settle().await;
                assert!(poll!(&mut wait).is_pending());
                task.open();
                until("one to end", || tracked(&control) == (LAST - 1 - n) as u64).await;
            }
            if close_at == LAST {
                settle().await;
                assert!(poll!(&mut wait).is_pending());
                inlet.close();
            }
            within("the end", wait).await.expect("it completes");
        });
    }
}

// tokio-util/tests/task_tracker.rs: notify_many
#[test]
fn all_who_wait_are_told() {
    system(async {
        let (inlet, flow) = tracker();
        let mut waits: Vec<_> = (0..10).map(|_| flow.control().finished()).collect();
        settle().await;
        for wait in &mut waits {
            assert!(poll!(wait).is_pending());
        }
        inlet.close();
        for wait in waits {
            within("each of ten", wait).await;
        }
    });
}
