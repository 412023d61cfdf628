//! Random flows, ended at random moments: the sums hold, no item is left, every wait is ready.
//!
//! `ACTIX_FLOW_FLOWS` says how many flows, `ACTIX_FLOW_SEED` the seed of the first; a failure
//! prints the seed of its flow, and the flow.

use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::{Arbiter, ArbiterHandle, System};

use super::end::{ENDS, End, expected};
use super::moment::Moment;
use super::rng::Rng;
use super::shape::Shape;
use crate::kit::{Census, Item, quiet_panics};

/// How long one flow may take.
const LIMIT: Duration = Duration::from_secs(20);

fn from_env(name: &str, usual: u64) -> u64 {
    let said = std::env::var(name).ok();
    said.map_or(usual, |said| said.parse().expect("a number"))
}

/// Says of which flow a panic is.
struct Witness {
    seed: u64,
    said: String,
}

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "ACTIX_FLOW_SEED={} ACTIX_FLOW_FLOWS=1:{}",
                self.seed, self.said
            );
        }
    }
}

/// A flow that was started, and what is to be held against its end.
struct Trial<R> {
    pipeline: Pipeline<R>,
    end: End,
    cancel: CancelHandle,
    arbiter: Option<Arbiter>,
    inline: bool,
    choice: usize,
}

impl<R: Send + 'static> Trial<R> {
    /// The stage that is quit.
    fn stage(&self) -> String {
        let graph = self.pipeline.control().graph();
        let names: Vec<_> = graph.stages().map(|(name, _)| name.to_owned()).collect();
        names[self.choice % names.len()].clone()
    }

    /// The verb, as any thread may call it.
    fn verb(&self) -> impl Fn() + Send + Sync + Clone + 'static {
        let control = self.pipeline.control();
        let (cancel, end) = (self.cancel.clone(), self.end);
        let arbiter = self.arbiter.as_ref().map(Arbiter::handle);
        let (stage, choice) = (self.stage(), self.choice);
        move || {
            match end {
                End::Close => drop(control.close()),
                End::Quit => drop(control.quit()),
                End::QuitStage => drop(control.quit_stage(&stage).expect("it is known")),
                // Not every flow has a stage of the group.
                End::QuitGroup if choice.is_multiple_of(2) => drop(control.quit_all("g")),
                End::QuitGroup => {
                    for _ in 0..choice % 5 {
                        drop(control.quit_one("g"));
                    }
                }
                End::Cancel => drop(control.cancel("random")),
                End::CancelContext => cancel.cancel("random"),
                End::Abort => drop(control.abort()),
                End::Ladder => {
                    drop(control.close());
                    drop(control.quit());
                    drop(control.close());
                    drop(control.cancel("random"));
                    drop(control.quit());
                    drop(control.abort());
                    drop(control.cancel("late"));
                }
                End::KillArbiter => {
                    if let Some(arbiter) = &arbiter {
                        arbiter.stop();
                    }
                }
                End::Natural | End::Deadline | End::DropPipeline | End::DropWait => {}
            }
        }
    }

    /// Ends the flow and gives its report.
    async fn end(self, moment: Moment, reached: std::sync::mpsc::Receiver<()>) -> Report {
        let control = self.pipeline.control();
        let verb = self.verb();
        if self.inline {
            moment.act_inline(verb.clone());
        }
        let (tell, mut told) = tokio::sync::oneshot::channel();
        let after = control.clone();
        let (end, stage) = (self.end, self.stage());
        let thread = Moment::act_elsewhere(reached, move || {
            verb();
            let _ = tell.send(());
            if matches!(end, End::QuitStage | End::QuitGroup) {
                // The rest may be endless.
                if let Ok(ended) = after.quit_stage(&stage) {
                    futures::executor::block_on(ended);
                }
                drop(after.cancel("the rest"));
            }
        });
        let arbiter = self.arbiter;
        let ended = async {
            match end {
                End::DropPipeline => {
                    let _ = (&mut told).await;
                    drop(self.pipeline);
                    control.close().await;
                    control.snapshot()
                }
                End::DropWait => {
                    let mut wait = self.pipeline.wait();
                    let finished = tokio::select! {
                        biased;
                        finished = &mut wait => Some(finished),
                        _ = &mut told => None,
                    };
                    drop(wait);
                    drop(finished);
                    control.close().await;
                    control.snapshot()
                }
                _ => match self.pipeline.wait().await {
                    Ok(finished) => {
                        let whole = finished.value.is_some() || !finished.ending.is_success();
                        assert!(
                            whole,
                            "{} without a value\n{}",
                            finished.ending, finished.report
                        );
                        finished.report
                    }
                    Err(error) => error.report().expect("it was started").clone(),
                },
            }
        };
        let Ok(report) = tokio::time::timeout(LIMIT, ended).await else {
            panic!("no end: {end:?}\n{}", control.snapshot());
        };
        tokio::task::spawn_blocking(move || thread.join().unwrap())
            .await
            .unwrap();
        if let Some(arbiter) = arbiter {
            arbiter.stop();
            tokio::task::spawn_blocking(move || arbiter.join().unwrap())
                .await
                .unwrap();
        }
        assert!(control.is_finished());
        // Of a flow that is over every verb is Ok, and changes nothing.
        control.abort().await;
        assert_eq!(
            control.snapshot().ending().to_string(),
            report.ending().to_string()
        );
        report
    }
}

async fn judge<R: Send + 'static>(
    blueprint: Blueprint<R>,
    shape: Shape<'_>,
    witness: &mut Witness,
    end: End,
    arbiter: Option<Arbiter>,
    reached: std::sync::mpsc::Receiver<()>,
) {
    let (background, cancel) = FlowContext::background().with_cancel();
    let micros = shape.rng.between(0, 3000);
    let (context, _cancel) = match end {
        End::Deadline => background.with_timeout(Duration::from_micros(micros)),
        _ => background.with_cancel(),
    };
    let window = shape.rng.size(1, 64);
    witness.said = format!(" {end:?} window {window}{}", shape.said);
    let (inline, choice) = (shape.rng.one_in(3), shape.rng.size(0, 1000));
    let (census, moment) = (shape.census.clone(), shape.moment.clone());
    match blueprint.default_window(window).run(&context) {
        Ok(pipeline) => {
            let trial = Trial {
                pipeline,
                end,
                cancel,
                arbiter,
                inline,
                choice,
            };
            let report = trial.end(moment, reached).await;
            if let Err(imbalance) = report.check() {
                panic!("{imbalance}\n{report}");
            }
            for stage in report.stages() {
                assert_eq!(stage.held, 0, "{report}");
                assert!(
                    stage.ending.is_some(),
                    "`{}` has no ending\n{report}",
                    stage.name
                );
            }
            let cause = report.ending();
            assert!(
                expected(end, cause, shape.faulty, shape.stallable),
                "unexpected: {cause}\n{report}"
            );
        }
        Err(StartError::ContextDone { .. }) if end == End::Deadline => drop(arbiter),
        Err(error) => panic!("{error}"),
    }
    for feeder in shape.feeders {
        tokio::task::spawn_blocking(move || feeder.join().unwrap())
            .await
            .unwrap();
    }
    census.assert_none_alive();
}

async fn flow(seed: u64, arbiters: &[ArbiterHandle]) {
    let mut rng = Rng::new(seed);
    let mut witness = Witness {
        seed,
        said: String::new(),
    };
    let end = *rng.pick(&ENDS);
    let used = rng.size(1, arbiters.len());
    let mut arbiters = arbiters[..used].to_vec();
    let arbiter = (end == End::KillArbiter).then(Arbiter::new);
    arbiters.extend(arbiter.as_ref().map(Arbiter::handle));
    let at = match rng.between(0, 3) {
        0 => rng.between(0, 5),
        1 => rng.between(0, 100),
        _ => rng.between(0, 2000),
    };
    let (moment, reached) = Moment::after(at);
    // An arbiter may be killed that no stage is on.
    let endless = !matches!(end, End::Natural | End::KillArbiter) && rng.one_in(2);
    let faults = rng.one_in(4);
    let risky = rng.one_in(8);
    let depth = match rng.between(0, 3) {
        0 => 0,
        1 | 2 => 1,
        _ => 2,
    };
    let sinks = rng.between(0, 9);
    let mut shape = Shape {
        rng: &mut rng,
        census: Census::new(),
        moment: moment.clone(),
        arbiters: &arbiters,
        endless,
        faults,
        risky,
        said: String::new(),
        stages: 0,
        faulty: false,
        stallable: false,
        feeders: Vec::new(),
    };
    let source = shape.flow(depth);
    let step = move |_: &Item| moment.step();
    let again = step.clone();
    match sinks {
        0 => {
            let blueprint = source.first();
            judge(blueprint, shape, &mut witness, end, arbiter, reached).await;
        }
        1 => {
            let blueprint = source.reduce(|a, b| if a.number > b.number { a } else { b });
            judge(blueprint, shape, &mut witness, end, arbiter, reached).await;
        }
        2 if !endless => {
            let blueprint = source.inspect(step).collect::<Vec<_>>();
            judge(blueprint, shape, &mut witness, end, arbiter, reached).await;
        }
        3 => {
            let blueprint = source.for_each_async(3, move |item| {
                let again = again.clone();
                async move {
                    tokio::task::yield_now().await;
                    again(&item);
                }
            });
            judge(
                blueprint.window(8),
                shape,
                &mut witness,
                end,
                arbiter,
                reached,
            )
            .await;
        }
        4 | 5 => {
            let branches = shape.branches(source);
            let mut ends = Vec::new();
            for branch in branches {
                let branch = shape.stages(branch);
                ends.push(branch.inspect(again.clone()).drain());
            }
            let blueprint = Blueprint::all(ends);
            judge(blueprint, shape, &mut witness, end, arbiter, reached).await;
        }
        _ => {
            let blueprint = source.for_each(move |item| again(&item));
            judge(blueprint, shape, &mut witness, end, arbiter, reached).await;
        }
    }
}

#[test]
fn r7_3_the_sums_hold_for_random_flows_ended_at_random_moments() {
    quiet_panics();
    let flows = from_env("ACTIX_FLOW_FLOWS", 300);
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
