//! The pull side of a flow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::Cause;
use actix_flow::prelude::*;
use futures::StreamExt;
use futures::stream::FusedStream;

use crate::kit::{Census, DropFlag, failed, settle, system, until, within};

#[test]
fn a_stream_gives_its_items_in_order_and_ends() {
    system(async {
        for window in [1, 2, 3, 64] {
            let source = Source::from_iter(0..200u64).map(|n| n).window(window);
            let mut outlet = source.run_stream(&FlowContext::background()).unwrap();
            for n in 0..200 {
                assert_eq!(outlet.next().await.unwrap().unwrap(), n);
            }
            assert!(!outlet.is_terminated());
            assert!(outlet.next().await.is_none());
            assert!(outlet.is_terminated());
            assert!(outlet.next().await.is_none());
            let control = outlet.control().unwrap();
            assert!(control.is_finished());
            control.snapshot().check().unwrap();
        }
    });
}

#[test]
fn a_stream_gives_an_error_once_after_its_items() {
    system(async {
        let source = Source::from_iter(0..10u64)
            .try_map(|n| if n < 4 { Ok(n) } else { Err("four") })
            .named("parse");
        let outlet = source.run_stream(&FlowContext::background()).unwrap();
        let items: Vec<_> = within("the stream", outlet.collect::<Vec<_>>()).await;
        let (error, items) = items.split_last().unwrap();
        assert!(
            items
                .iter()
                .map(|item| *item.as_ref().unwrap())
                .eq(0..items.len() as u64)
        );
        assert!(items.len() <= 4);
        let error = error.as_ref().unwrap_err();
        assert_eq!(error.stage(), Some("parse"));
        error.report().unwrap().check().unwrap();
    });
}

#[test]
fn a_stream_that_is_cancelled_says_so() {
    system(async {
        let source = Source::repeat_with(|| 1u64);
        let (ctx, cancel) = FlowContext::background().with_cancel();
        let mut outlet = source.run_stream(&ctx).unwrap();
        assert_eq!(outlet.next().await.unwrap().unwrap(), 1);
        cancel.cancel("enough");
        let rest: Vec<_> = within("the stream", outlet.collect::<Vec<_>>()).await;
        let error = rest.last().unwrap().as_ref().unwrap_err();
        assert!(matches!(error.cause(), Some(Cause::Cancelled(_))));
        assert!(rest[..rest.len() - 1].iter().all(Result::is_ok));
    });
}

#[test]
fn a_stream_that_is_dropped_cancels_its_flow() {
    system(async {
        let (flag, census) = (DropFlag::new(), Census::new());
        let (guard, made) = (flag.guard(), census.clone());
        let source = Source::repeat_with(move || {
            let _ = &guard;
            made.item(1)
        });
        let mut outlet = source.run_stream(&FlowContext::background()).unwrap();
        let control = outlet.control().unwrap();
        outlet.next().await.unwrap().unwrap();
        drop(outlet);
        until("the flow to be gone", || control.is_finished()).await;
        assert!(flag.is_dropped());
        control.snapshot().check().unwrap();
        census.assert_none_alive();
    });
}

#[test]
fn an_outlet_of_a_larger_graph_that_is_dropped_leaves_the_rest_alone() {
    system(async {
        for read in [0, 1, 5] {
            let census = Census::new();
            let made = census.clone();
            let items = Source::from_iter((0..2_000u64).map(move |n| made.item(n)));
            let [shown, counted] = items.broadcast(2).into_array();
            let (mut outlet, shown) = shown.into_stream();
            let flow = counted.count().and(shown).default_window(4);
            let running = flow.run(&FlowContext::background()).unwrap();
            for _ in 0..read {
                outlet.next().await.unwrap().unwrap();
            }
            settle().await;
            drop(outlet);
            let finished = within("the flow", running.wait()).await.unwrap();
            finished.report.check().unwrap();
            assert_eq!(finished.value.unwrap().0, 2_000);
            census.assert_none_alive();
        }
    });
}

#[test]
fn an_outlet_dropped_before_the_run_is_a_reader_that_has_left() {
    system(async {
        let (outlet, flow) = Source::repeat_with(|| 1u64).into_stream();
        drop(outlet);
        let finished = crate::kit::finished(flow).await;
        assert!(matches!(finished.ending, Cause::Completed));
    });
}

#[test]
fn an_outlet_whose_flow_never_runs_says_so_and_ends() {
    system(async {
        let (mut outlet, flow) = Source::repeat_with(|| 1u64).into_stream();
        assert!(outlet.control().is_none());
        drop(flow);
        let error = within("the outlet", outlet.next()).await;
        let error = error.expect("it says so").expect_err("it gives none");
        assert!(matches!(error.start_error(), Some(StartError::NeverRun)));
        assert!(within("the outlet", outlet.next()).await.is_none());
    });
}

#[test]
fn r6_6_an_outlet_whose_stage_was_lost_before_it_began_gives_the_end_of_its_flow() {
    system(async {
        let lost = || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_time().build().expect("it is there");
            let place = tokio::task::LocalSet::new();
            // Gone before any stage has its first turn.
            place.block_on(&runtime, async {
                let flow = Source::repeat_with(|| 1u64).map(|n| n);
                flow.run_stream(&FlowContext::background())
                    .expect("it starts")
            })
        };
        let outlet = std::thread::spawn(lost).join().expect("no panic");
        let read: Vec<_> = within("the outlet", outlet.collect()).await;
        let [Err(error)] = &read[..] else {
            panic!("it is to say how it ended: {read:?}");
        };
        assert!(matches!(error.cause(), Some(Cause::Lost { .. })), "{error}");
    });
}

#[test]
fn an_outlet_of_a_flow_that_was_refused_says_so() {
    system(async {
        let (ctx, cancel) = FlowContext::background().with_cancel();
        cancel.cancel("shut down");
        let (mut outlet, flow) = Source::from_iter(0..3u64).into_stream();
        flow.run(&ctx).expect_err("the context is done");
        let error = within("the outlet", outlet.next()).await;
        let error = error.expect("it says so").expect_err("it gives none");
        assert_eq!(
            error.to_string(),
            "the flow was not started: its blueprint was dropped or refused, or lost with \
             its arbiter, before it ran"
        );
    });
}

#[test]
fn r2_1_an_outlet_that_nobody_reads_holds_one_item_beside_the_weight_of_its_edge() {
    system(async {
        let made = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&made);
        let chunk = move || {
            count.fetch_add(1, SeqCst);
            vec![0u8; 100]
        };
        let flow = Source::repeat_with(chunk).weigh(Vec::len, 1_000);
        let mut outlet = flow.run_stream(&FlowContext::background()).unwrap();
        settle().await;
        // Ten on the edge, one in the outlet, one that is too heavy to go.
        assert!((10..=12).contains(&made.load(SeqCst)), "{made:?}");
        for read in 1..=30 {
            within("an item", outlet.next()).await.unwrap().unwrap();
            settle().await;
            assert!(made.load(SeqCst) <= read + 12, "{made:?} at {read}");
        }
    });
}

#[test]
fn an_outlet_of_a_larger_graph_gives_the_error_of_its_flow() {
    system(async {
        let (outlet, shown) = Source::from_iter(0..3u64).into_stream();
        let (inlet, source) = Source::<u64>::inlet(1);
        let bad = source
            .try_map(|_| Err::<u64, _>("bad"))
            .named("bad")
            .count();
        let running = bad.and(shown).run(&FlowContext::background()).unwrap();
        inlet.send(1).await.unwrap();
        let items: Vec<_> = within("the stream", outlet.collect::<Vec<_>>()).await;
        assert!(items.iter().take(3).filter(|item| item.is_ok()).count() <= 3);
        failed(running).await;
    });
}
