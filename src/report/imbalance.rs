//! What a check of a report finds: the sums that do not hold, with their values.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The sums of a report that do not hold, all of them.
///
/// Given by [`Report::check`](crate::Report::check). On the report of a finished flow it means that
/// items were lost or counted twice: a defect of this crate, please report it with the printed
/// report. On a snapshot of a running flow it means nothing.
///
/// # Examples
///
/// ```
/// use actix_flow::{Imbalance, Report};
///
/// /// What a service writes to its log when a flow is over.
/// fn verdict(report: &Report) -> String {
///     match report.check() {
///         Ok(()) => format!("{}: every item is accounted for", report.ending()),
///         Err(imbalance) => format!("{imbalance}\n{report}"),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Imbalance {
    violations: Vec<Violation>,
}

impl Imbalance {
    pub(super) fn new(violations: Vec<Violation>) -> Self {
        Self { violations }
    }

    /// Every sum that does not hold: stages in the order of the report, then edges; at least one.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl Error for Imbalance {}

impl fmt::Display for Imbalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the report does not balance: ")?;
        for (n, violation) in self.violations.iter().enumerate() {
            if n > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{violation}")?;
        }
        Ok(())
    }
}

/// One sum of a report that does not hold, with its values.
///
/// # Examples
///
/// ```
/// use actix_flow::Violation;
///
/// let held = Violation::Held { stage: "parse".into(), held: 3 };
/// assert_eq!(held.to_string(), "stage `parse` is not stuck, held is 3");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// A stage's items are not accounted for.
    StageItems {
        /// The stage.
        stage: Arc<str>,
        /// What it received.
        received: u64,
        /// passed + failed + discarded + held.
        accounted: u64,
    },
    /// A stage that is not stuck holds items.
    Held {
        /// The stage.
        stage: Arc<str>,
        /// How many it holds.
        held: u64,
    },
    /// A stage took another number of items than its input edges gave.
    StageInput {
        /// The stage.
        stage: Arc<str>,
        /// What it received.
        received: u64,
        /// The sum of received over its input edges.
        edges: u64,
    },
    /// A stage emitted another number of items than its output edges carried.
    StageOutput {
        /// The stage.
        stage: Arc<str>,
        /// What it emitted.
        emitted: u64,
        /// The sum of sent over its output edges, 0 without any.
        edges: u64,
    },
    /// A stage's shares sum neither to 1 nor are they all 0.
    StageShares {
        /// The stage.
        stage: Arc<str>,
        /// Their sum.
        sum: f64,
    },
    /// An edge's items are not accounted for.
    EdgeItems {
        /// The stage that sends.
        from: Arc<str>,
        /// The stage that receives.
        to: Arc<str>,
        /// The input's number at `to`.
        port: u32,
        /// What was sent.
        sent: u64,
        /// received + discarded.
        accounted: u64,
    },
    /// An edge had more in flight than its window.
    Window {
        /// The stage that sends.
        from: Arc<str>,
        /// The stage that receives.
        to: Arc<str>,
        /// The input's number at `to`.
        port: u32,
        /// The edge's window.
        window: usize,
        /// The most that was in flight.
        most_in_flight: u64,
    },
    /// An edge begins or ends at a stage that has no row, so that its items balance with nothing.
    UnknownEnd {
        /// The stage that sends.
        from: Arc<str>,
        /// The stage that receives.
        to: Arc<str>,
        /// The input's number at `to`.
        port: u32,
        /// The one of the two that has no row.
        unknown: Arc<str>,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StageItems {
                stage,
                received,
                accounted,
            } => write!(
                f,
                "stage `{stage}` received {received}, passed + failed + discarded + held is {accounted}"
            ),
            Self::Held { stage, held } => {
                write!(f, "stage `{stage}` is not stuck, held is {held}")
            }
            Self::StageInput {
                stage,
                received,
                edges,
            } => write!(
                f,
                "stage `{stage}` received {received}, its input edges gave {edges}"
            ),
            Self::StageOutput {
                stage,
                emitted,
                edges,
            } => write!(
                f,
                "stage `{stage}` emitted {emitted}, its output edges were sent {edges}"
            ),
            Self::StageShares { stage, sum } => {
                write!(f, "stage `{stage}` has shares that sum to {sum}")
            }
            Self::EdgeItems {
                from,
                to,
                port,
                sent,
                accounted,
            } => write!(
                f,
                "edge `{from}` -> `{to}` port {port} was sent {sent}, received + discarded is {accounted}"
            ),
            Self::Window {
                from,
                to,
                port,
                window,
                most_in_flight,
            } => write!(
                f,
                "edge `{from}` -> `{to}` port {port} had {most_in_flight} in flight, its window is {window}"
            ),
            Self::UnknownEnd {
                from,
                to,
                port,
                unknown,
            } => write!(
                f,
                "edge `{from}` -> `{to}` port {port} names `{unknown}`, which is no stage of the report"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_1_an_imbalance_lists_every_violated_sum_with_its_values() {
        let items = Violation::StageItems {
            stage: "digest/2".into(),
            received: 10,
            accounted: 9,
        };
        let window = Violation::Window {
            from: "a".into(),
            to: "b".into(),
            port: 1,
            window: 64,
            most_in_flight: 65,
        };
        assert_eq!(
            Imbalance::new(vec![items, window]).to_string(),
            "the report does not balance: \
             stage `digest/2` received 10, passed + failed + discarded + held is 9; \
             edge `a` -> `b` port 1 had 65 in flight, its window is 64"
        );
    }
}
