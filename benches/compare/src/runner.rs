//! Runs the peers in turn, A B A B, each in a place of its own.

use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::budget::Budget;
use crate::go::Go;
use crate::outcome::{Outcome, Sample};
use crate::peers::{Body, PEERS, Peer};
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

/// How one peer runs a job.
enum Place<'a> {
    /// On a thread of this process.
    Thread(Body),
    /// In a process of its own, whose memory is measured.
    Process(Peer),
    /// In the program in Go.
    Go(&'a Go),
}

/// Longer takes no run that ever ends.
const LIMIT: Duration = Duration::from_secs(180);

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
    let small = workload.jobs(true);
    for (job, small) in workload.jobs(extent.quick).into_iter().zip(small) {
        let began = Instant::now();
        eprint!("{} {}: ", workload.name(), job.variant());
        let mut entrants = entrants(&job, go);
        for entrant in &mut entrants {
            entrant.warm_up(small);
        }
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
    /// A run at the small size, so that no peer's first run is its process' first. One that has a
    /// process for each run sees to that itself, or has its memory measured from the start.
    fn warm_up(&mut self, small: Job) {
        if let Place::Thread(body) = self.place {
            self.runs.failure = on_thread(body, small).err();
        }
    }

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
        let Some(body) = (peer.body)(job.workload) else {
            continue;
        };
        if !peer.bounded && !job.workload.windows().is_empty() && job.window != WINDOW {
            continue;
        }
        let place = if job.workload.measures_memory() {
            Place::Process(peer)
        } else {
            Place::Thread(body)
        };
        entrants.push(entrant(peer.name, place));
    }
    // Beside us: it is the peer that most is said of.
    entrants.splice(1..1, go.map(|go| entrant(Go::NAME, Place::Go(go))));
    entrants
}

impl Place<'_> {
    fn run(&self, job: Job) -> Result<Outcome, String> {
        match self {
            Self::Thread(body) => on_thread(*body, job),
            Self::Process(peer) => {
                let own = std::env::current_exe().map_err(|error| error.to_string())?;
                let mut command = Command::new(own);
                command.arg("--alone").arg(peer.name);
                in_process(command, job)
            }
            Self::Go(go) => in_process(go.command(), job),
        }
    }
}

fn on_thread(body: Body, job: Job) -> Result<Outcome, String> {
    let (sender, outcome) = channel();
    let thread = std::thread::spawn(move || {
        let _ = sender.send(body(&job));
    });
    match outcome.recv_timeout(LIMIT) {
        Ok(outcome) => {
            let _ = thread.join();
            Ok(outcome)
        }
        Err(RecvTimeoutError::Disconnected) => Err("panicked".to_owned()),
        // A thread cannot be ended from without.
        Err(RecvTimeoutError::Timeout) => {
            Err(format!("{}, and ran on beside what came next", overdue()))
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
