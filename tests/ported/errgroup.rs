//! Go's `errgroup`: https://github.com/golang/sync/blob/master/errgroup/errgroup_test.go
//!
//! A group is a flow of tasks: chains of one item each that end together, or a stage that runs so many
//! futures at once. The first failure ends it, with its error.

use std::sync::{Arc, Mutex};

use actix_flow::prelude::*;

use crate::kit::{Gate, Meter, settle, system, until, within};

type Task = Result<(), &'static str>;

/// One chain per task, and a look at the context that they run under.
fn group(tasks: &[Task]) -> (Blueprint<Vec<()>>, Arc<Mutex<Option<FlowContext>>>) {
    let seen = Arc::new(Mutex::new(None));
    let looks = Arc::clone(&seen);
    let look = Source::from_iter_with(move |ctx| {
        *looks.lock().expect("nobody panics with it") = Some(ctx.clone());
        [()]
    });
    let tasks = tasks.iter().copied();
    let chains = tasks.map(|task| Source::once(()).try_map(move |()| task).drain());
    let chains = [look.drain()].into_iter().chain(chains);
    (Blueprint::all(chains), seen)
}

const CASES: &[(&[Task], Option<&str>)] = &[
    (&[], None),
    (&[Ok(())], None),
    (&[Err("doomed")], Some("doomed")),
    (&[Err("doomed"), Ok(())], Some("doomed")),
    (&[Ok(()), Err("doomed"), Ok(())], Some("doomed")),
];

fn error_of(cause: Option<&Cause>) -> Option<String> {
    match cause {
        Some(Cause::Failed { error, .. }) => Some(error.to_string()),
        _ => None,
    }
}

// errgroup/errgroup_test.go: TestZeroGroup
#[test]
fn a_group_gives_the_error_of_the_first_that_fails() {
    system(async {
        // One after the other: which of two is the first is certain then.
        for (tasks, want) in [
            (&[Err("1"), Ok(()), Err("2")][..], Some("1")),
            (&[Ok(()), Err("2")], Some("2")),
            (&[Ok(())], None),
            (&[], None),
        ] {
            let tasks: Vec<Task> = tasks.to_vec();
            let flow = Source::from_iter(tasks).try_map(|task| task).drain();
            let flow = flow.run(&FlowContext::background()).expect("it starts");
            let ended = within("the group", flow.into_future()).await;
            let error = ended.err().and_then(|error| error_of(error.cause()));
            assert_eq!(error.as_deref(), want);
        }
    });
}

// errgroup/errgroup_test.go: TestWithContext
#[test]
fn the_context_of_a_group_is_done_when_the_group_is() {
    system(async {
        for (tasks, want) in CASES {
            let (flow, seen) = group(tasks);
            let outer = FlowContext::background();
            let ended = within(
                "the group",
                flow.run(&outer).expect("it starts").into_future(),
            )
            .await;
            let error = ended.err().and_then(|error| error_of(error.cause()));
            assert_eq!(error.as_deref(), *want);
            let ctx = seen.lock().expect("nobody panics with it").take();
            // A failure may come before the factory runs that would have seen it.
            assert!(ctx.map_or(want.is_some(), |ctx| ctx.is_done()));
            assert!(!outer.is_done());
        }
    });
}

// errgroup/errgroup_test.go: TestCancelCause
#[test]
fn the_cause_of_a_groups_context_is_the_first_error() {
    system(async {
        for (tasks, want) in CASES {
            let (flow, seen) = group(&[]);
            let gate = Gate::new();
            let tasks: Vec<Task> = tasks.to_vec();
            let (held, passes) = (gate.clone(), gate.clone());
            let tasks = Source::from_iter(tasks)
                .map_async(1, move |task| {
                    let gate = passes.clone();
                    async move {
                        gate.pass().await;
                        task
                    }
                })
                .try_map(|task| task);
            let flow = flow.and(tasks.drain()).run(&FlowContext::background());
            let flow = flow.expect("it starts");
            until("the context", || {
                seen.lock().expect("nobody panics with it").is_some()
            })
            .await;
            held.open();
            let _ = within("the group", flow.into_future()).await;
            let ctx = seen.lock().expect("nobody panics with it").take();
            let cause = ctx.expect("it was seen").cause().expect("it is done");
            assert_eq!(error_of(Some(&cause)).as_deref(), *want);
            assert!(want.is_some() || matches!(cause, Cause::Completed));
        }
    });
}

// errgroup/errgroup_test.go: TestTryGo
#[test]
fn a_full_group_refuses_a_task_and_takes_one_when_another_has_ended() {
    const LIMIT: usize = 42;
    system(async {
        let (inlet, tasks) = Source::inlet(LIMIT);
        let gate = Gate::new();
        let passes = gate.clone();
        let flow = tasks.for_each_async(LIMIT, move |()| {
            let gate = passes.clone();
            async move { gate.pass().await }
        });
        let flow = flow.window(LIMIT).run(&FlowContext::background());
        let flow = flow.expect("it starts");
        for running in 1..=LIMIT as u64 {
            inlet.try_send(()).expect("there is room");
            until("it to run", || gate.arrived() == running).await;
        }
        // All run: what comes now waits in the inlet, and no further.
        for _ in 0..LIMIT {
            inlet.try_send(()).expect("there is room in the inlet");
            settle().await;
        }
        assert!(inlet.try_send(()).expect_err("nobody may begin").is_full());
        assert_eq!(gate.arrived(), LIMIT as u64);
        gate.open();
        inlet.send(()).await.expect("one has ended");
        inlet.close();
        within("the group", flow.into_future())
            .await
            .expect("it completes");
        assert_eq!(gate.arrived(), 2 * LIMIT as u64 + 1);
    });
}

// errgroup/errgroup_test.go: TestGoLimit
#[test]
fn no_more_than_the_limit_run_at_once() {
    const LIMIT: usize = 10;
    system(async {
        let meter = Meter::new();
        let counts = meter.clone();
        let flow = Source::from_iter(0..=1_024).for_each_async(LIMIT, move |_| {
            let meter = counts.clone();
            async move {
                meter.enter();
                tokio::task::yield_now().await;
                meter.leave();
            }
        });
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        within("the group", flow.into_future())
            .await
            .expect("it completes");
        assert_eq!((meter.most(), meter.entered()), (LIMIT as u64, 1_025));
    });
}
