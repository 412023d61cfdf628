//! The whole report: its rows, the summed rows of its composites, its bottleneck.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::check;
use super::imbalance::Imbalance;
use super::rows::{EdgeReport, StageReport};
use crate::context::Cause;

/// What a flow did: what went in, came out, was discarded and failed, per stage and per edge.
///
/// A finished flow gives one, and so does the error of a flow that failed. A snapshot of a running
/// flow is one too; its counters are read one after the other while the stages move on, so its
/// sums need not balance and its bottleneck is that of the flow so far.
///
/// Its `Display` is a table for people. Read the fields rather than parsing it: its columns may
/// change.
///
/// ```text
#[doc = include_str!("table.txt")]
/// ```
///
/// # Examples
///
/// ```
/// use actix_flow::Report;
///
/// /// How many items the stage `parse` refused.
/// fn refused(report: &Report) -> u64 {
///     report.stage("parse").map_or(0, |row| row.failed)
/// }
/// ```
///
/// # Cost
///
/// Cloning copies every row. It is not a metrics endpoint: taking one reads every counter of the
/// flow.
#[derive(Clone, Debug)]
pub struct Report {
    flow: Option<Arc<str>>,
    ending: Cause,
    elapsed: Duration,
    stages: Vec<StageReport>,
    edges: Vec<EdgeReport>,
    isolated: Vec<Cause>,
}

impl Report {
    /// `stages` in node order, upstream first and without summed rows: those are made here.
    pub(crate) fn new(
        flow: Option<Arc<str>>,
        ending: Cause,
        elapsed: Duration,
        stages: Vec<StageReport>,
        edges: Vec<EdgeReport>,
        isolated: Vec<Cause>,
    ) -> Self {
        Self {
            flow,
            ending,
            elapsed,
            stages: with_summed_rows(stages),
            edges,
            isolated,
        }
    }

    /// The name of the flow, if it was given one.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::once(1).drain().flow_named("nightly");
    /// let report = flow.run(&FlowContext::background())?.wait().await?.report;
    /// assert_eq!(report.flow(), Some("nightly"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn flow(&self) -> Option<&str> {
        self.flow.as_deref()
    }

    /// Why the flow ended; of one that runs still, why it is about to.
    #[must_use]
    pub fn ending(&self) -> &Cause {
        &self.ending
    }

    /// The time from the start of the flow to its end, or to the snapshot.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// One row per stage, upstream first; the summed row of a composite stands before its parts.
    ///
    /// A sum over all rows counts composites twice unless it leaves out those that are
    /// [`summed`](StageReport::summed).
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::once(1).map_parallel(1, |n| n).named("digest").drain().named("end");
    /// let report = flow.run(&FlowContext::background())?.wait().await?.report;
    /// let names: Vec<&str> = report.stages().iter().map(|row| &*row.name).collect();
    /// assert_eq!(names, ["once-1", "digest", "digest/split", "digest/1", "digest/join", "end"]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stages(&self) -> &[StageReport] {
        &self.stages
    }

    /// The row of the stage or composite of this name; looks through the rows one by one.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).map_parallel(2, |n| n + 1).named("next").drain();
    /// let report = flow.run(&FlowContext::background())?.wait().await?.report;
    /// assert!(report.stage("next").expect("a composite has a row").summed);
    /// assert!(report.stage("next/1").is_some());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&StageReport> {
        self.stages.iter().find(|stage| &*stage.name == name)
    }

    /// One row per edge.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).map(|n| n + 1).count();
    /// let report = flow.run(&FlowContext::background())?.wait().await?.report;
    /// assert!(report.edges().iter().all(|edge| edge.sent == 3));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn edges(&self) -> &[EdgeReport] {
        &self.edges
    }

    /// The failures that an isolating fan-in kept to one of its inputs.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let sources = [Source::failed("no such host"), Source::once(1u64)];
    /// let flow = Source::merge_all(sources).isolated().count();
    /// let report = flow.run(&FlowContext::background())?.wait().await?.report;
    /// assert_eq!(report.isolated().len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn isolated(&self) -> &[Cause] {
        &self.isolated
    }

    /// The stage that limits the flow: the one with the largest share of its time busy or waiting
    /// for its own futures and timers.
    ///
    /// Of several equal ones it is the most downstream; `None` if nothing ran. A summed row never
    /// is the bottleneck, its parts may be.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..10u64)
    ///     .map_async(1, |_| tokio::time::sleep(Duration::from_millis(1)))
    ///     .named("slow").window(1)
    ///     .drain();
    /// let report = flow.run(&FlowContext::background())?.wait().await?.report;
    /// assert_eq!(report.bottleneck().map(|row| &*row.name), Some("slow"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn bottleneck(&self) -> Option<&StageReport> {
        // `max_by` gives the last of several equal ones, and the later row is further downstream.
        self.stages
            .iter()
            .filter(|stage| !stage.summed && stage.load() > 0.0)
            .max_by(|a, b| a.load().total_cmp(&b.load()))
    }

    /// Compares every sum of the report of a finished flow: that no item was lost or counted twice.
    ///
    /// Per stage, summed rows aside:
    ///
    /// * `received = passed + failed + discarded + held`, and `held` is 0 unless it is stuck;
    /// * `received` is the sum of what its input edges gave (a source has none and is exempt);
    /// * `emitted` is the sum of what its output edges were sent;
    /// * its shares sum to 1, or are all 0.
    ///
    /// Per edge, both ends of which have a row: `sent = received + discarded`, and
    /// `most_in_flight` is at most `window`.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::repeat_with(|| 1u64).count().run(&FlowContext::background())?;
    /// flow.control().cancel("enough");
    /// let error = flow.await.expect_err("it gives no value");
    /// let report = error.report().expect("it was started");
    /// report.check().expect("what was discarded is counted");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Imbalance`] lists every sum that does not hold. A snapshot of a running flow may well not
    /// balance: items on their way are sent and not yet received.
    pub fn check(&self) -> Result<(), Imbalance> {
        check::check(&self.ending, &self.stages, &self.edges)
    }
}

fn with_summed_rows(stages: Vec<StageReport>) -> Vec<StageReport> {
    let mut sums = HashMap::<Arc<str>, StageReport>::new();
    for stage in &stages {
        if let Some(composite) = &stage.part_of {
            sums.entry(Arc::clone(composite))
                .and_modify(|sum| sum.add(stage))
                .or_insert_with(|| StageReport::composite(Arc::clone(composite), stage));
        }
    }
    let mut rows = Vec::with_capacity(stages.len() + sums.len());
    for stage in stages {
        // Found for the first part alone: it is taken out there.
        let sum = stage.part_of.as_ref().and_then(|name| sums.remove(name));
        rows.extend(sum);
        rows.push(stage);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::imbalance::Violation;
    use super::super::rows::{StageCounts, StageNanos};
    use super::*;

    /// A row with its nanoseconds busy, waiting and starved.
    fn stage(name: &str, [busy, waiting, starved]: [u64; 3]) -> StageReport {
        let nanos = StageNanos {
            busy,
            waiting,
            starved,
            ..StageNanos::default()
        };
        let part_of = name.split_once('/').map(|(composite, _)| composite.into());
        let ending = Some(Cause::Completed);
        StageReport::new(
            name.into(),
            "map",
            part_of,
            StageCounts::default(),
            nanos,
            ending,
        )
    }

    fn report(stages: impl Into<Vec<StageReport>>) -> Report {
        Report::new(
            None,
            Cause::Completed,
            Duration::ZERO,
            stages.into(),
            vec![],
            vec![],
        )
    }

    fn bottleneck(stages: impl Into<Vec<StageReport>>) -> Option<String> {
        let report = report(stages);
        report.bottleneck().map(|row| row.name.as_ref().to_owned())
    }

    #[test]
    fn r7_5_bottleneck_is_the_largest_busy_and_waiting() {
        let stages = [
            stage("a", [6, 0, 4]),
            stage("b", [1, 7, 2]),
            stage("c", [3, 3, 4]),
        ];
        assert_eq!(bottleneck(stages).as_deref(), Some("b"));
    }

    #[test]
    fn r7_5_bottleneck_ties_go_downstream() {
        // 0.1 + 0.2 is not 0.3 in floats: equal loads must be equal however they are made up.
        let stages = [
            stage("a", [1, 2, 7]),
            stage("b", [3, 0, 7]),
            stage("c", [0, 0, 10]),
        ];
        assert_eq!(bottleneck(stages).as_deref(), Some("b"));
        let stages = [stage("b", [30, 0, 70]), stage("a", [1, 2, 7])];
        assert_eq!(bottleneck(stages).as_deref(), Some("a"));
    }

    #[test]
    fn r7_5_bottleneck_is_none_if_nothing_ran() {
        assert_eq!(bottleneck([]), None);
        let stages = [stage("a", [0, 0, 0]), stage("b", [0, 0, 9])];
        assert_eq!(bottleneck(stages), None);
    }

    #[test]
    fn r7_5_bottleneck_is_never_a_summed_row() {
        let stages = [
            stage("digest/1", [9, 0, 1]),
            stage("digest/2", [9, 0, 1]),
            stage("c", [1, 0, 9]),
        ];
        assert_eq!(bottleneck(stages).as_deref(), Some("digest/2"));
    }

    #[test]
    fn r7_1_a_composite_has_a_summed_row_before_its_first_part() {
        let names = ["a", "x/split", "y/1", "x/join", "y/2", "b"];
        let report = report(names.map(|name| stage(name, [1, 0, 0])));
        let rows: Vec<_> = report.stages().iter().map(|row| &*row.name).collect();
        let expected = ["a", "x", "x/split", "y", "y/1", "x/join", "y/2", "b"];
        assert_eq!(rows, expected);
        let summed: Vec<_> = report.stages().iter().filter(|row| row.summed).collect();
        assert_eq!(summed.len(), 2);
        assert!(report.stage("x").is_some_and(|row| row.summed));
        assert!(report.stage("z").is_none());
    }

    #[test]
    fn r7_1_a_summed_row_is_not_named_beside_its_part() {
        let mut part = stage("digest/1", [1, 0, 0]);
        (part.received, part.passed) = (2, 1);
        let report = report([part]);
        assert_eq!(report.stage("digest").map(|row| row.received), Some(2));
        let expected = [Violation::StageItems {
            stage: "digest/1".into(),
            received: 2,
            accounted: 1,
        }];
        assert!(
            report
                .check()
                .is_err_and(|found| found.violations() == expected)
        );
    }
}
