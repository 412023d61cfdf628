//! The push side of a flow.

use actix_flow::Cause;
use actix_flow::prelude::*;
use futures::{SinkExt, StreamExt};

use crate::kit::{Census, failed, quiet_panics, refusal, settle, system, value, within};

#[test]
fn an_inlet_takes_its_capacity_before_the_flow_runs() {
    system(async {
        let (inlet, source) = Source::inlet(2);
        inlet.try_send(1u64).unwrap();
        inlet.try_send(2).unwrap();
        let full = inlet.try_send(3).unwrap_err();
        assert!(full.is_full());
        assert_eq!(
            (full.to_string(), full.into_value()),
            ("the inlet is full".into(), 3)
        );
        inlet.close();
        assert_eq!(value(source.collect::<Vec<_>>()).await, [1, 2]);
    });
}

#[test]
fn an_inlet_after_close_gives_the_value_back() {
    system(async {
        let (inlet, source) = Source::inlet(2);
        let (mut other, census) = (inlet.clone(), Census::new());
        inlet.close();
        assert!(other.is_closed());
        let refused = [
            inlet.send(census.item(1)).await.unwrap_err(),
            inlet.try_send(census.item(2)).unwrap_err(),
            inlet.blocking_send(census.item(3)).unwrap_err(),
            SinkExt::send(&mut other, census.item(4)).await.unwrap_err(),
        ];
        let numbers = refused.map(|refused| {
            assert!(!refused.is_full());
            assert_eq!(refused.to_string(), "the inlet is closed");
            refused.into_value().number
        });
        assert_eq!(numbers, [1, 2, 3, 4]);
        assert_eq!(value(source.count()).await, 0);
        census.assert_none_alive();
    });
}

#[test]
fn an_inlet_holds_no_more_than_its_capacity_and_the_window() {
    system(async {
        let (inlet, source) = Source::inlet(3);
        let (outlet, flow) = source.into_stream();
        let running = flow.window(2).run(&FlowContext::background()).unwrap();
        let mut accepted = 0;
        for _ in 0..10 {
            settle().await;
            while inlet.try_send(accepted).is_ok() {
                accepted += 1;
            }
        }
        assert_eq!(accepted, 3 + 2 + 2, "inlet, edge and outlet");
        inlet.close();
        let items: Vec<u64> = outlet.map(Result::unwrap).collect().await;
        assert_eq!(items, [0, 1, 2, 3, 4, 5, 6]);
        running.wait().await.unwrap().report.check().unwrap();
    });
}

#[test]
fn an_inlet_is_a_futures_sink() {
    system(async {
        let (inlet, source) = Source::inlet(1);
        let flow = source.collect::<Vec<_>>().run(&FlowContext::background());
        let mut numbers = futures::stream::iter(0..50u64).map(Ok);
        let mut sink = inlet.clone();
        within("the sink", sink.send_all(&mut numbers))
            .await
            .unwrap();
        SinkExt::close(&mut sink).await.unwrap();
        assert!(inlet.is_closed());
        assert!(flow.unwrap().await.unwrap().into_iter().eq(0..50));
    });
}

#[test]
fn a_sink_that_was_ready_and_is_dropped_gives_its_room_back() {
    system(async {
        let (inlet, source) = Source::<u64>::inlet(1);
        let mut ready = inlet.clone();
        futures::future::poll_fn(|cx| ready.poll_ready_unpin(cx))
            .await
            .unwrap();
        assert!(inlet.try_send(1).unwrap_err().is_full());
        drop(ready);
        inlet.try_send(1).unwrap();
        drop(inlet);
        assert_eq!(value(source.count()).await, 1);
    });
}

#[test]
fn only_the_last_clone_ends_an_inlet() {
    system(async {
        let (inlet, source) = Source::inlet(4);
        let clone = inlet.clone();
        let running = source.count().run(&FlowContext::background()).unwrap();
        drop(inlet);
        settle().await;
        clone.send(1u64).await.unwrap();
        drop(clone);
        assert_eq!(running.await.unwrap(), 1);
    });
}

#[test]
fn the_last_clone_dropped_in_a_panic_fails_the_flow_after_what_it_sent() {
    quiet_panics();
    system(async {
        let (inlet, source) = Source::inlet(4);
        let flow = source.named("orders").inspect(|_: &u64| ()).count();
        let earlier = inlet.clone();
        let panicked = std::thread::spawn(move || {
            let _inlet = earlier;
            panic!("expected: an earlier clone");
        });
        assert!(panicked.join().is_err());
        inlet.try_send(1).unwrap();
        let panicked = std::thread::spawn(move || {
            let _inlet = inlet;
            panic!("expected: the last clone");
        });
        assert!(panicked.join().is_err());
        let error = failed(flow.run(&FlowContext::background()).unwrap()).await;
        assert_eq!(error.stage(), Some("orders"));
        assert!(matches!(error.cause(), Some(Cause::Failed { .. })));
        assert_eq!(error.report().unwrap().stage("orders").unwrap().received, 1);
    });
}

#[test]
fn a_blocked_thread_is_released_when_the_flow_ends() {
    system(async {
        let (inlet, source) = Source::inlet(1);
        let flow = source.take(1).count().run(&FlowContext::background());
        let sender = std::thread::spawn(move || {
            let mut sent = 0u64;
            while inlet.blocking_send(sent).is_ok() {
                sent += 1;
            }
            sent
        });
        assert_eq!(flow.unwrap().await.unwrap(), 1);
        assert!(sender.join().unwrap() >= 1);
    });
}

#[test]
fn an_inlet_of_a_flow_that_never_runs_is_closed_and_drops_what_it_has() {
    let census = Census::new();
    let (inlet, source) = Source::inlet(4);
    inlet.try_send(census.item(1)).unwrap();
    drop(source.count());
    assert!(inlet.is_closed());
    census.assert_none_alive();
}

#[test]
fn what_a_cancelled_inlet_has_accepted_is_discarded_and_counted() {
    system(async {
        let census = Census::new();
        let (inlet, source) = Source::inlet(8);
        let (outlet, flow) = source.named("in").into_stream();
        let running = flow.window(1).run(&FlowContext::background()).unwrap();
        for n in 0..8 {
            inlet.send(census.item(n)).await.unwrap();
        }
        settle().await;
        drop(running.control().cancel("enough"));
        let error = failed(running).await;
        assert!(inlet.is_closed());
        let row = error.report().unwrap().stage("in").unwrap();
        assert_eq!((row.received, row.passed, row.discarded), (8, 2, 6));
        drop(outlet);
        census.assert_none_alive();
    });
}

#[test]
fn an_inlet_without_capacity_is_refused() {
    system(async {
        let (_inlet, source) = Source::<u64>::inlet(0);
        let refused = refusal(source.count());
        assert_eq!(
            refused.to_string(),
            "stage `inlet-1` has a capacity of 0: give it more"
        );
    });
}
