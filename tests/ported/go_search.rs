//! Google Search 1.0 to 3.0 of https://go.dev/talks/2012/concurrency.slide, with its four lessons: one
//! after the other, all at once, no longer than a limit, and the first of several replicas.

use std::time::Duration;

use actix_flow::prelude::*;
use futures::StreamExt;
use tokio::time::{Instant, sleep};

use crate::kit::{DropFlag, paused, value, within};

const KINDS: [&str; 3] = ["web", "image", "video"];
const LIMIT: Duration = Duration::from_millis(80);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn pace(kind: &str) -> Duration {
    match kind {
        "web" => ms(30),
        "image" => ms(100),
        _ => ms(60),
    }
}

async fn search(kind: &'static str, takes: Duration) -> String {
    sleep(takes).await;
    format!("{kind} result for golang")
}

fn results(kinds: &[&str]) -> Vec<String> {
    let result = |kind: &&str| format!("{kind} result for golang");
    kinds.iter().map(result).collect()
}

// go.dev/talks/2012/concurrency.slide, "Google Search 1.0"
#[test]
fn search_1_0_asks_one_after_the_other() {
    paused(async {
        let start = Instant::now();
        let flow = Source::from_iter(KINDS).map_async(1, |kind| search(kind, pace(kind)));
        assert_eq!(value(flow.collect::<Vec<_>>()).await, results(&KINDS));
        assert_eq!(start.elapsed(), ms(30 + 100 + 60));
    });
}

// go.dev/talks/2012/concurrency.slide, "Google Search 2.0"
#[test]
fn search_2_0_asks_all_at_once_and_waits_for_the_slowest() {
    paused(async {
        let start = Instant::now();
        let flow = Source::from_iter(KINDS).map_async_unordered(3, |kind| search(kind, pace(kind)));
        let came = value(flow.collect::<Vec<_>>()).await;
        assert_eq!(came, results(&["web", "video", "image"]));
        assert_eq!(start.elapsed(), ms(100));
    });
}

// go.dev/talks/2012/concurrency.slide, "Google Search 2.1"
#[test]
fn search_2_1_does_not_wait_for_slow_servers() {
    paused(async {
        let start = Instant::now();
        let (ctx, _cancel) = FlowContext::background().with_timeout(LIMIT);
        let gone = DropFlag::new();
        let guard = gone.clone();
        let flow = Source::from_iter(KINDS).map_async_unordered(3, move |kind| {
            let asked = (kind == "image").then(|| guard.guard());
            async move {
                let _asked = asked;
                search(kind, pace(kind)).await
            }
        });
        let mut outlet = flow.run_stream(&ctx).expect("it starts");
        let mut came = Vec::new();
        let late = loop {
            match outlet.next().await.expect("the error is the last") {
                Ok(result) => came.push(result),
                Err(late) => break late,
            }
        };
        assert_eq!(came, results(&["web", "video"]));
        assert!(matches!(late.cause(), Some(Cause::DeadlineExceeded)));
        assert_eq!(start.elapsed(), LIMIT);
        assert!(gone.is_dropped(), "nobody waits for the slow one any more");
    });
}

/// The answer of the replica that is the first; the others are dropped.
async fn first(ctx: FlowContext, kind: &'static str, replicas: [Duration; 3]) -> String {
    let asked = Source::from_iter(replicas);
    let asked = asked.map_async_unordered(3, move |takes| search(kind, takes));
    let running = asked.first().run(&ctx).expect("it starts");
    let answer = running.await.expect("a replica answers");
    answer.expect("there are replicas")
}

// go.dev/talks/2012/concurrency.slide, "Avoid timeout": First
#[test]
fn the_first_of_several_replicas_is_the_answer() {
    paused(async {
        let start = Instant::now();
        let replicas = [ms(90), ms(20), ms(70)];
        let answer = within(
            "a replica",
            first(FlowContext::background(), "web", replicas),
        )
        .await;
        assert_eq!(answer, "web result for golang");
        assert_eq!(start.elapsed(), ms(20));
    });
}

// go.dev/talks/2012/concurrency.slide, "Google Search 3.0"
#[test]
fn search_3_0_asks_replicas_of_all_and_is_in_time() {
    paused(async {
        let start = Instant::now();
        let (ctx, _cancel) = FlowContext::background().with_timeout(LIMIT);
        let below = ctx.clone();
        let flow = Source::from_iter(KINDS).map_async(3, move |kind| {
            let replicas = [ms(150), pace(kind) / 2, ms(200)];
            first(below.clone(), kind, replicas)
        });
        let running = flow.collect::<Vec<_>>().run(&ctx).expect("it starts");
        let came = running.await.expect("every replica set was in time");
        assert_eq!(came, results(&KINDS));
        assert_eq!(start.elapsed(), ms(50));
    });
}
