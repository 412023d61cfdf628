use std::sync::mpsc::channel;
use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::{Arbiter, ArbiterHandle};

use crate::kit::{Census, Gate, system, until, within};

/// An endless flow, one stage of which is on the given arbiter.
fn placed(census: &Census, at: &ArbiterHandle) -> Blueprint<u64> {
    let made = census.clone();
    Source::from_iter((0..).map(move |n| made.item(n)))
        .map(|item| item)
        .named("placed")
        .window(16)
        .on(at.clone())
        .count()
        .window(16)
}

async fn lost(flow: Pipeline<u64>, stage: &str) -> Report {
    let error = within("the end", flow.wait()).await.unwrap_err();
    let Some(Cause::Lost { stage: lost }) = error.cause() else {
        panic!("{error}");
    };
    assert_eq!(&**lost, stage);
    let report = error.report().unwrap().clone();
    report.check().unwrap();
    report
}

#[test]
fn r6_6_an_arbiter_stopped_under_a_flow_fails_it() {
    system(async {
        for round in 0..50 {
            let (census, arbiter) = (Census::new(), Arbiter::new());
            let flow = placed(&census, &arbiter.handle());
            let flow = flow.run(&FlowContext::background()).unwrap();
            until("some items", || census.created() > round * 20).await;
            arbiter.stop();
            lost(flow, "placed").await;
            census.assert_none_alive();
            arbiter.join().unwrap();
        }
    });
}

#[test]
fn r6_6_a_pending_future_on_a_stopped_arbiter_is_discarded() {
    system(async {
        let (census, gate, arbiter) = (Census::new(), Gate::new(), Arbiter::new());
        let (item, hold) = (census.item(0), gate.clone());
        let flow = Source::once(item)
            .map_async(1, move |item| {
                let gate = hold.clone();
                async move {
                    gate.pass().await;
                    item
                }
            })
            .named("placed")
            .on(arbiter.handle())
            .count()
            .run(&FlowContext::background())
            .unwrap();
        until("the future", || gate.arrived() == 1).await;
        arbiter.stop();
        let report = lost(flow, "placed").await;
        assert_eq!(report.stage("placed").unwrap().discarded, 1);
        census.assert_none_alive();
        arbiter.join().unwrap();
    });
}

#[test]
fn r6_6_a_stage_placed_on_a_dead_arbiter_is_an_error_of_run() {
    system(async {
        let arbiter = Arbiter::new();
        let handle = arbiter.handle();
        arbiter.stop();
        arbiter.join().unwrap();
        let flow = placed(&Census::new(), &handle);
        let Err(StartError::DeadArbiter { stage }) = flow.run(&FlowContext::background()) else {
            panic!("it started");
        };
        assert_eq!(&*stage, "placed");
    });
}

#[test]
fn r6_6_an_arbiter_that_dies_during_run_fails_the_flow() {
    system(async {
        for _ in 0..50 {
            let (census, arbiter) = (Census::new(), Arbiter::new());
            let flow = placed(&census, &arbiter.handle());
            arbiter.stop();
            match flow.run(&FlowContext::background()) {
                Ok(flow) => drop(lost(flow, "placed").await),
                Err(error) => assert_eq!(error.stage(), Some("placed")),
            }
            census.assert_none_alive();
            arbiter.join().unwrap();
        }
    });
}

#[test]
fn r6_6_a_flow_whose_supervisor_dies_ends_elsewhere_too() {
    system(async {
        for round in 0..50 {
            let (census, home, elsewhere) = (Census::new(), Arbiter::new(), Arbiter::new());
            let flow = placed(&census, &elsewhere.handle());
            let (tell, told) = tokio::sync::oneshot::channel();
            home.spawn(async move {
                let _ = tell.send(flow.run(&FlowContext::background()).unwrap());
            });
            let flow = told.await.unwrap();
            until("some items", || census.created() > round * 20).await;
            home.stop();
            let error = within("the end", flow.wait()).await.unwrap_err();
            assert!(matches!(error.cause(), Some(Cause::Lost { .. })), "{error}");
            error.report().unwrap().check().unwrap();
            census.assert_none_alive();
            home.join().unwrap();
            elsewhere.stop();
            elsewhere.join().unwrap();
        }
    });
}

#[test]
fn r6_6_a_flow_run_on_a_dying_arbiter_ends_elsewhere_too() {
    /// Runs a flow when its task is dropped.
    struct Late<F: FnOnce()>(Option<F>);
    impl<F: FnOnce()> Drop for Late<F> {
        fn drop(&mut self) {
            if let Some(run) = self.0.take() {
                run();
            }
        }
    }
    system(async {
        let (census, home, elsewhere) = (Census::new(), Arbiter::new(), Arbiter::new());
        let flow = placed(&census, &elsewhere.handle());
        let (tell, told) = channel();
        home.spawn(async move {
            let _late = Late(Some(move || {
                let _ = tell.send(flow.run(&FlowContext::background()));
            }));
            Arbiter::current().stop();
            std::future::pending::<()>().await;
        });
        home.join().unwrap();
        match told.recv().unwrap() {
            Ok(flow) => {
                let error = within("the end", flow.wait()).await.unwrap_err();
                assert!(matches!(error.cause(), Some(Cause::Lost { .. })), "{error}");
                error.report().unwrap().check().unwrap();
            }
            Err(error) => assert!(matches!(error, StartError::NoRuntime), "{error}"),
        }
        census.assert_none_alive();
        elsewhere.stop();
        elsewhere.join().unwrap();
    });
}

#[test]
fn r6_6_a_flow_whose_supervisor_died_is_stuck_behind_a_stage_that_does_not_yield() {
    system(async {
        let (gate, far, near) = (Gate::new(), Arbiter::new(), Arbiter::new());
        let (hold, place) = (gate.clone(), far.handle());
        let (send, receive) = tokio::sync::oneshot::channel();
        near.spawn_fn(move || {
            let flow = Source::from_iter(0u64..)
                .map(move |n| {
                    hold.pass_blocking();
                    n
                })
                .named("held")
                .on(place)
                .count()
                .grace(Duration::from_millis(5))
                .run(&FlowContext::background())
                .unwrap();
            send.send(flow).map_err(drop).unwrap();
        });
        let flow = within("the flow", receive).await.unwrap();
        until("the stage to block", || gate.arrived() == 1).await;
        near.stop();
        let error = within("the end", flow.wait()).await.unwrap_err();
        let Some(Cause::Stuck { stages }) = error.cause() else {
            panic!("{error}");
        };
        assert_eq!(stages.len(), 1);
        assert_eq!(&*stages[0], "held");
        error.report().unwrap().check().unwrap();
        gate.open();
        for arbiter in [near, far] {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}
