//! One random flow: its end, and what holds after it.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use super::end::{End, expected};
use super::moment::Moment;
use super::shape::Shape;
use super::witness::Witness;
use crate::kit::{Census, until};

/// How long one flow may take.
const LIMIT: Duration = Duration::from_secs(60);

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
                End::Crowd => {
                    let (one, other) = (control.clone(), control.clone());
                    let cancel = cancel.clone();
                    let crowd = [
                        std::thread::spawn(move || drop((one.quit(), one.abort()))),
                        std::thread::spawn(move || drop((other.close(), other.quit()))),
                        std::thread::spawn(move || cancel.cancel("random")),
                    ];
                    drop(control.cancel("random"));
                    for thread in crowd {
                        thread.join().unwrap();
                    }
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

/// What holds of every flow that is over.
fn hold(report: &Report) {
    if let Err(imbalance) = report.check() {
        panic!("{imbalance}\n{report}");
    }
    for stage in report.stages() {
        assert_eq!(stage.held, 0, "{report}");
        let ended = stage.ending.is_some();
        assert!(ended, "`{}` has no ending\n{report}", stage.name);
    }
    for edge in report.edges() {
        let most = usize::try_from(edge.most_in_flight).unwrap();
        assert!(
            most <= edge.window,
            "{} to {}\n{report}",
            edge.from,
            edge.to
        );
    }
    let stuck = matches!(report.ending(), Cause::Stuck { .. });
    assert!(!stuck, "{report}");
}

/// Starts flows that end in a hub of another one; it may be over.
fn start_guests(guests: &mut Vec<Blueprint<()>>, context: &FlowContext) -> Vec<Pipeline<()>> {
    let started = guests
        .drain(..)
        .filter_map(|guest| match guest.run(context) {
            Ok(pipeline) => Some(pipeline),
            Err(StartError::HubClosed { .. } | StartError::ContextDone { .. }) => None,
            Err(error) => panic!("{error}"),
        });
    started.collect()
}

/// The flow of their hub is over: so are they, soon.
async fn guests_ended(guests: Vec<Pipeline<()>>) -> Vec<Report> {
    let mut reports = Vec::new();
    for guest in guests {
        let control = guest.control();
        let Ok(ended) = tokio::time::timeout(LIMIT, guest.wait()).await else {
            panic!("no end of a guest\n{}", control.snapshot());
        };
        reports.push(match ended {
            Ok(finished) => finished.report,
            Err(error) => error.report().expect("it was started").clone(),
        });
    }
    reports
}

pub(super) async fn judge<R: Send + 'static>(
    blueprint: Blueprint<R>,
    mut shape: Shape<'_>,
    witness: &Witness,
    end: End,
    arbiter: Option<Arbiter>,
    reached: std::sync::mpsc::Receiver<()>,
) {
    let (background, cancel) = FlowContext::background().with_cancel();
    let micros = shape.rng.u64(0..=3000);
    let (context, _cancel) = match end {
        End::Deadline => background.with_timeout(Duration::from_micros(micros)),
        _ => background.with_cancel(),
    };
    let window = shape.window(1);
    let strategy = match shape.rng.u64(..6) {
        0 => Strategy::RestForOne,
        1 => Strategy::OneForAll,
        _ => Strategy::OneForOne,
    };
    witness.note(&format!(
        " {end:?} {strategy:?} window {window}{}",
        shape.said
    ));
    let (inline, choice) = (shape.one_in(3), shape.rng.usize(0..=1000));
    let census = shape.census.clone();
    // What a context holds is dropped with it.
    let contexts = Census::new();
    let context = context.with_value(contexts.item(0));
    let early = shape.one_in(2);
    let mut guests = Vec::new();
    if early {
        guests = start_guests(&mut shape.guests, &context);
    }
    match blueprint
        .default_window(window)
        .strategy(strategy)
        .run(&context)
    {
        Ok(pipeline) => {
            guests.extend(start_guests(&mut shape.guests, &context));
            let trial = Trial {
                pipeline,
                end,
                cancel,
                arbiter,
                inline,
                choice,
            };
            let mut reports = vec![trial.end(shape.moment.clone(), reached).await];
            reports.extend(guests_ended(guests).await);
            for report in &reports {
                hold(report);
            }
            for (stage, seen) in &shape.watched {
                let edges = reports.iter().flat_map(Report::edges);
                let into = edges.filter(|edge| *edge.to == **stage);
                let discarded: u64 = into.map(|edge| edge.discarded).sum();
                assert_eq!(
                    seen.load(Relaxed),
                    discarded,
                    "to `{stage}`\n{}",
                    reports[0]
                );
            }
            for guest in &reports[1..] {
                let stalled = matches!(guest.ending(), Cause::Stalled { .. });
                assert!(!stalled || shape.stallable, "{guest}");
            }
            let report = &reports[0];
            let cause = report.ending();
            assert!(
                expected(end, cause, shape.faulty, shape.stallable),
                "unexpected: {cause}\n{report}"
            );
        }
        Err(StartError::ContextDone { .. }) if end == End::Deadline => {
            drop(arbiter);
            shape.guests.clear();
            guests_ended(guests).await.iter().for_each(hold);
        }
        Err(error) => panic!("{error}"),
    }
    for feeder in shape.feeders {
        tokio::task::spawn_blocking(move || feeder.join().unwrap())
            .await
            .unwrap();
    }
    assert!(shape.moment.is_last(), "a stage is alive after `wait`");
    census.assert_none_alive();
    // What the moment does holds a control.
    drop((context, background, _cancel, shape.moment));
    // The thread that dropped the flow's last actor may hold the flow's state for an instant.
    until("the contexts to be dropped", || contexts.alive() == 0).await;
}
