//! From runs to rows: medians, spread, ratios, and what is said of a peer that lost items.

use serde::Serialize;

use crate::outcome::Outcome;
use crate::peers::OURS;
use crate::work::Arrived;
use crate::workload::{Job, Workload};

/// One figure of one peer. Lower is better.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub workload: &'static str,
    pub variant: String,
    pub peer: &'static str,
    pub unit: &'static str,
    pub median: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// How many runs stand behind the median.
    pub runs: usize,
    /// What arrived in one run; the least of all runs.
    pub delivered: u64,
    /// The peer's median over ours.
    pub ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Row {
    /// Workload and variant, as they are named to a reader.
    pub fn job(&self) -> String {
        match self.variant.as_str() {
            "default" => self.workload.to_owned(),
            variant => format!("{} {variant}", self.workload),
        }
    }

    /// Half of the distance from the least to the most, as a share of the median.
    pub fn spread(&self) -> Option<f64> {
        let (median, min, max) = (self.median?, self.min?, self.max?);
        (median > 0.0).then(|| (max - min) / 2.0 / median)
    }
}

/// What a run measures, and in which unit.
struct Figure {
    variant: String,
    unit: &'static str,
    value: fn(&Job, &Outcome) -> Option<f64>,
}

/// All runs of one peer at one job.
pub struct Runs {
    pub peer: &'static str,
    /// What must arrive at the sink of one flow.
    expected: Arrived,
    pub outcomes: Vec<Outcome>,
    /// Why there are no more: a run failed or lost items.
    pub failure: Option<String>,
}

impl Runs {
    pub fn new(peer: &'static str, expected: Arrived) -> Self {
        Self {
            peer,
            expected,
            outcomes: Vec::new(),
            failure: None,
        }
    }

    /// Takes one more run in. One that lost items is the last.
    pub fn push(&mut self, job: &Job, run: Result<Outcome, String>) {
        match run {
            Ok(outcome) => {
                let flows = outcome.flows.unwrap_or(job.flows);
                self.failure = loss(self.expected.times(flows), outcome.arrived);
                self.outcomes.push(outcome);
            }
            Err(failure) => self.failure = Some(failure),
        }
    }
}

/// What is wrong with what has arrived.
fn loss(expected: Arrived, arrived: Arrived) -> Option<String> {
    let Arrived { delivered, sum } = arrived;
    if delivered != expected.delivered {
        Some(format!("delivered {delivered} of {}", expected.delivered))
    } else if sum != expected.sum {
        Some(format!("delivered {delivered}, but their sum is wrong"))
    } else {
        None
    }
}

/// The rows of all peers at one job.
pub fn rows_of(job: &Job, runs: &[Runs]) -> Vec<Row> {
    let mut rows = Vec::new();
    for figure in figures(job) {
        let mut of_figure: Vec<_> = runs.iter().map(|runs| figure.row(job, runs)).collect();
        let ours = of_figure.iter().find(|row| row.peer == OURS);
        let ours = ours.and_then(|row| row.median).filter(|&ours| ours > 0.0);
        for row in &mut of_figure {
            row.ratio = row.median.zip(ours).map(|(median, ours)| median / ours);
        }
        rows.append(&mut of_figure);
    }
    rows
}

impl Figure {
    fn row(&self, job: &Job, runs: &Runs) -> Row {
        let values = runs
            .outcomes
            .iter()
            .filter_map(|run| (self.value)(job, run));
        let mut values: Vec<_> = values.collect();
        values.sort_by(f64::total_cmp);
        if runs.failure.is_some() {
            values.clear();
        }
        let note = runs.failure.clone();
        let note = note.or_else(|| values.is_empty().then(|| "nothing was measured".to_owned()));
        let delivered = runs.outcomes.iter().map(|run| run.arrived.delivered);
        Row {
            workload: job.workload.name(),
            variant: self.variant.clone(),
            peer: runs.peer,
            unit: self.unit,
            median: median(&values),
            min: values.first().copied(),
            max: values.last().copied(),
            runs: values.len(),
            delivered: delivered.min().unwrap_or(0),
            ratio: None,
            note,
        }
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

fn figures(job: &Job) -> Vec<Figure> {
    let figure = |unit, value| Figure {
        variant: job.variant(),
        unit,
        value,
    };
    match job.workload {
        Workload::Linear3
        | Workload::Linear3Arbiters
        | Workload::Linear20
        | Workload::FanIn8
        | Workload::FanOutIn4
        | Workload::MapAsync64
        | Workload::ParallelCpu => vec![figure("ns/item", |job, run| per(run, job.items))],
        Workload::SmallFlow => vec![figure("ns/flow", |job, run| per(run, job.flows))],
        Workload::FirstItem
        | Workload::Sieve2000
        | Workload::CancelContexts100k
        | Workload::CancelStages10k
        | Workload::RequestFlows => vec![figure("ns", |_, run| per(run, 1))],
        Workload::SlowSink => vec![figure("bytes", |_, run| bytes(run, 1))],
        Workload::Daisy100k => vec![
            // The first item has waited for the start of the stages, and is not timed.
            figure("ns/hop", |job, run| per(run, (job.items - 1) * hops(job))),
            figure("bytes/stage", |job, run| bytes(run, job.stages as u64)),
        ],
        Workload::Ping3 | Workload::Neighbour => vec![
            Figure {
                variant: "p50".to_owned(),
                unit: "ns",
                value: |_, run| run.p50_ns.map(|ns| ns as f64),
            },
            Figure {
                variant: "p99".to_owned(),
                unit: "ns",
                value: |_, run| run.p99_ns.map(|ns| ns as f64),
            },
        ],
    }
}

fn hops(job: &Job) -> u64 {
    job.stages as u64 + 1
}

fn per(run: &Outcome, parts: u64) -> Option<f64> {
    Some(run.elapsed_ns? as f64 / parts as f64)
}

fn bytes(run: &Outcome, parts: u64) -> Option<f64> {
    Some(run.memory_bytes? as f64 / parts as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Workload::FanIn8.jobs(true)[0]
    }

    fn run_of(job: &Job, elapsed_ns: u64) -> Outcome {
        Outcome {
            arrived: job.expected(),
            elapsed_ns: Some(elapsed_ns),
            ..Outcome::default()
        }
    }

    fn runs_of(peer: &'static str, job: &Job, times: &[u64]) -> Runs {
        let mut runs = Runs::new(peer, job.expected());
        for &time in times {
            runs.push(job, Ok(run_of(job, time * job.items)));
        }
        runs
    }

    #[test]
    fn a_row_has_median_spread_and_the_ratio_to_ours() {
        let job = job();
        let runs = [
            runs_of(OURS, &job, &[11, 9, 10]),
            runs_of("go", &job, &[30, 20]),
        ];
        let rows = rows_of(&job, &runs);
        let (ours, go) = (&rows[0], &rows[1]);
        assert_eq!(
            (ours.median, ours.min, ours.max),
            (Some(10.0), Some(9.0), Some(11.0))
        );
        assert_eq!((ours.ratio, ours.spread()), (Some(1.0), Some(0.1)));
        assert_eq!((go.median, go.ratio), (Some(25.0), Some(2.5)));
        assert_eq!((ours.runs, go.runs), (3, 2));
        assert_eq!(go.delivered, job.items);
    }

    #[test]
    fn a_peer_that_loses_items_has_a_note_and_no_median() {
        let job = job();
        let mut runs = runs_of("vuo", &job, &[10]);
        let mut lost = run_of(&job, 1);
        lost.arrived.delivered = 16;
        runs.push(&job, Ok(lost));
        let row = rows_of(&job, &[runs]).remove(0);
        assert_eq!(
            (row.median, row.min, row.max, row.ratio),
            (None, None, None, None)
        );
        assert_eq!((row.delivered, row.runs), (16, 0));
        assert_eq!(row.note, Some(format!("delivered 16 of {}", job.items)));
    }

    #[test]
    fn a_wrong_sum_is_a_loss() {
        let job = job();
        let mut wrong = run_of(&job, 1);
        wrong.arrived.sum += 1;
        let mut runs = Runs::new("go", job.expected());
        runs.push(&job, Ok(wrong));
        let row = rows_of(&job, &[runs]).remove(0);
        assert!(row.note.is_some_and(|note| note.ends_with("sum is wrong")));
        assert_eq!(row.median, None);
    }
}
