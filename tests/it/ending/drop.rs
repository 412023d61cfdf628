use actix_flow::prelude::*;
use actix_rt::Arbiter;
use futures::poll;

use super::run;
use crate::kit::{Census, system, until, within};

fn endless(census: &Census) -> Blueprint<u64> {
    let made = census.clone();
    Source::from_iter((0..).map(move |n| made.item(n))).count()
}

/// What is left of a flow whose handle was dropped.
async fn dropped(control: Control, census: &Census) {
    // Lower than what the drop did: it only waits.
    within("the end", control.close()).await;
    let report = control.snapshot();
    assert_eq!(
        report.ending().to_string(),
        "cancelled: the pipeline was dropped"
    );
    report.check().unwrap();
    census.assert_none_alive();
}

#[test]
fn r5_7_dropping_the_pipeline_cancels() {
    system(async {
        let census = Census::new();
        let flow = run(endless(&census));
        let control = flow.control();
        until("some items", || census.created() > 10_000).await;
        drop(flow);
        dropped(control, &census).await;
    });
}

#[test]
fn r5_7_dropping_the_wait_half_way_cancels() {
    system(async {
        let census = Census::new();
        let flow = run(endless(&census));
        let control = flow.control();
        let mut wait = flow.wait();
        until("some items", || census.created() > 10_000).await;
        assert!(poll!(&mut wait).is_pending());
        drop(wait);
        dropped(control, &census).await;
    });
}

#[test]
fn r5_7_dropping_the_awaited_pipeline_half_way_cancels() {
    system(async {
        let census = Census::new();
        let flow = run(endless(&census));
        let control = flow.control();
        let mut value = std::future::IntoFuture::into_future(flow);
        assert!(poll!(&mut value).is_pending());
        drop(value);
        dropped(control, &census).await;
    });
}

#[test]
fn r5_7_dropping_the_handle_on_another_thread_cancels() {
    system(async {
        let census = Census::new();
        let flow = run(endless(&census));
        let control = flow.control();
        std::thread::spawn(move || drop(flow)).join().unwrap();
        dropped(control, &census).await;
    });
}

#[test]
fn r5_7_a_handle_dropped_with_its_arbiter_cancels() {
    system(async {
        let (census, arbiter) = (Census::new(), Arbiter::new());
        let flow = run(endless(&census));
        let control = flow.control();
        arbiter.spawn(async move {
            let _held = flow.wait();
            Arbiter::current().stop();
            std::future::pending::<()>().await;
        });
        arbiter.join().unwrap();
        dropped(control, &census).await;
    });
}

#[test]
fn r5_7_a_detached_flow_ends_with_its_context() {
    system(async {
        let census = Census::new();
        let (context, cancel) = FlowContext::background().with_cancel();
        let flow = endless(&census).run(&context).unwrap();
        let control = flow.control();
        flow.detach();
        until("some items", || census.created() > 10_000).await;
        assert!(!control.is_finished());
        cancel.cancel("enough");
        within("the end", control.close()).await;
        assert_eq!(control.snapshot().ending().to_string(), "cancelled: enough");
        census.assert_none_alive();
    });
}

#[test]
fn r5_7_a_detached_flow_runs_to_its_end() {
    system(async {
        let (inlet, source) = Source::inlet(1);
        let flow = run(source.map(|n: u32| n).drain());
        let control = flow.control();
        flow.detach();
        inlet.send(1).await.unwrap();
        inlet.close();
        within("the end", control.close()).await;
        let report = control.snapshot();
        assert_eq!(report.stage("drain-1").unwrap().received, 1);
        assert!(report.ending().is_success());
    });
}

#[test]
fn r5_7_a_handle_dropped_after_the_end_changes_nothing() {
    system(async {
        let flow = run(Source::once(1).count());
        let control = flow.control();
        within("the end", async {
            while !control.is_finished() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        drop(flow);
        assert!(matches!(control.snapshot().ending(), Cause::Completed));
    });
}
