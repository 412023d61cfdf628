//! The report as an aligned plain-text table.

use std::fmt;

use super::rows::{EdgeReport, StageReport};
use super::summary::Report;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("flow")?;
        if let Some(flow) = self.flow() {
            write!(f, " `{}`", one_line(flow))?;
        }
        let (ending, elapsed) = (one_line(&self.ending().to_string()), self.elapsed());
        writeln!(f, ": {ending}, {elapsed:.2?}")?;
        write_grid(f, &stage_grid(self.stages()))?;
        write_grid(f, &edge_grid(self.edges()))?;
        match self.bottleneck() {
            Some(stage) => write!(
                f,
                "\nbottleneck: `{}`, busy or waiting {} of its time",
                one_line(&stage.name),
                percent(stage.load())
            )?,
            None => f.write_str("\nbottleneck: none, nothing ran")?,
        }
        for failure in self.isolated() {
            write!(f, "\nisolated: {}", one_line(&failure.to_string()))?;
        }
        Ok(())
    }
}

fn stage_grid(stages: &[StageReport]) -> Vec<Vec<String>> {
    let any_held = stages.iter().any(|stage| stage.held > 0);
    let any_recovered = stages.iter().any(|stage| stage.recovered > 0);
    let mut head = titles("stage received passed failed discarded");
    head.extend(any_held.then(|| "held".to_owned()));
    head.extend(any_recovered.then(|| "recovered".to_owned()));
    head.extend(titles(
        "emitted batches turns busy starved blocked waiting queued",
    ));
    let rows = stages.iter().map(|stage| {
        let indent = if stage.part_of.is_some() { "  " } else { "" };
        let mut row = vec![format!("{indent}{}", one_line(&stage.name))];
        let items = [stage.received, stage.passed, stage.failed, stage.discarded];
        row.extend(items.iter().map(u64::to_string));
        row.extend(any_held.then(|| stage.held.to_string()));
        row.extend(any_recovered.then(|| stage.recovered.to_string()));
        let sent = [stage.emitted, stage.batches, stage.turns];
        row.extend(sent.iter().map(u64::to_string));
        let shares = &stage.shares;
        let time = [
            shares.busy,
            shares.starved,
            shares.blocked,
            shares.waiting,
            shares.queued,
        ];
        row.extend(time.map(percent));
        row
    });
    std::iter::once(head).chain(rows).collect()
}

fn edge_grid(edges: &[EdgeReport]) -> Vec<Vec<String>> {
    let mut head = titles("edge window sent received discarded");
    head.push("most in flight".to_owned());
    let rows = edges.iter().map(|edge| {
        vec![
            format!("{} -> {}", one_line(&edge.from), one_line(&edge.to)),
            edge.window.to_string(),
            edge.sent.to_string(),
            edge.received.to_string(),
            edge.discarded.to_string(),
            edge.most_in_flight.to_string(),
        ]
    });
    std::iter::once(head).chain(rows).collect()
}

fn titles(words: &str) -> Vec<String> {
    words.split(' ').map(ToOwned::to_owned).collect()
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// Names, reasons and errors are the user's, and may hold line breaks.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Writes titles and rows, names to the left and numbers to the right; nothing if there are no rows.
fn write_grid(f: &mut fmt::Formatter<'_>, grid: &[Vec<String>]) -> fmt::Result {
    if grid.len() < 2 {
        return Ok(());
    }
    let mut widths = vec![0; grid[0].len()];
    for row in grid {
        for (width, cell) in widths.iter_mut().zip(row) {
            // Padding counts chars as well; wide ones are off by a column, never torn.
            *width = cell.chars().count().max(*width);
        }
    }
    f.write_str("\n")?;
    for row in grid {
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            if column == 0 {
                write!(f, "{cell:<width$}")?;
            } else {
                write!(f, "  {cell:>width$}")?;
            }
        }
        f.write_str("\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::rows::{StageCounts, StageNanos};
    use super::*;
    use crate::context::Cause;

    /// Items received, failed, emitted; nanoseconds busy, starved, blocked, waiting, queued.
    fn stage(name: &str, items: [u64; 3], nanos: [u64; 5]) -> StageReport {
        let [received, failed, emitted] = items;
        let counts = StageCounts {
            received,
            passed: received - failed,
            failed,
            emitted,
            batches: emitted / 500,
            turns: 40,
            ..StageCounts::default()
        };
        let [busy, starved, blocked, waiting, queued] = nanos;
        let nanos = StageNanos {
            busy,
            starved,
            blocked,
            waiting,
            queued,
        };
        let part_of = name.split_once('/').map(|(composite, _)| composite.into());
        let ending = Some(Cause::Completed);
        StageReport::new(name.into(), "map", part_of, counts, nanos, ending)
    }

    fn edge(from: &str, to: &str, port: u32, sent: u64) -> EdgeReport {
        EdgeReport {
            from: from.into(),
            to: to.into(),
            port,
            window: 1024,
            sent,
            received: sent,
            discarded: 0,
            most_in_flight: 1000,
            max_weight: None,
            most_weight: 0,
        }
    }

    fn tree() -> Report {
        let stages = vec![
            stage("from_iter-1", [0, 0, 4000], [100, 0, 850, 0, 50]),
            stage("digest/split", [4000, 0, 4000], [50, 50, 850, 0, 50]),
            stage("digest/1", [2000, 0, 2000], [900, 50, 0, 0, 50]),
            stage("digest/2", [2000, 0, 2000], [905, 45, 0, 0, 50]),
            stage("digest/join", [4000, 0, 4000], [100, 850, 0, 0, 50]),
            stage("prüfsumme", [4000, 0, 0], [20, 930, 0, 0, 50]),
        ];
        let edges = vec![
            edge("from_iter-1", "digest/split", 0, 4000),
            edge("digest/split", "digest/1", 0, 2000),
            edge("digest/split", "digest/2", 0, 2000),
            edge("digest/1", "digest/join", 0, 2000),
            edge("digest/2", "digest/join", 1, 2000),
            edge("digest/join", "prüfsumme", 0, 4000),
        ];
        let elapsed = Duration::from_millis(1234);
        let flow = Some("digest tree".into());
        Report::new(flow, Cause::Completed, elapsed, stages, edges, vec![])
    }

    #[test]
    fn r7_1_the_table_is_as_shown_in_the_docs() {
        let report = tree();
        assert_eq!(report.to_string(), include_str!("table.txt").trim_end());
        assert!(report.check().is_ok(), "what the docs show balances");
    }

    #[test]
    fn r7_1_an_empty_report_has_a_header_and_no_bottleneck() {
        let (ending, elapsed) = (Cause::from("too\nlate"), Duration::ZERO);
        let report = Report::new(None, ending, elapsed, vec![], vec![], vec![]);
        assert_eq!(
            report.to_string(),
            "flow: cancelled: too late, 0.00ns\n\nbottleneck: none, nothing ran"
        );
    }

    #[test]
    fn r7_1_held_items_have_a_column_and_isolated_failures_a_line_each() {
        let stuck: Arc<str> = "a".into();
        let mut row = stage(&stuck, [3, 0, 0], [1, 0, 0, 0, 0]);
        (row.passed, row.held) = (2, 1);
        let stages = Arc::new([Arc::clone(&stuck)]);
        let lost = |stage: &str| Cause::Lost {
            stage: stage.into(),
        };
        let report = Report::new(
            None,
            Cause::Stuck { stages },
            Duration::from_secs(5),
            vec![row],
            vec![],
            vec![lost("b"), lost("c")],
        );
        let expected = "\
flow: stuck: no answer from `a`, 5.00s

stage  received  passed  failed  discarded  held  emitted  batches  turns    busy  starved  blocked  waiting  queued
a             3       2       0          0     1        0        0     40  100.0%     0.0%     0.0%     0.0%    0.0%

bottleneck: `a`, busy or waiting 100.0% of its time
isolated: stage `b` was lost with its arbiter
isolated: stage `c` was lost with its arbiter";
        assert_eq!(report.to_string(), expected);
    }
}
