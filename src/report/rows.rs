//! The rows of a report: what one stage did, what one edge carried.

use std::sync::Arc;

use crate::context::Cause;

/// What one stage of a flow did: its items, its turns, and where its time went.
///
/// Items are counted once each, by what became of them: in a finished flow `received = passed +
/// failed + discarded + held`. A composite has a row per part and one summed row, in which every
/// count is the sum over the parts: an item that passes three parts is counted by each of them.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::from_iter(1..=6u64).filter(|n| n % 3 == 0).named("thirds").drain();
/// let report = flow.run(&FlowContext::background())?.wait().await?.report;
/// let thirds: &StageReport = report.stage("thirds").expect("it is in the flow");
/// assert_eq!((thirds.received, thirds.passed, thirds.emitted), (6, 6, 2));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StageReport {
    /// The stage's name, unique in its flow.
    pub name: Arc<str>,
    /// The verb that made the stage, as `map`; on a summed row that of the first part.
    pub verb: &'static str,
    /// The composite that this stage is a part of.
    pub part_of: Option<Arc<str>>,
    /// Whether this is the summed row of a composite, not a stage of its own.
    pub summed: bool,
    /// Items that its logic took from the queue; for the source of an inlet those it accepted.
    pub received: u64,
    /// Items that its logic took without error and whose outputs were all placed; items filtered
    /// out or kept as state count too.
    pub passed: u64,
    /// Items whose logic returned an error or panicked, once each however often retried.
    pub failed: u64,
    /// Items taken whose outputs were not all placed when the ending came.
    pub discarded: u64,
    /// Items that a stuck stage still holds; 0 for every other stage of a finished flow.
    pub held: u64,
    /// Items that it sent, over all of its output edges.
    pub emitted: u64,
    /// Messages in which it sent them.
    pub batches: u64,
    /// Stretches of work, after each of which it yielded.
    pub turns: u64,
    /// Failures after which it went on: by a resume, a restart or a retry. One in whose backoff it was
    /// ended is none of these, nor is one after which its state or its factory kept it from going on.
    pub recovered: u64,
    /// Where its time went.
    pub shares: Shares,
    /// Why it ended; `None` while it lives. On a summed row the first ending of a part that was not
    /// a success, else that of the last part; `None` while any part lives.
    pub ending: Option<Cause>,
    /// Shares of several stages cannot be added up, the time behind them can.
    nanos: StageNanos,
}

/// The item counts of one stage, as read from its counters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StageCounts {
    pub(crate) received: u64,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) discarded: u64,
    pub(crate) held: u64,
    pub(crate) emitted: u64,
    pub(crate) batches: u64,
    pub(crate) turns: u64,
    pub(crate) recovered: u64,
}

/// Nanoseconds that one stage spent in each state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StageNanos {
    pub(crate) busy: u64,
    pub(crate) starved: u64,
    pub(crate) blocked: u64,
    pub(crate) waiting: u64,
    pub(crate) queued: u64,
}

impl StageNanos {
    /// As floats from the start: the sum of five totals need not fit into a `u64`.
    fn total(&self) -> f64 {
        [
            self.busy,
            self.starved,
            self.blocked,
            self.waiting,
            self.queued,
        ]
        .iter()
        .map(|&nanos| nanos as f64)
        .sum()
    }

    fn add(&mut self, other: &Self) {
        // Thousands of parts over weeks come near the end of a u64; a full one must not panic.
        self.busy = self.busy.saturating_add(other.busy);
        self.starved = self.starved.saturating_add(other.starved);
        self.blocked = self.blocked.saturating_add(other.blocked);
        self.waiting = self.waiting.saturating_add(other.waiting);
        self.queued = self.queued.saturating_add(other.queued);
    }
}

impl StageReport {
    pub(crate) fn new(
        name: Arc<str>,
        verb: &'static str,
        part_of: Option<Arc<str>>,
        counts: StageCounts,
        nanos: StageNanos,
        ending: Option<Cause>,
    ) -> Self {
        Self {
            name,
            verb,
            part_of,
            summed: false,
            received: counts.received,
            passed: counts.passed,
            failed: counts.failed,
            discarded: counts.discarded,
            held: counts.held,
            emitted: counts.emitted,
            batches: counts.batches,
            turns: counts.turns,
            recovered: counts.recovered,
            shares: Shares::of(&nanos),
            ending,
            nanos,
        }
    }

    /// The summed row of a composite, with its first part in it.
    pub(super) fn composite(name: Arc<str>, first: &Self) -> Self {
        Self {
            name,
            part_of: None,
            summed: true,
            ..first.clone()
        }
    }

    /// Adds a further part to a summed row.
    pub(super) fn add(&mut self, part: &Self) {
        self.received += part.received;
        self.passed += part.passed;
        self.failed += part.failed;
        self.discarded += part.discarded;
        self.held += part.held;
        self.emitted += part.emitted;
        self.batches += part.batches;
        self.turns += part.turns;
        self.recovered += part.recovered;
        self.nanos.add(&part.nanos);
        self.shares = Shares::of(&self.nanos);
        self.ending = match (self.ending.take(), &part.ending) {
            (Some(so_far), Some(next)) if so_far.is_success() => Some(next.clone()),
            (Some(so_far), Some(_)) => Some(so_far),
            _ => None,
        };
    }

    /// The share of its time that the stage itself took: busy + waiting, 0 if it never ran.
    pub(super) fn load(&self) -> f64 {
        // One division of sums: adding the two shares rounds twice, and equal loads would differ.
        fraction(
            self.nanos.busy as f64 + self.nanos.waiting as f64,
            self.nanos.total(),
        )
    }
}

/// Where the time of a stage went, as fractions that sum to 1, or all 0 if it never ran.
///
/// # Examples
///
/// ```
/// use actix_flow::StageReport;
///
/// /// Whether a stage would be faster with more workers, not with a faster source.
/// fn is_limit(row: &StageReport) -> bool {
///     row.shares.busy + row.shares.waiting > row.shares.starved + row.shares.blocked
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Shares {
    /// Its logic ran.
    pub busy: f64,
    /// It had no input.
    pub starved: f64,
    /// It had no credit: its consumers allowed no more.
    pub blocked: f64,
    /// It waited for futures or timers of its own.
    pub waiting: f64,
    /// It was ready, and its thread was taken by others.
    pub queued: f64,
}

impl Shares {
    fn of(nanos: &StageNanos) -> Self {
        let total = nanos.total();
        let share = |part: u64| fraction(part as f64, total);
        Self {
            busy: share(nanos.busy),
            starved: share(nanos.starved),
            blocked: share(nanos.blocked),
            waiting: share(nanos.waiting),
            queued: share(nanos.queued),
        }
    }

    pub(super) fn sum(&self) -> f64 {
        self.busy + self.starved + self.blocked + self.waiting + self.queued
    }
}

fn fraction(part: f64, total: f64) -> f64 {
    if total > 0.0 { part / total } else { 0.0 }
}

/// What one edge of a flow carried.
///
/// In a finished flow `sent = received + discarded`, and `most_in_flight` never exceeds `window`.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::from_iter(1..=6u64).count().named("total").window(2);
/// let report = flow.run(&FlowContext::background())?.wait().await?.report;
/// let edge = &report.edges()[0];
/// assert_eq!((&*edge.to, edge.sent, edge.received), ("total", 6, 6));
/// assert!(edge.most_in_flight <= 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EdgeReport {
    /// The stage that sends.
    pub from: Arc<str>,
    /// The stage that receives.
    pub to: Arc<str>,
    /// The number of this input at the stage that receives, from 0.
    pub port: u32,
    /// The most items that may be in flight.
    pub window: usize,
    /// Items that the sender put on the edge.
    pub sent: u64,
    /// Items that the receiver's logic took from it.
    pub received: u64,
    /// Items dropped on it, because the ending came before the receiver took them.
    pub discarded: u64,
    /// The most items that were in flight: sent, their credit not yet returned.
    pub most_in_flight: u64,
    /// The most that the items in flight may weigh, where the edge is bounded by weight.
    pub max_weight: Option<usize>,
    /// The most that the items in flight weighed, where the edge is bounded by weight.
    pub most_weight: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(nanos: StageNanos, ending: Option<Cause>) -> StageReport {
        let counts = StageCounts {
            received: 5,
            passed: 4,
            failed: 1,
            emitted: 4,
            batches: 2,
            turns: 3,
            ..StageCounts::default()
        };
        let composite = Some("digest".into());
        StageReport::new("digest/1".into(), "map", composite, counts, nanos, ending)
    }

    #[test]
    fn r7_5_shares_sum_to_one() {
        for nanos in [[1, 2, 3, 4, 5], [0, 0, 7, 0, 0], [u64::MAX; 5]] {
            let [busy, starved, blocked, waiting, queued] = nanos;
            let shares = Shares::of(&StageNanos {
                busy,
                starved,
                blocked,
                waiting,
                queued,
            });
            assert!((shares.sum() - 1.0).abs() < 1e-12, "{shares:?}");
        }
    }

    #[test]
    fn r7_5_shares_of_a_stage_that_never_ran_are_all_zero() {
        assert_eq!(Shares::of(&StageNanos::default()), Shares::default());
    }

    #[test]
    fn r7_5_shares_of_a_summed_row_weigh_its_parts_by_their_time() {
        let long = StageNanos {
            busy: 900,
            ..StageNanos::default()
        };
        let short = StageNanos {
            starved: 100,
            ..StageNanos::default()
        };
        let mut sum = StageReport::composite("digest".into(), &part(long, None));
        sum.add(&part(short, None));
        assert_eq!((sum.shares.busy, sum.shares.starved), (0.9, 0.1));
    }

    #[test]
    fn r7_1_a_summed_row_adds_up_every_count() {
        let one = part(StageNanos::default(), None);
        let mut sum = StageReport::composite("digest".into(), &one);
        sum.add(&one);
        sum.add(&one);
        assert_eq!((&*sum.name, sum.summed), ("digest", true));
        assert_eq!((sum.received, sum.passed, sum.failed), (15, 12, 3));
        assert_eq!((sum.discarded, sum.held, sum.emitted), (0, 0, 12));
        assert_eq!((sum.batches, sum.turns), (6, 9));
    }

    fn summed_ending<const N: usize>(endings: [Option<Cause>; N]) -> Option<String> {
        let mut parts = endings
            .into_iter()
            .map(|ending| part(StageNanos::default(), ending));
        let first = parts.next().expect("at least one part");
        let mut sum = StageReport::composite("digest".into(), &first);
        parts.for_each(|part| sum.add(&part));
        sum.ending.map(|ending| ending.to_string())
    }

    #[test]
    fn a_summed_row_ends_with_the_first_part_that_did_not_succeed() {
        let endings = [Cause::Completed, Cause::Quit, Cause::DeadlineExceeded];
        assert_eq!(summed_ending(endings.map(Some)), Some("quit".to_owned()));
        let endings = [Cause::Completed, Cause::Closed];
        assert_eq!(summed_ending(endings.map(Some)), Some("closed".to_owned()));
    }

    #[test]
    fn a_summed_row_lives_while_any_part_does() {
        assert_eq!(summed_ending([Some(Cause::Quit), None]), None);
        assert_eq!(summed_ending([None, Some(Cause::Quit)]), None);
    }
}
