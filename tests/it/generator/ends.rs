//! A generator stops, and drops what it computes with, when nobody asks any more.

use actix_flow::prelude::*;

use crate::kit::{DropFlag, Gate, Meter, failed, finished, system, until, within};

#[test]
fn r3_2_a_cancel_drops_an_endless_iterator() {
    system(async {
        let (flag, meter) = (DropFlag::new(), Meter::new());
        let (guard, enter) = (flag.guard(), meter.clone());
        let flow = Source::repeat_with(move || {
            let _ = &guard;
            enter.enter();
        });
        let (ctx, cancel) = FlowContext::background().with_cancel();
        let running = flow.drain().run(&ctx).unwrap();
        until("items to flow", || meter.entered() > 100).await;
        cancel.cancel("enough");
        failed(running).await;
        assert!(flag.is_dropped());
    });
}

#[test]
fn r3_2_a_cancel_drops_a_pending_future_at_its_await() {
    system(async {
        let kinds: [fn(DropFlag, Gate) -> Source<u64>; 3] = [
            |flag, gate| {
                Source::generate(async move |mut out: Yielder<u64>| {
                    let _guard = flag.guard();
                    gate.pass().await;
                    out.send(1).await;
                })
            },
            |flag, gate| {
                Source::unfold_async((), move |()| {
                    let (guard, gate) = (flag.guard(), gate.clone());
                    async move {
                        gate.pass().await;
                        drop(guard);
                        None
                    }
                })
            },
            |flag, gate| {
                let guard = flag.guard();
                Source::from_stream(futures::stream::once(async move {
                    gate.pass().await;
                    drop(guard);
                    1
                }))
            },
        ];
        for kind in kinds {
            let (flag, gate) = (DropFlag::new(), Gate::new());
            let flow = kind(flag.clone(), gate.clone()).count();
            let (ctx, cancel) = FlowContext::background().with_cancel();
            let running = flow.run(&ctx).unwrap();
            until("the future to wait", || gate.arrived() > 0).await;
            assert!(!flag.is_dropped());
            cancel.cancel("enough");
            failed(running).await;
            assert!(flag.is_dropped());
        }
    });
}

#[test]
fn r3_2_a_generator_whose_reader_has_left_is_dropped_while_its_future_is_pending() {
    system(async {
        let (flag, gate) = (DropFlag::new(), Gate::new());
        let (guard, hold) = (flag.guard(), gate.clone());
        let endless = Source::generate(async move |mut out: Yielder<u64>| {
            let _guard = guard;
            for n in 0.. {
                out.send(n).await;
                if n == 2 {
                    hold.pass().await;
                }
            }
        });
        let flow = endless.take_while(|n| *n < 2).count();
        assert_eq!(finished(flow).await.value, Some(2));
        assert!(flag.is_dropped());
    });
}

#[test]
fn r3_2_a_blueprint_that_never_runs_drops_its_generator() {
    let flag = DropFlag::new();
    let guard = flag.guard();
    let flow = Source::repeat_with(move || {
        let _ = &guard;
    });
    drop(flow.drain());
    assert!(flag.is_dropped());
}

#[test]
fn r3_2_a_close_ends_a_generator_and_delivers_what_it_made() {
    system(async {
        let meter = Meter::new();
        let enter = meter.clone();
        let flow = Source::repeat_with(move || enter.enter()).count();
        let running = flow.run(&FlowContext::background()).unwrap();
        until("items to flow", || meter.entered() > 100).await;
        drop(running.control().close());
        let finished = within("the flow", running.wait()).await.unwrap();
        finished.report.check().unwrap();
        assert_eq!(finished.value, Some(meter.entered()));
    });
}
