use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use super::{report_of, run};
use crate::kit::{Census, Gate, Item, system, until, within};

const GRACE: Duration = Duration::from_millis(5);

fn items(census: &Census) -> Source<Item> {
    let made = census.clone();
    Source::from_iter((0..).map(move |n| made.item(n)))
}

/// Cancels a flow with a stage `held` that holds another thread; gives the report.
async fn cancelled<R: Send + 'static>(flow: Pipeline<R>) -> Report {
    drop(flow.control().cancel("enough"));
    let report = report_of(within("the end", flow.wait()).await);
    let Cause::Stuck { stages } = report.ending() else {
        panic!("{}", report.ending());
    };
    assert!(
        stages.iter().any(|stage| stage.starts_with("held")),
        "{stages:?}"
    );
    if let Err(imbalance) = report.check() {
        panic!("{imbalance}\n{report}");
    }
    report
}

#[test]
fn r5_8_a_stage_that_does_not_yield_is_stuck_and_holds_its_items() {
    system(async {
        let (census, gate, arbiter) = (Census::new(), Gate::new(), Arbiter::new());
        let hold = gate.clone();
        let flow = run(items(&census)
            .map(move |item| {
                if item.number == 2 {
                    hold.pass_blocking();
                }
                item
            })
            .named("held")
            .window(8)
            .on(arbiter.handle())
            .count()
            .grace(GRACE));
        until("the stage to block", || gate.arrived() == 1).await;
        let report = cancelled(flow).await;
        let held = report.stage("held").unwrap();
        assert!(held.held > 0);
        assert!(held.ending.is_none());
        assert_eq!(held.held, census.alive(), "what is alive is what is held");
        gate.open();
        until("the items to go", || census.alive() == 0).await;
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

#[test]
fn r5_8_a_stuck_stage_holds_its_running_futures() {
    system(async {
        let (census, gate, arbiter) = (Census::new(), Gate::new(), Arbiter::new());
        let hold = gate.clone();
        let flow = run(items(&census)
            .map_async(3, move |item| {
                let gate = hold.clone();
                async move {
                    tokio::task::yield_now().await;
                    if item.number == 1 {
                        gate.pass_blocking();
                    }
                    std::future::pending::<()>().await;
                    item
                }
            })
            .named("held")
            .window(8)
            .on(arbiter.handle())
            .count()
            .grace(GRACE));
        until("the stage to block", || gate.arrived() == 1).await;
        let report = cancelled(flow).await;
        let held = report.stage("held").unwrap();
        assert_eq!((held.passed, held.held), (0, census.alive()));
        gate.open();
        until("the items to go", || census.alive() == 0).await;
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

#[test]
fn r5_8_a_stuck_stage_holds_its_open_expansion() {
    system(async {
        let (census, gate, arbiter) = (Census::new(), Gate::new(), Arbiter::new());
        let hold = gate.clone();
        let flow = run(items(&census)
            .flat_map(move |item| {
                let gate = hold.clone();
                (0..20).inspect(move |n| {
                    if item.number == 1 && *n == 10 {
                        gate.pass_blocking();
                    }
                })
            })
            .named("held")
            .window(8)
            .on(arbiter.handle())
            .for_each_async(1, |_| tokio::task::yield_now())
            .window(2)
            .grace(GRACE));
        until("the stage to block", || gate.arrived() == 1).await;
        let report = cancelled(flow).await;
        // An item whose turn is not over is held, even if its own work is done.
        assert!(report.stage("held").unwrap().held >= census.alive());
        gate.open();
        until("the items to go", || census.alive() == 0).await;
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

#[test]
fn r5_8_a_source_on_a_stuck_arbiter_holds_what_its_inlet_accepted() {
    system(async {
        let (gate, arbiter) = (Gate::new(), Arbiter::new());
        let hold = gate.clone();
        let (inlet, source) = Source::inlet(8);
        for n in 0..8 {
            inlet.try_send(n).unwrap();
        }
        let flow = run(source
            .named("held-source")
            .on(arbiter.handle())
            .map(move |_: i32| hold.pass_blocking())
            .named("held")
            .window(2)
            .on(arbiter.handle())
            .count()
            .grace(GRACE));
        until("the stage to block", || gate.arrived() == 1).await;
        let report = cancelled(flow).await;
        let source = report.stage("held-source").unwrap();
        assert_eq!((source.received, source.passed, source.held), (8, 2, 6));
        gate.open();
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

#[test]
fn r5_8_a_stuck_worker_leaves_its_arbiter_unjoined() {
    system(async {
        let (census, gate) = (Census::new(), Gate::new());
        let hold = gate.clone();
        let flow = run(items(&census)
            .map_parallel(2, move |item| {
                if item.number == 3 {
                    hold.pass_blocking();
                }
                item
            })
            .named("held")
            .window(8)
            .count()
            .grace(GRACE));
        until("a worker to block", || gate.arrived() == 1).await;
        let report = cancelled(flow).await;
        assert_eq!(report.stage("held").unwrap().held, census.alive());
        gate.open();
        until("the items to go", || census.alive() == 0).await;
    });
}

#[test]
fn r5_8_a_blocking_closure_that_never_returns_is_stuck() {
    system(async {
        let (census, gate) = (Census::new(), Gate::new());
        let hold = gate.clone();
        let flow = run(items(&census)
            .map_blocking(1, move |item| {
                hold.pass_blocking();
                item
            })
            .named("held")
            .window(4)
            .count()
            .grace(GRACE));
        until("the closure to block", || gate.arrived() == 1).await;
        cancelled(flow).await;
        assert_eq!(census.alive(), 1);
        gate.open();
        until("the item to go", || census.alive() == 0).await;
    });
}

#[test]
fn r5_8_a_stage_stuck_under_quit_ends_the_flow_too() {
    system(async {
        let (gate, arbiter) = (Gate::new(), Arbiter::new());
        let hold = gate.clone();
        let flow = run(Source::repeat_with(|| ())
            .map(move |()| hold.pass_blocking())
            .named("held")
            .on(arbiter.handle())
            .count()
            .grace(GRACE));
        until("the stage to block", || gate.arrived() == 1).await;
        let control = flow.control();
        let stage = control.quit_stage("held").unwrap();
        drop(control.quit());
        within("an answer, with the end of the flow", stage).await;
        let report = report_of(within("the end", flow.wait()).await);
        assert!(matches!(report.ending(), Cause::Stuck { .. }));
        report.check().unwrap();
        gate.open();
        arbiter.stop();
        arbiter.join().unwrap();
    });
}
