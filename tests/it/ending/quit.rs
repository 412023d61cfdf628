use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use futures::poll;

use super::{report_of, run};
use crate::kit::{Census, Gate, Item, system, until, within};

struct DropFlag(Arc<AtomicBool>);

impl Drop for DropFlag {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

fn items(census: &Census) -> Source<Item> {
    let made = census.clone();
    Source::from_iter((0..).map(move |n| made.item(n)))
}

/// Quits a flow while two futures run; the stage under test is called `held`.
async fn quits_after_the_running<R: Send + 'static>(flow: Pipeline<R>, gate: Gate) -> Report {
    until("two to run", || gate.arrived() == 2).await;
    let mut quit = flow.control().quit();
    for _ in 0..50 {
        tokio::task::yield_now().await;
        assert!(
            poll!(&mut quit).is_pending(),
            "it answered before it was clean"
        );
    }
    gate.open();
    within("the answer", quit).await;
    let finished = flow.wait().await.unwrap();
    assert!(matches!(finished.ending, Cause::Quit));
    finished.report.check().unwrap();
    let held = finished.report.stage("held").unwrap();
    assert_eq!(
        (held.received, held.passed, held.discarded),
        (2, 2, 0),
        "the running finish, nothing else begins"
    );
    let queue = &finished.report.edges()[0];
    assert_eq!(queue.received, 2);
    assert!(queue.discarded > 0, "the queue is discarded and counted");
    finished.report
}

#[test]
fn r5_2_quit_answers_after_the_running_futures() {
    system(async {
        let (census, gate) = (Census::new(), Gate::new());
        let hold = gate.clone();
        let flow = run(items(&census)
            .map_async(2, move |item| {
                let gate = hold.clone();
                async move {
                    gate.pass().await;
                    item
                }
            })
            .named("held")
            .window(8)
            .count());
        quits_after_the_running(flow, gate).await;
        census.assert_none_alive();
    });
}

#[test]
fn r5_2_quit_answers_after_the_running_blocking_closures() {
    system(async {
        let (census, gate) = (Census::new(), Gate::new());
        let hold = gate.clone();
        let flow = run(items(&census)
            .map_blocking(2, move |item| {
                hold.pass_blocking();
                item
            })
            .named("held")
            .window(8)
            .count());
        quits_after_the_running(flow, gate).await;
        census.assert_none_alive();
    });
}

#[test]
fn r5_2_quit_answers_after_the_running_futures_of_a_sink() {
    system(async {
        let (census, gate) = (Census::new(), Gate::new());
        let hold = gate.clone();
        let flow = run(items(&census)
            .for_each_async(2, move |item| {
                let gate = hold.clone();
                async move {
                    gate.pass().await;
                    drop(item);
                }
            })
            .named("held")
            .window(8));
        quits_after_the_running(flow, gate).await;
        census.assert_none_alive();
    });
}

#[test]
fn r5_2_quit_answers_after_the_state_of_the_stages_is_dropped() {
    system(async {
        let dropped = Arc::new(AtomicBool::new(false));
        let state = DropFlag(Arc::clone(&dropped));
        let flow = run(Source::repeat_with(|| ()).map(move |()| _ = &state).count());
        flow.control().quit().await;
        assert!(dropped.load(SeqCst));
    });
}

#[test]
fn r5_2_quit_cuts_a_lazy_expansion() {
    system(async {
        let pulled = Arc::new(AtomicU64::new(0));
        let pulls = Arc::clone(&pulled);
        let flow = run(Source::from_iter(0..10u64)
            .flat_map(move |_| {
                let pulls = Arc::clone(&pulls);
                std::iter::repeat_with(move || _ = pulls.fetch_add(1, SeqCst))
            })
            .named("endless")
            .count());
        until("the expansion", || pulled.load(SeqCst) > 0).await;
        within("the answer", flow.control().quit()).await;
        let report = flow.wait().await.unwrap().report;
        report.check().unwrap();
        let endless = report.stage("endless").unwrap();
        assert_eq!((endless.received, endless.discarded), (1, 1));
        assert_eq!(endless.emitted, pulled.load(SeqCst));
    });
}

#[test]
fn r5_2_a_quit_flow_shows_what_the_sink_had_made() {
    system(async {
        let (inlet, source) = Source::inlet(4);
        let seen = Arc::new(AtomicU64::new(0));
        let sink = Arc::clone(&seen);
        let flow = run(source.fold(0, move |sum, n: u32| {
            sink.fetch_add(1, SeqCst);
            sum + n
        }));
        inlet.send(4).await.unwrap();
        inlet.send(5).await.unwrap();
        until("both", || seen.load(SeqCst) == 2).await;
        flow.control().quit().await;
        assert_eq!(flow.wait().await.unwrap().value, Some(9));
    });
}

#[test]
fn r5_2_a_quit_flow_gives_no_silent_partial_value() {
    system(async {
        let flow = run(Source::repeat_with(|| 1).count());
        flow.control().quit().await;
        let report = report_of(flow.await);
        assert!(matches!(report.ending(), Cause::Quit));
    });
}

#[test]
fn r5_2_a_stage_quit_in_the_middle_cancels_above_and_delivers_below() {
    system(async {
        let (census, gate) = (Census::new(), Gate::new());
        let hold = gate.clone();
        let flow = run(items(&census)
            .named("above")
            .map(|item| item)
            .named("middle")
            .window(8)
            .map_async(1, move |item| {
                let gate = hold.clone();
                async move {
                    gate.pass().await;
                    item
                }
            })
            .named("below")
            .window(4)
            .count());
        let control = flow.control();
        until("the queues to fill", || {
            control.snapshot().edges()[1].sent == 4
        })
        .await;
        within("the answer", control.quit_stage("middle").unwrap()).await;
        gate.open();
        let finished = flow.wait().await.unwrap();
        assert!(
            matches!(finished.ending, Cause::Completed),
            "the flow drained"
        );
        let report = finished.report;
        report.check().unwrap();
        assert_eq!(finished.value, Some(4), "what was below is delivered");
        assert_eq!(report.edges()[1].discarded, 0);
        assert!(report.edges()[0].discarded > 0);
        let ending = |name| report.stage(name).unwrap().ending.clone();
        assert!(matches!(ending("above"), Some(Cause::Quit)));
        assert!(matches!(ending("middle"), Some(Cause::Quit)));
        assert!(matches!(ending("below"), Some(Cause::Completed)));
        census.assert_none_alive();
    });
}

#[test]
fn r5_2_a_stage_that_is_over_answers_a_quit_at_once() {
    system(async {
        let (inlet, source) = Source::inlet(1);
        let flow = run(source.merge(Source::once(0)).named("join").count());
        let control = flow.control();
        until("the end of one", || {
            control.snapshot().stage("once-1").unwrap().ending.is_some()
        })
        .await;
        within("an answer", control.quit_stage("once-1").unwrap()).await;
        assert!(!control.is_finished());
        inlet.close();
        assert_eq!(flow.await.unwrap(), 1);
        within("an answer", control.quit_stage("join").unwrap()).await;
    });
}

#[test]
fn r5_2_a_stage_that_is_not_known_is_an_error() {
    system(async {
        let flow = run(Source::once(0).count());
        let control = flow.control();
        assert_eq!(control.quit_stage("none").unwrap_err().name(), "none");
        assert_eq!(control.quit_one("none").unwrap_err().name(), "none");
        assert_eq!(control.quit_all("once-1").unwrap_err().name(), "once-1");
        assert_eq!(flow.await.unwrap(), 1);
    });
}
