//! Where a flow runs, and where it does not.

use actix_flow::prelude::*;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use crate::kit::{failed, quiet_panics, refusal, value, within};

fn flow() -> Blueprint<u64> {
    Source::from_iter(0..100u64).map(|n| n).batch(3).count()
}

#[test]
fn there_is_no_flow_without_a_runtime() {
    let refused = refusal(flow());
    assert!(matches!(refused, StartError::NoRuntime));
    assert!(refused.to_string().starts_with("no runtime:"), "{refused}");
    assert_eq!(refused.stage(), None);
}

#[test]
fn there_is_no_flow_where_nothing_local_can_be_spawned() {
    quiet_panics();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        assert!(matches!(refusal(flow()), StartError::NoRuntime));
    });
}

#[test]
fn there_is_no_flow_without_time() {
    quiet_panics();
    let runtime = Builder::new_current_thread().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        assert!(matches!(refusal(flow()), StartError::NoRuntime));
    });
}

#[test]
fn a_plain_local_set_is_enough() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        assert_eq!(value(flow()).await, 34);
        let asynchronous = Source::from_iter(0..100u64)
            .map_async(4, |n| async move { n })
            .map_blocking(2, |n| n);
        assert_eq!(value(asynchronous.count()).await, 100);
        let running = Source::repeat_with(|| 1u64)
            .count()
            .run(&FlowContext::background());
        let running = running.unwrap();
        drop(running.control().cancel("enough"));
        within("the end", failed(running)).await;
    });
}

#[test]
fn workers_need_a_system_or_arbiters_of_the_caller() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let digest = Source::from_iter(0..9u64)
            .map_parallel(2, |n| n)
            .named("digest");
        let refused = refusal(digest.count());
        assert!(matches!(refused, StartError::NoSystem { .. }));
        assert_eq!(refused.stage(), Some("digest"));
        let text = refused.to_string();
        assert!(
            text.contains("`digest`") && text.contains("map_parallel_on"),
            "{text}"
        );
    });
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn blueprints_pipelines_and_their_futures_are_send() {
    fn is_send<T: Send>() {}
    is_send::<Source<std::cell::Cell<u64>>>();
    is_send::<Blueprint<std::cell::Cell<u64>>>();
    is_send::<Branches<u64>>();
    is_send::<Pipeline<u64>>();
    is_send::<actix_flow::Wait<u64>>();
    is_send::<actix_flow::Value<u64>>();
    is_send::<Inlet<u64>>();
    is_send::<Outlet<u64>>();
    is_send::<Control>();
    is_send::<Ended>();
    // Futures and states that are not `Send` leave the blueprint `Send`.
    let source = Source::generate(async |mut out: Yielder<u64>| {
        let state = std::rc::Rc::new(1);
        out.send(*state).await;
    });
    let flow = source
        .map_async(2, |n| async move {
            let state = std::rc::Rc::new(n);
            tokio::task::yield_now().await;
            *state
        })
        .scan_with(|_| std::rc::Rc::new(2), |state, n| Some(n + **state))
        .count();
    // A blueprint built here runs elsewhere; its handle comes back, and is awaited here.
    let flow = assert_send(flow);
    let count = std::thread::spawn(move || crate::kit::system(value(flow)));
    assert_eq!(count.join().unwrap(), 1);
}
