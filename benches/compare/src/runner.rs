//! Runs the peers in turn, A B A B, each in a place of its own.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::budget::Budget;
use crate::go::Go;
use crate::outcome::{Outcome, Sample};
use crate::peers::{PEERS, Peer};
use crate::rows::{Row, Runs, rows_of};
use crate::workload::{Job, WINDOW, Workload};

/// How much is run.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    pub rounds: usize,
    pub quick: bool,
}

/// How resident memory grew in the last run of a peer.
#[derive(Debug, serde::Serialize)]
pub struct Curve {
    pub workload: &'static str,
    pub peer: &'static str,
    pub samples: Vec<Sample>,
}

/// How one peer runs a job: in a process of its own, so that neither memory nor threads that another has
/// left behind are in its way.
enum Place<'a> {
    /// In this program, run once more.
    Own(Peer),
    /// In the program in Go.
    Go(&'a Go),
}

/// Longer no run may take.
const LIMIT: Duration = Duration::from_secs(30);

/// One peer at one job.
struct Entrant<'a> {
    place: Place<'a>,
    runs: Runs,
    budget: Budget,
}

/// Runs one workload at all its windows.
pub fn compare(workload: Workload, extent: Extent, go: Option<&Go>) -> (Vec<Row>, Vec<Curve>) {
    let mut rows = Vec::new();
    let mut curves = Vec::new();
    for job in workload.jobs(extent.quick) {
        let began = Instant::now();
        eprint!("{} {}: ", workload.name(), job.variant());
        let mut entrants = entrants(&job, go);
        for _ in 0..extent.rounds {
            for entrant in &mut entrants {
                entrant.run(job);
            }
        }
        eprintln!("{:.0} s", began.elapsed().as_secs_f64());
        let runs: Vec<_> = entrants.into_iter().map(|it| it.runs).collect();
        rows.extend(rows_of(&job, &runs));
        curves.extend(runs.into_iter().filter_map(|mut runs| {
            let samples = runs.outcomes.pop()?.curve;
            (!samples.is_empty()).then_some(Curve {
                workload: workload.name(),
                peer: runs.peer,
                samples,
            })
        }));
    }
    (rows, curves)
}

impl Entrant<'_> {
    /// One more round, unless a run has failed or there is no time left.
    fn run(&mut self, job: Job) {
        if self.runs.failure.is_some() || !self.budget.allows_another(self.runs.peer) {
            return;
        }
        let start = Instant::now();
        let run = self.place.run(job);
        self.budget.spend(start.elapsed());
        self.runs.push(&job, run);
    }
}

/// Who takes part, in the order of a round.
fn entrants<'a>(job: &Job, go: Option<&'a Go>) -> Vec<Entrant<'a>> {
    let expected = job.expected();
    let entrant = |name, place| Entrant {
        place,
        runs: Runs::new(name, expected),
        budget: Budget::default(),
    };
    let mut entrants = Vec::new();
    for peer in PEERS {
        if (peer.body)(job.workload).is_none() {
            continue;
        }
        if !peer.bounded && !job.workload.windows().is_empty() && job.window != WINDOW {
            continue;
        }
        entrants.push(entrant(peer.name, Place::Own(peer)));
    }
    // Beside us: it is the peer that most is said of.
    entrants.splice(1..1, go.map(|go| entrant(Go::NAME, Place::Go(go))));
    entrants
}

impl Place<'_> {
    fn run(&self, job: Job) -> Result<Outcome, String> {
        match self {
            Self::Own(peer) => {
                let own = std::env::current_exe().map_err(|error| error.to_string())?;
                let mut command = Command::new(own);
                command.arg("--alone").arg(peer.name);
                in_process(command, job)
            }
            Self::Go(go) => in_process(go.command(), job),
        }
    }
}

/// The job is an argument, the outcome one line of JSON on the output.
fn in_process(mut command: Command, job: Job) -> Result<Outcome, String> {
    let job = serde_json::to_string(&job).map_err(|error| error.to_string())?;
    command.arg(job).stderr(Stdio::inherit()).kill_on_drop(true);
    let runtime = crate::peers::runtime(false);
    let output = runtime.block_on(async { tokio::time::timeout(LIMIT, command.output()).await });
    let output = output.map_err(|_| overdue())?;
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("failed: {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("gave no outcome: {error}"))
}

fn overdue() -> String {
    format!("had not ended after {} s", LIMIT.as_secs())
}
