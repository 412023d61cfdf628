//! Seeded random joins, leaves, failures and endings around a hub: after each run all sums hold, and
//! nothing is left. `HUB_SEEDS=from..to` runs others.

use std::ops::Range;

use actix_flow::prelude::*;
use actix_rt::Arbiter;
use fastrand::Rng;
use tokio::sync::oneshot;

use crate::kit::{Census, Item, quiet_panics, system, until, within};

fn seeds() -> Range<u64> {
    let Ok(range) = std::env::var("HUB_SEEDS") else {
        return 0..60;
    };
    let ends = range.split_once("..").expect("from..to");
    let number = |text: &str| text.parse().expect("a number");
    number(ends.0)..number(ends.1)
}

/// A flow that runs, on this thread or on another.
struct Running<R> {
    pipeline: Option<Pipeline<R>>,
    control: Control,
}

impl<R: Send + 'static> Running<R> {
    async fn new(flow: Blueprint<R>, place: Option<&Arbiter>) -> Result<Self, StartError> {
        let run = move || flow.run(&FlowContext::background());
        let pipeline = match place {
            None => run(),
            Some(arbiter) => {
                let (done, ran) = oneshot::channel();
                arbiter.spawn(async move { drop(done.send(run())) });
                within("a flow to run", ran)
                    .await
                    .expect("the arbiter lives")
            }
        }?;
        Ok(Self {
            control: pipeline.control(),
            pipeline: Some(pipeline),
        })
    }

    fn end(&mut self, rng: &mut Rng) {
        drop(match rng.u8(0..5) {
            0 => self.control.close(),
            1 => self.control.quit(),
            2 => self.control.cancel("at random"),
            3 => self.control.abort(),
            _ => {
                self.pipeline = None;
                self.control.finished()
            }
        });
    }

    /// Waits for its end; its report balances.
    async fn report(&self, what: &str) -> Report {
        within(what, self.control.finished()).await;
        let report = self.control.snapshot();
        report.check().expect("the report balances");
        report
    }
}

/// Lets others have some turns.
async fn pause(rng: &mut Rng) {
    for _ in 0..rng.u8(0..30) {
        tokio::task::yield_now().await;
    }
}

/// Numbers from 0 on: some, or without end; now and then it fails, or nothing ever comes.
fn items(rng: &mut Rng, census: &Census) -> Source<Item> {
    let census = census.clone();
    let last = [0, 1, 10, 100, u64::MAX][rng.usize(0..5)];
    let fails = [3, 20, u64::MAX, u64::MAX][rng.usize(0..4)];
    let panics = rng.bool();
    let items = Source::from_iter(0..last).try_map(move |n| match n == fails {
        true if panics => panic!("expected: at random"),
        true => Err("at random"),
        false => Ok(census.item(n)),
    });
    let items = match rng.u8(0..6) {
        0 => items.concat(Source::inlet(1).1),
        1 => {
            let (inlet, silent) = Source::inlet(1);
            // Its sender is there as long as its flow is.
            let silent = silent.inspect(move |_| drop(inlet.clone()));
            items.merge(silent)
        }
        _ => items,
    };
    items.window([1, 2, 9, 64][rng.usize(0..4)])
}

/// A reader that is fast or slow, and takes all or some.
fn reader(rng: &mut Rng, source: Source<Item>) -> Blueprint<Vec<u64>> {
    let slow = rng.bool();
    let most = [1, 7, u64::MAX, u64::MAX][rng.usize(0..4)];
    let seen = source.map_async(1, move |item| async move {
        if slow {
            tokio::task::yield_now().await;
        }
        item.number
    });
    let seen = seen.window([1, 2, 9, 64][rng.usize(0..4)]);
    seen.take(most).collect()
}

fn place<'a>(rng: &mut Rng, arbiters: &'a [Arbiter]) -> Option<&'a Arbiter> {
    arbiters.get(rng.usize(0..=arbiters.len() + 1))
}

async fn merge(seed: u64, arbiters: &[Arbiter]) {
    let (mut rng, census) = (Rng::with_seed(seed), Census::new());
    let rng = &mut rng;
    let cap = [1, 2, 5, 100][rng.usize(0..4)];
    let (hub, merged) = Source::merge_hub(cap);
    let flow = reader(rng, merged.named("hub"));
    let mut reader = Running::new(flow, place(rng, arbiters))
        .await
        .expect("it starts");
    let mut inputs: Vec<Running<()>> = Vec::new();
    for _ in 0..rng.u8(1..25) {
        assert!(hub.waiting() <= cap);
        match rng.u8(0..10) {
            0..6 => {
                let input = items(rng, &census).into_hub(&hub).named("in");
                let input = match rng.u8(0..3) {
                    0 => input.window(rng.usize(1..50)),
                    _ => input,
                };
                match Running::new(input, place(rng, arbiters)).await {
                    Ok(input) => inputs.push(input),
                    Err(error) => assert!(matches!(error, StartError::HubClosed { .. })),
                }
            }
            6..8 if !inputs.is_empty() => {
                let input = rng.usize(0..inputs.len());
                inputs[input].end(rng);
            }
            _ => {}
        }
        pause(rng).await;
    }
    if rng.bool() {
        reader.end(rng);
    } else {
        hub.close();
        for input in &mut inputs {
            input.end(rng);
        }
    }
    let report = reader.report("the hub").await;
    let mut passed = 0;
    for input in inputs {
        let report = input.report("an input").await;
        passed += report.stage("in").expect("it is a stage").passed;
    }
    let row = report.stage("hub").expect("it is a stage");
    assert_eq!(
        row.received, passed,
        "the hub has received what its inputs passed"
    );
    drop(reader);
    assert_eq!((hub.inputs(), hub.waiting(), hub.is_closed()), (0, 0, true));
    until("all items to be dropped", || census.alive() == 0).await;
}

/// What is to be true of what a subscriber has seen.
fn seen(lag: Lag, numbers: &[u64]) {
    assert!(numbers.is_sorted_by(|a, b| a < b), "{lag:?}: {numbers:?}");
    if lag == Lag::Wait {
        let gaps = numbers.windows(2).filter(|pair| pair[0] + 1 != pair[1]);
        assert_eq!(gaps.count(), 0, "{numbers:?}");
    }
}

async fn broadcast(seed: u64, arbiters: &[Arbiter]) {
    let (mut rng, census) = (Rng::with_seed(seed), Census::new());
    let rng = &mut rng;
    let (made, capacity) = (census.clone(), [1, 2, 5, 100][rng.usize(0..4)]);
    let last = [0, 10, 300, u64::MAX][rng.usize(0..4)];
    let source = Source::from_iter((0..last).map(move |n| made.item(n)));
    let (hub, flow) = source.broadcast_hub(capacity);
    let flow = flow.named("hub").window([1, 3, 50][rng.usize(0..3)]);
    let mut flow = Running::new(flow, place(rng, arbiters))
        .await
        .expect("it starts");
    let mut subscribers: Vec<(Lag, Running<Vec<u64>>)> = Vec::new();
    for _ in 0..rng.u8(1..25) {
        match rng.u8(0..10) {
            0..6 => {
                let all = [Lag::Wait, Lag::DropOldest, Lag::DropNewest, Lag::Disconnect];
                let lag = all[rng.usize(0..4)];
                let blueprint = reader(rng, hub.subscribe(lag).named("news"));
                let running = Running::new(blueprint, place(rng, arbiters)).await;
                subscribers.push((lag, running.expect("it starts")));
            }
            6..8 if !subscribers.is_empty() => {
                let subscriber = rng.usize(0..subscribers.len());
                subscribers[subscriber].1.end(rng);
            }
            _ => {}
        }
        pause(rng).await;
    }
    let (lost, mut discarded) = (hub.clone(), 0);
    if rng.bool() {
        flow.end(rng);
        // A close waits for a reader of what was sent before it.
        let rest = hub.subscribe(Lag::DropNewest).named("rest").drain();
        let rest = Running::new(rest, None).await.expect("it starts");
        let report = rest.report("the rest").await;
        discarded += report.stage("rest").expect("it is a stage").discarded;
    } else {
        for (_, subscriber) in &mut subscribers {
            subscriber.end(rng);
        }
        drop(flow.control.cancel("at last"));
    }
    drop(hub);
    let report = flow.report("the hub").await;
    let passed = report.stage("hub").expect("it is a stage").passed;
    for (lag, mut subscriber) in subscribers {
        let report = subscriber.report("a subscriber").await;
        let row = report.stage("news").expect("it is a stage");
        assert!(row.received <= passed, "no more than the hub has given");
        discarded += row.discarded;
        if let Some(pipeline) = subscriber.pipeline.take()
            && let Ok(finished) = within("its value", pipeline.wait()).await
            && let Some(numbers) = finished.value
        {
            seen(lag, &numbers);
        }
    }
    drop(flow);
    assert!(lost.lost() <= discarded, "what was lost was discarded");
    assert_eq!((lost.subscribers(), lost.is_over()), (0, true));
    until("all items to be dropped", || census.alive() == 0).await;
}

/// Runs each seed on one thread, then on several.
fn run(test: &impl AsyncFn(u64, &[Arbiter])) {
    quiet_panics();
    for seed in seeds() {
        eprintln!("HUB_SEEDS={seed}..{}", seed + 1);
        system(async {
            test(seed, &[]).await;
            let arbiters = [Arbiter::new(), Arbiter::new()];
            test(seed, &arbiters).await;
            for arbiter in arbiters {
                arbiter.stop();
                arbiter.join().expect("it ends");
            }
        });
    }
}

#[test]
fn r4_6_sums_hold_however_inputs_of_a_hub_join_leave_and_end() {
    run(&merge);
}

#[test]
fn r4_6_sums_hold_however_subscribers_of_a_hub_join_leave_and_end() {
    run(&broadcast);
}
