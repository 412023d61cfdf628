//! The end of a tree of contexts, and of many stages.

use std::sync::Arc;
use std::time::Instant;

use actix_flow::prelude::*;
use tokio::sync::Notify;

use super::chains::Flows;
use crate::outcome::Outcome;
use crate::patterns::Started;
use crate::work::{self, Leavers};
use crate::workload::Job;

pub fn cancel_contexts(job: &Job) -> Outcome {
    let (root, cancel) = FlowContext::background().with_cancel();
    let mut contexts = Vec::with_capacity(job.stages);
    for _ in 0..100 {
        let below_root = root.with_cancel();
        let leaves = (1..job.stages / 100).map(|_| below_root.0.with_cancel());
        contexts.extend(leaves);
        contexts.push(below_root);
    }
    let start = Instant::now();
    cancel.cancel("enough");
    let elapsed = start.elapsed();
    let done = (0..).zip(&contexts);
    let done = done.filter_map(|(number, (context, _))| context.is_done().then_some(number));
    Outcome::timed(done.collect(), elapsed)
}

/// Lives in a stage's closure.
struct Member {
    number: u64,
    leavers: Arc<Leavers>,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.leavers.leave(self.number);
    }
}

pub fn cancel_stages(job: &Job) -> Outcome {
    let peer = Flows::start(false);
    let leavers = Arc::new(Leavers::default());
    let mut items = Source::from_iter(0u64..);
    for number in 0..job.stages as u64 {
        let leavers = Arc::clone(&leavers);
        let member = Member { number, leavers };
        items = items.map(move |n| {
            let _here = &member;
            work::hundred_additions(n)
        });
    }
    let arrived = Arc::new(Notify::new());
    let at_sink = Arc::clone(&arrived);
    let flow = items.for_each(move |_| at_sink.notify_one());
    peer.block_on(async {
        let flow = flow.default_window(job.window);
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        arrived.notified().await;
        let start = Instant::now();
        drop(flow.control().cancel("enough"));
        let error = flow.wait().await.expect_err("it was cancelled");
        let elapsed = start.elapsed();
        let report = error.report().expect("it ran");
        report.check().expect("every item is accounted for");
        Outcome::timed(leavers.arrived(), elapsed)
    })
}
