//! Random flows, ended at random moments: the sums hold, nothing is left, every wait is ready.
//!
//! `ACTIX_FLOW_FLOWS` says how many flows, `ACTIX_FLOW_SEED` the seed of the first; a failure
//! prints the seed of its flow, and the flow.

#![allow(
    clippy::unwrap_used,
    reason = "what helps a test may panic as a test may"
)]

#[path = "../it/kit/mod.rs"]
#[allow(dead_code, unused_imports, reason = "one kit, several targets")]
mod kit;

mod end;
mod fault;
mod hubs;
mod moment;
mod policed;
mod shape;
mod trial;
mod witness;

use actix_flow::prelude::*;
use actix_rt::{Arbiter, ArbiterHandle, System};
use fastrand::Rng;

use end::{ENDS, End};
use kit::{Census, quiet_panics};
use moment::Moment;
use shape::Shape;
use trial::judge;
use witness::Witness;

fn from_env(name: &str, usual: u64) -> u64 {
    let said = std::env::var(name).ok();
    said.map_or(usual, |said| said.parse().expect("a number"))
}

async fn flow(seed: u64, arbiters: &[ArbiterHandle]) {
    let mut rng = Rng::with_seed(seed);
    let witness = Witness::of(seed);
    let end = *rng.choice(&ENDS).expect("there are some");
    let used = rng.usize(1..=arbiters.len());
    let mut arbiters = arbiters[..used].to_vec();
    let arbiter = (end == End::KillArbiter).then(Arbiter::new);
    arbiters.extend(arbiter.as_ref().map(Arbiter::handle));
    let at = match rng.u64(0..=3) {
        0 => rng.u64(0..=5),
        1 => rng.u64(0..=100),
        _ => rng.u64(0..=2000),
    };
    let (moment, reached) = Moment::after(at);
    // An arbiter may be killed that no stage is on.
    let endless = !matches!(end, End::Natural | End::KillArbiter) && rng.u64(..2) == 0;
    let faults = rng.u64(..2) == 0;
    let risky = rng.u64(..8) == 0;
    let depth = match rng.u64(0..=3) {
        0 => 0,
        1 | 2 => 1,
        _ => 2,
    };
    let sinks = rng.u64(0..=9);
    let mut shape = Shape {
        rng: &mut rng,
        census: Census::new(),
        moment,
        arbiters: &arbiters,
        endless,
        faults,
        risky,
        said: String::new(),
        stages: 0,
        growth: 1,
        faulty: false,
        stallable: false,
        feeders: Vec::new(),
        guests: Vec::new(),
        guest: false,
        watched: Vec::new(),
    };
    let source = shape.flow(depth);
    match sinks {
        0 => {
            let blueprint = source.first();
            judge(blueprint, shape, &witness, end, arbiter, reached).await;
        }
        1 => {
            let blueprint = source.reduce(|a, b| if a.number > b.number { a } else { b });
            judge(blueprint, shape, &witness, end, arbiter, reached).await;
        }
        2 if !endless => {
            let blueprint = source.inspect(shape.step()).collect::<Vec<_>>();
            judge(blueprint, shape, &witness, end, arbiter, reached).await;
        }
        3 => {
            let step = shape.step();
            let blueprint = source.for_each_async(3, move |item| {
                let step = step.clone();
                async move {
                    tokio::task::yield_now().await;
                    step(&item);
                }
            });
            judge(blueprint.window(8), shape, &witness, end, arbiter, reached).await;
        }
        4 | 5 => {
            let branches = shape.branches(source);
            let mut ends = Vec::new();
            for branch in branches {
                let branch = shape.stages(branch);
                ends.push(branch.inspect(shape.step()).drain());
            }
            let blueprint = Blueprint::all(ends);
            judge(blueprint, shape, &witness, end, arbiter, reached).await;
        }
        6 | 7 => {
            let blueprint = shape.subscribed(source);
            judge(blueprint, shape, &witness, end, arbiter, reached).await;
        }
        _ => {
            let step = shape.step();
            let blueprint = source.for_each(move |item| step(&item));
            judge(blueprint, shape, &witness, end, arbiter, reached).await;
        }
    }
}

#[test]
fn r7_3_the_sums_hold_for_random_flows_ended_at_random_moments() {
    quiet_panics();
    let flows = from_env("ACTIX_FLOW_FLOWS", 2_000);
    let first = from_env("ACTIX_FLOW_SEED", std::process::id().into());
    System::new().block_on(async {
        let arbiters: Vec<_> = (0..3).map(|_| Arbiter::new()).collect();
        let handles: Vec<_> = arbiters.iter().map(Arbiter::handle).collect();
        for n in 0..flows {
            flow(first.wrapping_add(n), &handles).await;
        }
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}
