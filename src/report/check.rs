//! The sums of a report as functions of its rows: which of them do not hold.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::imbalance::{Imbalance, Violation};
use super::rows::{EdgeReport, StageReport};
use crate::context::Cause;

/// How far the shares of a stage may be from 1: they are quotients of floats.
const SHARES_TOLERANCE: f64 = 1e-6;

/// Compares every sum of rules 7.1, 7.2 and 7.5; summed rows are made of the others and skipped.
pub(super) fn check(
    ending: &Cause,
    stages: &[StageReport],
    edges: &[EdgeReport],
) -> Result<(), Imbalance> {
    let mut violations = Vec::new();
    let (mut given, mut sent) = (HashMap::<&str, u64>::new(), HashMap::<&str, u64>::new());
    for edge in edges {
        *given.entry(&edge.to).or_default() += edge.received;
        *sent.entry(&edge.from).or_default() += edge.sent;
    }
    let mut names = HashSet::<&str>::new();
    for stage in stages.iter().filter(|stage| !stage.summed) {
        names.insert(&stage.name);
        let given = given.get(&*stage.name).copied();
        let sent = sent.get(&*stage.name).copied().unwrap_or(0);
        check_stage(stage, given, sent, ending, &mut violations);
    }
    for edge in edges {
        check_edge(edge, &names, &mut violations);
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Imbalance::new(violations))
    }
}

fn check_stage(
    row: &StageReport,
    given: Option<u64>,
    sent: u64,
    ending: &Cause,
    violations: &mut Vec<Violation>,
) {
    let stage = || Arc::clone(&row.name);
    let accounted = row.passed + row.failed + row.discarded + row.held;
    if row.received != accounted {
        violations.push(Violation::StageItems {
            stage: stage(),
            received: row.received,
            accounted,
        });
    }
    if row.held != 0 && !is_stuck(row, ending) {
        violations.push(Violation::Held {
            stage: stage(),
            held: row.held,
        });
    }
    // Without input edges it is a source: an inlet's receives what it accepted, others nothing.
    if let Some(edges) = given
        && row.received != edges
    {
        violations.push(Violation::StageInput {
            stage: stage(),
            received: row.received,
            edges,
        });
    }
    if row.emitted != sent {
        violations.push(Violation::StageOutput {
            stage: stage(),
            emitted: row.emitted,
            edges: sent,
        });
    }
    let sum = row.shares.sum();
    if sum != 0.0 && (sum - 1.0).abs() > SHARES_TOLERANCE {
        violations.push(Violation::StageShares {
            stage: stage(),
            sum,
        });
    }
}

/// A stage that never answered has no ending of its own; then the flow's names it.
fn is_stuck(row: &StageReport, ending: &Cause) -> bool {
    match (&row.ending, ending) {
        (Some(Cause::Stuck { .. }), _) => true,
        (None, Cause::Stuck { stages }) => stages.contains(&row.name),
        _ => false,
    }
}

fn check_edge(edge: &EdgeReport, names: &HashSet<&str>, violations: &mut Vec<Violation>) {
    let ends = || (Arc::clone(&edge.from), Arc::clone(&edge.to), edge.port);
    let accounted = edge.received + edge.discarded;
    if edge.sent != accounted {
        let (from, to, port) = ends();
        violations.push(Violation::EdgeItems {
            from,
            to,
            port,
            sent: edge.sent,
            accounted,
        });
    }
    // A window that does not fit into a u64 is never exceeded.
    if u64::try_from(edge.window).is_ok_and(|window| edge.most_in_flight > window) {
        let (from, to, port) = ends();
        violations.push(Violation::Window {
            from,
            to,
            port,
            window: edge.window,
            most_in_flight: edge.most_in_flight,
        });
    }
    for end in [&edge.from, &edge.to] {
        if !names.contains(&**end) {
            let (from, to, port) = ends();
            violations.push(Violation::UnknownEnd {
                from,
                to,
                port,
                unknown: Arc::clone(end),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::{StageCounts, StageNanos};
    use super::*;

    fn stage(name: &str, received: u64, emitted: u64) -> StageReport {
        let counts = StageCounts {
            received,
            passed: received,
            emitted,
            ..StageCounts::default()
        };
        let nanos = StageNanos {
            busy: 1,
            ..StageNanos::default()
        };
        let ending = Some(Cause::Completed);
        StageReport::new(name.into(), "map", None, counts, nanos, ending)
    }

    fn edge(from: &str, to: &str, sent: u64) -> EdgeReport {
        EdgeReport {
            from: from.into(),
            to: to.into(),
            port: 0,
            window: 64,
            sent,
            received: sent,
            discarded: 0,
            most_in_flight: 64,
            max_weight: None,
            most_weight: 0,
        }
    }

    /// A source, a map and a sink, through which ten items went.
    fn flow() -> ([StageReport; 3], [EdgeReport; 2]) {
        (
            [stage("a", 0, 10), stage("b", 10, 10), stage("c", 10, 0)],
            [edge("a", "b", 10), edge("b", "c", 10)],
        )
    }

    fn found(stages: &[StageReport], edges: &[EdgeReport], ending: &Cause) -> Vec<Violation> {
        check(ending, stages, edges).map_or_else(|e| e.violations().to_vec(), |()| Vec::new())
    }

    fn found_in(change: impl FnOnce(&mut [StageReport; 3], &mut [EdgeReport; 2])) -> String {
        let (mut stages, mut edges) = flow();
        change(&mut stages, &mut edges);
        let texts = found(&stages, &edges, &Cause::Completed);
        let texts: Vec<_> = texts.iter().map(ToString::to_string).collect();
        texts.join("; ")
    }

    #[test]
    fn r7_1_a_flow_that_balances_passes() {
        assert_eq!(found_in(|_, _| ()), "");
        assert_eq!(found(&[], &[], &Cause::Completed), []);
    }

    #[test]
    fn r7_1_a_stage_that_lost_an_item_is_named() {
        assert_eq!(
            found_in(|stages, _| stages[1].passed = 9),
            "stage `b` received 10, passed + failed + discarded + held is 9"
        );
    }

    #[test]
    fn r7_1_every_fate_of_an_item_counts() {
        assert_eq!(
            found_in(|stages, _| {
                let row = &mut stages[1];
                (row.passed, row.failed, row.discarded) = (7, 2, 1);
            }),
            ""
        );
    }

    #[test]
    fn r7_1_only_a_stuck_stage_may_hold_items() {
        let stuck = || Cause::Stuck {
            stages: Arc::new(["b".into()]),
        };
        let (mut stages, edges) = flow();
        (stages[1].passed, stages[1].held) = (8, 2);
        let held = Violation::Held {
            stage: "b".into(),
            held: 2,
        };
        let expected = [held];
        assert_eq!(found(&stages, &edges, &Cause::Completed), expected);
        // It ended otherwise: that the flow names it does not matter any more.
        assert_eq!(found(&stages, &edges, &stuck()), expected);
        stages[1].ending = None;
        assert_eq!(found(&stages, &edges, &Cause::Completed), expected);
        assert_eq!(found(&stages, &edges, &stuck()), []);
        stages[1].ending = Some(stuck());
        assert_eq!(found(&stages, &edges, &Cause::Completed), []);
    }

    #[test]
    fn r7_1_a_stage_receives_what_its_input_edges_gave() {
        assert_eq!(
            found_in(|stages, _| (stages[2].received, stages[2].passed) = (11, 11)),
            "stage `c` received 11, its input edges gave 10"
        );
    }

    #[test]
    fn r7_1_the_source_of_an_inlet_receives_without_an_edge() {
        assert_eq!(
            found_in(|stages, _| (stages[0].received, stages[0].passed) = (10, 10)),
            ""
        );
    }

    #[test]
    fn r7_2_a_stage_emits_what_its_output_edges_were_sent() {
        assert_eq!(
            found_in(|stages, _| stages[0].emitted = 11),
            "stage `a` emitted 11, its output edges were sent 10"
        );
        assert_eq!(
            found_in(|stages, _| stages[2].emitted = 1),
            "stage `c` emitted 1, its output edges were sent 0"
        );
    }

    #[test]
    fn r7_2_several_edges_of_a_stage_add_up() {
        let mut second = edge("a", "b", 6);
        second.port = 1;
        let stages = [stage("a", 0, 10), stage("b", 10, 0)];
        let edges = [edge("a", "b", 4), second];
        assert_eq!(found(&stages, &edges, &Cause::Completed), []);
    }

    #[test]
    fn r7_2_an_edge_that_lost_an_item_is_named() {
        assert_eq!(
            found_in(|stages, edges| {
                (edges[1].sent, stages[1].emitted) = (12, 12);
                edges[1].discarded = 1;
            }),
            "edge `b` -> `c` port 0 was sent 12, received + discarded is 11"
        );
    }

    #[test]
    fn r7_2_in_flight_stays_within_the_window() {
        assert_eq!(
            found_in(|_, edges| edges[0].most_in_flight = 65),
            "edge `a` -> `b` port 0 had 65 in flight, its window is 64"
        );
    }

    #[test]
    fn r7_2_an_edge_to_a_stage_without_a_row_is_named() {
        let (stages, edges) = flow();
        let texts = found(&stages[..2], &edges, &Cause::Completed);
        assert_eq!(
            texts[0].to_string(),
            "edge `b` -> `c` port 0 names `c`, which is no stage of the report"
        );
        assert_eq!(texts.len(), 1);
    }

    #[test]
    fn r7_5_shares_that_do_not_sum_to_one_are_named() {
        assert_eq!(
            found_in(|stages, _| stages[0].shares.starved = 0.5),
            "stage `a` has shares that sum to 1.5"
        );
        assert_eq!(
            found_in(|stages, _| stages[0].shares.starved = 5e-7),
            "",
            "within the tolerance"
        );
        assert_eq!(
            found_in(|stages, _| stages[0].shares.busy = 0.0),
            "",
            "never ran"
        );
    }
}
