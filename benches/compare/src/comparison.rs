//! All that one command has found out: the content of `target/compare.json`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::budget::BUDGET;
use crate::go::Go;
use crate::machine::{Machine, versions};
use crate::rows::Row;
use crate::runner::{Curve, Extent, compare};
use crate::workload::Workload;

#[derive(Debug, Serialize)]
pub struct Comparison {
    pub machine: Machine,
    pub versions: BTreeMap<String, String>,
    pub quick: bool,
    pub rounds: usize,
    /// How long all of it took.
    pub seconds: u64,
    pub workloads: BTreeMap<&'static str, &'static str>,
    pub rows: Vec<Row>,
    pub skipped: Vec<Skipped>,
    pub notes: Vec<String>,
    pub curves: Vec<Curve>,
}

/// A peer that could not take part at all.
#[derive(Debug, Serialize)]
pub struct Skipped {
    pub peer: &'static str,
    pub reason: String,
}

impl Comparison {
    pub fn run(workloads: &[Workload], extent: Extent, target: &Path) -> Self {
        let began = Instant::now();
        let machine = Machine::look();
        let mut versions = versions();
        let mut skipped = Vec::new();
        let go = match Go::build(target) {
            Ok(go) => {
                versions.insert(Go::NAME.to_owned(), go.version.clone());
                Some(go)
            }
            Err(reason) => {
                let peer = Go::NAME;
                eprintln!("{peer} is skipped: {reason}");
                skipped.push(Skipped { peer, reason });
                None
            }
        };
        let mut rows = Vec::new();
        let mut curves = Vec::new();
        for &workload in workloads {
            let (of_workload, curves_of) = compare(workload, extent, go.as_ref());
            rows.extend(of_workload);
            curves.extend(curves_of);
        }
        Self {
            notes: notes(&machine, extent, &rows, &skipped),
            machine,
            versions,
            quick: extent.quick,
            rounds: extent.rounds,
            seconds: began.elapsed().as_secs(),
            workloads: workloads.iter().map(|it| (it.name(), it.line())).collect(),
            rows,
            skipped,
            curves,
        }
    }

    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let file = BufWriter::new(File::create(path)?);
        serde_json::to_writer_pretty(file, self).map_err(std::io::Error::from)
    }
}

/// What a reader must know before believing the rows.
fn notes(machine: &Machine, extent: Extent, rows: &[Row], skipped: &[Skipped]) -> Vec<String> {
    let mut notes = Vec::new();
    if extent.quick {
        notes
            .push("A quick run, at small sizes: it shows that all works, not how fast.".to_owned());
    }
    if machine.cores == 1 {
        notes.push(
            "One core: peers with several threads are measured taking turns, not in parallel."
                .to_owned(),
        );
    }
    if machine.load > 0.3 {
        notes.push(format!(
            "Under load: {:.1} programs wanted to run on {} cores when it began, others than these.",
            machine.load, machine.cores,
        ));
    }
    let mut spreads: Vec<_> = rows.iter().filter_map(Row::spread).collect();
    spreads.sort_by(f64::total_cmp);
    if let (Some(most), Some(middle)) = (spreads.last(), spreads.get(spreads.len() / 2)) {
        notes.push(format!(
            "Medians of {} runs; ± is half of the distance from the least to the most: {:.0} % in \
             the middle of all rows, {:.0} % at most.",
            extent.rounds,
            middle * 100.0,
            most * 100.0,
        ));
    }
    notes.extend(fewer(rows, extent.rounds));
    for Skipped { peer, reason } in skipped {
        notes.push(format!("Skipped: {peer}, {reason}."));
    }
    for row in rows {
        if let Some(note) = &row.note {
            notes.push(format!(
                "{} at {} ({}): {note}.",
                row.peer, row.workload, row.variant
            ));
        }
    }
    notes
}

/// Which rows have fewer runs than there were rounds, by job.
fn fewer(rows: &[Row], rounds: usize) -> Option<String> {
    let few = |row: &&Row| (1..rounds).contains(&row.runs);
    let few: Vec<_> = rows.iter().filter(few).collect();
    let same = |a: &&Row, b: &&Row| (a.job(), a.unit) == (b.job(), b.unit);
    let jobs = few.chunk_by(same).map(|rows| {
        let peers = rows.iter().map(|row| format!("{} {}", row.peer, row.runs));
        format!(
            "{} ({})",
            rows[0].job(),
            peers.collect::<Vec<_>>().join(", ")
        )
    });
    let mut jobs: Vec<_> = jobs.collect();
    // A job that is measured in two units had the same runs for both.
    jobs.dedup();
    (!jobs.is_empty()).then(|| {
        format!(
            "Fewer runs, as a peer has {} s for all its runs at one job, and at least one run: {}.",
            BUDGET.as_secs(),
            jobs.join("; "),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::peers::OURS;
    use crate::rows::{Runs, rows_of};

    #[test]
    fn the_notes_say_which_rows_have_fewer_runs_than_rounds() {
        let mut rows = Vec::new();
        for job in Workload::Linear3.jobs(true).into_iter().take(2) {
            let runs = [(OURS, 5), ("go", 3), ("crossbeam", 1)].map(|(peer, times)| {
                let mut runs = Runs::new(peer, job.expected());
                for _ in 0..times {
                    let arrived = job.expected();
                    let elapsed = std::time::Duration::from_secs(1);
                    runs.push(&job, Ok(Outcome::timed(arrived, elapsed)));
                }
                runs
            });
            rows.extend(rows_of(&job, &runs));
        }
        let note = fewer(&rows, 5).expect("there are such rows");
        let list = "linear_3 window=1 (go 3, crossbeam 1); linear_3 window=16 (go 3, crossbeam 1).";
        assert!(note.ends_with(list), "{note}");
        assert_eq!(fewer(&rows, 1), None);
    }
}
