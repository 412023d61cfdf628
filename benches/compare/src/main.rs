//! Every workload, by us and by every peer in turn: one Markdown table, one JSON file, one picture.

mod budget;
mod comparison;
mod echo;
mod go;
mod machine;
mod memory;
mod neighbour;
mod outcome;
mod patterns;
mod peers;
mod picture;
mod rows;
mod runner;
mod table;
mod work;
mod workload;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::comparison::Comparison;
use crate::runner::Extent;
use crate::workload::{Job, Workload};

/// Compares actix-flow with what one would write instead.
///
/// The table is printed; `target/compare.json` holds all of it, `target/compare.svg` shows it.
#[derive(Debug, Parser)]
#[command(name = "cargo compare")]
struct Arguments {
    /// Run this workload alone; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<Workload>,

    /// How many times each peer runs, in turn [default: 5, quick 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,

    /// Small sizes: shows that all works, not how fast
    #[arg(long)]
    quick: bool,

    /// Run one job of this peer, and print its outcome as JSON
    #[arg(long, value_name = "PEER", hide = true, requires = "job")]
    alone: Option<String>,

    #[arg(hide = true, requires = "alone", value_parser = job_of)]
    job: Option<Job>,
}

fn job_of(text: &str) -> Result<Job, serde_json::Error> {
    serde_json::from_str(text)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match (&arguments.alone, &arguments.job) {
        (Some(peer), Some(job)) => run_alone(peer, job),
        _ => run_all(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_all(arguments: &Arguments) -> Result<(), String> {
    let extent = Extent {
        rounds: usize::from(
            arguments
                .rounds
                .unwrap_or(if arguments.quick { 2 } else { 5 }),
        ),
        quick: arguments.quick,
    };
    // In the order of the table, and each once, however often it is named.
    let only = &arguments.only;
    let mut workloads = Workload::ALL.to_vec();
    workloads.retain(|workload| only.is_empty() || only.contains(workload));
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let written = |path: &Path, error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(&target).map_err(|error| written(&target, error))?;
    let target = target
        .canonicalize()
        .map_err(|error| written(&target, error))?;
    let comparison = Comparison::run(&workloads, extent, &target);
    let json = target.join("compare.json");
    comparison
        .write(&json)
        .map_err(|error| written(&json, error))?;
    let svg = target.join("compare.svg");
    picture::draw(&comparison, &svg).map_err(|error| format!("{}: {error}", svg.display()))?;
    let table = table::markdown(&comparison);
    let printed = std::io::stdout().write_all(table.as_bytes());
    printed.map_err(|error| format!("the table: {error}"))?;
    eprintln!("{}\n{}", json.display(), svg.display());
    let ours = comparison.rows.iter().filter(|row| row.peer == peers::OURS);
    match ours.filter_map(|row| row.note.as_ref()).next() {
        Some(note) => Err(format!("{} itself {note}", peers::OURS)),
        None => Ok(()),
    }
}

fn run_alone(peer: &str, job: &Job) -> Result<(), String> {
    let body = peers::by_name(peer).and_then(|peer| (peer.body)(job.workload));
    let body = body.ok_or_else(|| format!("{peer} does not run {}", job.workload.name()))?;
    // What is measured is not the first run of a process, but where that is its memory.
    if !job.workload.measures_memory() {
        body(&job.small());
    }
    let outcome = serde_json::to_string(&body(job)).map_err(|error| error.to_string())?;
    println!("{outcome}");
    Ok(())
}
