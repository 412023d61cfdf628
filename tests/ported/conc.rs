//! sourcegraph's `conc`: https://github.com/sourcegraph/conc/blob/main/stream/stream_test.go and the pools of
//! https://github.com/sourcegraph/conc/tree/main/pool
//!
//! A pool is a stage that runs so many futures at once; a stream is one that keeps the order, and a sink
//! that calls back.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_flow::prelude::*;

use crate::kit::{
    Census, Gate, Meter, failed, failure, paused, quiet_panics, refusal, system, until, value,
    within,
};

async fn some_yields() {
    for _ in 0..fastrand::u32(0..20) {
        tokio::task::yield_now().await;
    }
}

// stream/stream_test.go: TestStream/simple
#[test]
fn callbacks_come_in_the_order_in_which_tasks_were_given() {
    system(async {
        let flow = Source::from_iter(0..5u64).map_async(4, async |n| {
            some_yields().await;
            n * 2
        });
        assert_eq!(value(flow.collect::<Vec<_>>()).await, [0, 2, 4, 6, 8]);
    });
}

// stream/stream_test.go: TestStream/nil callback
#[test]
fn a_task_without_a_callback_is_run_all_the_same() {
    system(async {
        let ran = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&ran);
        let flow = Source::from_iter(0..5).map_async(4, move |_| {
            count.fetch_add(1, SeqCst);
            async { None::<()> }
        });
        assert_eq!(value(flow.filter_map(|callback| callback).count()).await, 0);
        assert_eq!(ran.load(SeqCst), 5);
    });
}

// stream/stream_test.go: TestStream/max goroutines
#[test]
fn five_tasks_run_at_once_and_one_callback() {
    system(async {
        let (tasks, callbacks) = (Meter::new(), Meter::new());
        let (inside, called) = (tasks.clone(), callbacks.clone());
        let flow = Source::from_iter(0..50).map_async(5, move |_| {
            let meter = inside.clone();
            async move {
                meter.enter();
                some_yields().await;
                meter.leave();
            }
        });
        let flow = flow.for_each_async(1, move |()| {
            let meter = called.clone();
            async move {
                meter.enter();
                some_yields().await;
                meter.leave();
            }
        });
        value(flow).await;
        assert_eq!((tasks.most(), callbacks.most()), (5, 1));
        assert_eq!((tasks.entered(), callbacks.entered()), (50, 50));
    });
}

fn panic_of(error: &PipelineError) -> (&str, &str) {
    match error.cause() {
        Some(Cause::Panicked { stage, text }) => (stage, text),
        other => panic!("no panic: {other:?}"),
    }
}

// stream/stream_test.go: TestStream/panic in task is propagated
#[test]
fn a_panic_in_a_task_is_told() {
    quiet_panics();
    system(async {
        let flow = Source::once(()).map_async(5, async |()| panic!("expected: in the task"));
        let error = failure(flow.named("task").drain()).await;
        assert_eq!(panic_of(&error), ("task", "expected: in the task"));
    });
}

// stream/stream_test.go: TestStream/panic in callback is propagated
#[test]
fn a_panic_in_a_callback_is_told() {
    quiet_panics();
    system(async {
        let flow = Source::once(()).map_async(5, async |()| ());
        let flow = flow.for_each(|()| panic!("expected: in the callback"));
        let error = failure(flow.named("callback")).await;
        assert_eq!(panic_of(&error), ("callback", "expected: in the callback"));
    });
}

// stream/stream_test.go: TestStream/panic in callback does not block producers
#[test]
fn a_panic_in_a_callback_does_not_block_who_gives_tasks() {
    quiet_panics();
    system(async {
        let (inlet, source) = Source::inlet(1);
        let flow = source.map_async(5, async |n: u64| n).for_each(|n| {
            assert!(n != 0, "expected: in the callback");
        });
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        within("all to be given", async {
            for n in 0..100 {
                // Taken or given back, but not held.
                let _ = inlet.send(n).await;
            }
        })
        .await;
        failed(flow).await;
        assert!(inlet.is_closed());
    });
}

fn pool(tasks: u64, most: usize, meter: &Meter) -> Source<u64> {
    let meter = meter.clone();
    Source::from_iter(0..tasks).map_async(most, move |n| {
        let meter = meter.clone();
        async move {
            meter.enter();
            some_yields().await;
            meter.leave();
            n
        }
    })
}

// pool/pool_test.go: TestPool/basic
#[test]
fn every_task_of_a_pool_is_run() {
    system(async {
        let meter = Meter::new();
        assert_eq!(value(pool(100, 16, &meter).count()).await, 100);
        assert_eq!((meter.entered(), meter.inside()), (100, 0));
    });
}

// pool/pool_test.go, pool/error_pool_test.go, pool/context_pool_test.go and pool/result_pool_test.go: limit
// pool/result_pool_test.go: TestResultGroup/basic, TestResultGroup/deterministic order
#[test]
fn a_pool_runs_no_more_than_its_limit_and_gives_all_results_in_order() {
    for most in [1, 10, 100] {
        system(async {
            let (meter, tasks) = (Meter::new(), most as u64 * 10);
            let results = value(pool(tasks, most, &meter).collect::<Vec<_>>()).await;
            assert!(results.into_iter().eq(0..tasks));
            assert_eq!((meter.most(), meter.inside()), (most as u64, 0));
        });
    }
}

// pool/pool_test.go: TestPool/propagate panic; pool/error_pool_test.go: TestErrorPool/propagates panics
#[test]
fn the_panic_of_one_task_among_ten_is_told() {
    quiet_panics();
    system(async {
        let flow = Source::from_iter(0..10).map_async(10, async |n| {
            assert!(n != 5, "expected: 5");
        });
        assert_eq!(
            panic_of(&failure(flow.named("pool").drain()).await),
            ("pool", "expected: 5")
        );
    });
}

// pool/pool_test.go: TestPool/panics do not exhaust goroutines
#[test]
fn panics_do_not_use_up_the_places_of_a_pool() {
    quiet_panics();
    paused(async {
        let ran = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&ran);
        let flow = Source::from_iter(0..10).map_async(2, move |_| {
            count.fetch_add(1, SeqCst);
            async { panic!("expected: 42") }
        });
        let flow = flow.supervised(RestartPolicy::resume().without_limit());
        value(flow.drain()).await;
        assert_eq!(ran.load(SeqCst), 10);
    });
}

// pool/pool_test.go: TestPool/panics on invalid WithMaxGoroutines
#[test]
fn a_pool_of_none_is_refused() {
    system(async {
        let flow = Source::once(()).map_async(0, async |()| ()).named("pool");
        assert_eq!(refusal(flow.drain()).stage(), Some("pool"));
    });
}

/// A stage of tasks that err: what ended the flow, and each failure that a resuming policy was asked about.
async fn errors(tasks: Vec<Result<u64, &'static str>>) -> (Option<String>, Vec<String>) {
    let flow = Source::from_iter(tasks.clone())
        .try_map(|task| task)
        .drain();
    let ended = flow.run(&FlowContext::background()).expect("it starts");
    let ended = within("the end", ended.into_future()).await;
    let first = ended.err().and_then(|error| match error.cause() {
        Some(Cause::Failed { error, .. }) => Some(error.to_string()),
        _ => None,
    });

    let all = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&all);
    let policy = RestartPolicy::decide(move |cause| {
        if let Cause::Failed { error, .. } = cause {
            let mut told = told.lock().expect("nobody panics with it");
            told.push(error.to_string());
        }
        Directive::Resume
    });
    let flow = Source::from_iter(tasks).try_map(|task| task);
    value(flow.supervised(policy).drain()).await;
    let all = std::mem::take(&mut *all.lock().expect("nobody panics with it"));
    (first, all)
}

// pool/error_pool_test.go and pool/context_pool_test.go: "wait returns no error if no errors", "wait error if func
// returns error", "wait error is all returned errors", WithFirstError
#[test]
fn the_first_error_ends_a_pool_and_a_policy_sees_all() {
    paused(async {
        assert_eq!(errors(vec![Ok(1)]).await, (None, vec![]));
        let one = (Some("err1".into()), vec!["err1".into()]);
        assert_eq!(errors(vec![Err("err1")]).await, one);
        let two = (Some("err1".into()), vec!["err1".into(), "err2".into()]);
        assert_eq!(errors(vec![Err("err1"), Ok(1), Err("err2")]).await, two);
    });
}

/// Three tasks that wait for ever unless they are dropped, each with an item, and one more.
fn with_waiting(
    census: &Census,
    last: impl AsyncFn() -> Result<(), &'static str> + Send + Clone + 'static,
) -> Source<()> {
    let census = census.clone();
    let tasks = Source::from_iter(0..4).map_async_unordered(4, move |n| {
        let (held, last) = ((n < 3).then(|| census.item(n)), last.clone());
        async move {
            if held.is_none() {
                return last().await;
            }
            std::future::pending().await
        }
    });
    tasks.try_map(|result| result)
}

// pool/context_pool_test.go: TestContextPool/context error propagates/canceled
#[test]
fn the_cancel_of_its_context_ends_a_pool() {
    system(async {
        let (ctx, cancel) = FlowContext::background().with_cancel();
        let flow = Source::once(()).map_async(1, async |()| std::future::pending::<()>().await);
        let flow = flow.drain().run(&ctx).expect("it starts");
        cancel.cancel("enough");
        let error = failed(flow).await;
        assert_eq!(
            error.cause().expect("the context's").to_string(),
            "cancelled: enough"
        );
    });
}

// pool/context_pool_test.go: TestContextPool/context error propagates/timed out
#[test]
fn the_timeout_of_its_context_ends_a_pool() {
    paused(async {
        let (ctx, _cancel) = FlowContext::background().with_timeout(Duration::from_millis(1));
        let flow = Source::once(()).map_async(1, async |()| std::future::pending::<()>().await);
        let error = failed(flow.drain().run(&ctx).expect("it starts")).await;
        assert!(matches!(error.cause(), Some(Cause::DeadlineExceeded)));
    });
}

// pool/context_pool_test.go: TestContextPool/context error propagates/return before timed out
#[test]
fn a_pool_that_ends_before_the_timeout_is_well() {
    paused(async {
        let (ctx, _cancel) = FlowContext::background().with_timeout(Duration::from_millis(5));
        let flow = Source::once(()).map_async(1, async |()| {
            tokio::time::sleep(Duration::from_millis(1)).await;
        });
        let flow = flow.drain().run(&ctx).expect("it starts");
        within("the end", flow.into_future())
            .await
            .expect("it was in time");
    });
}

// pool/context_pool_test.go: TestContextPool/WithCancelOnError, TestContextPool/WithFailFast
#[test]
fn the_error_of_a_task_drops_those_that_run() {
    system(async {
        let census = Census::new();
        let error = failure(with_waiting(&census, async || Err("err1")).drain()).await;
        let Some(Cause::Failed { error, .. }) = error.cause() else {
            panic!("it failed")
        };
        assert_eq!(error.to_string(), "err1");
        assert_eq!(census.created(), 3);
        census.assert_none_alive();
    });
}

// pool/context_pool_test.go: TestContextPool/WithCancelOnError and panic
#[test]
fn the_panic_of_a_task_drops_those_that_run() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let flow = with_waiting(&census, async || panic!("expected: a panic"));
        assert_eq!(
            panic_of(&failure(flow.drain()).await).1,
            "expected: a panic"
        );
        assert_eq!(census.created(), 3);
        census.assert_none_alive();
    });
}

// pool/context_pool_test.go: TestContextPool/no WithCancelOnError
#[test]
fn a_pool_that_resumes_lets_the_others_end_after_an_error() {
    paused(async {
        let gate = Gate::new();
        let waits = gate.clone();
        let flow = Source::from_iter(0..3u64).map_async_unordered(3, move |n| {
            let gate = waits.clone();
            async move {
                if n == 0 {
                    return Err("err1");
                }
                gate.pass().await;
                Ok(n)
            }
        });
        let flow = flow.try_map(|result| result).named("check");
        let flow = flow.supervised(RestartPolicy::resume()).collect::<Vec<_>>();
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        let control = flow.control();
        let failed = move || {
            control
                .snapshot()
                .stage("check")
                .expect("it is a stage")
                .failed
        };
        until("the error", || failed() == 1).await;
        gate.open();
        let mut results = within("the end", flow.into_future())
            .await
            .expect("it completes");
        results.sort_unstable();
        assert_eq!(results, [1, 2]);
    });
}
