//! The report: what went in, came out, was discarded and failed, per stage and per edge.
//!
//! A [`Report`] holds one [`StageReport`] per stage, one [`EdgeReport`] per edge and a summed row
//! per composite. Its numbers are counted where things happen, none is the remainder of others, so
//! that [`Report::check`] can compare them: an item that got lost shows as an [`Imbalance`].
//! [`Report::bottleneck`] names the stage that limits the flow, and `Display` prints all of it as
//! a table.
//!
//! ```
//! use actix_flow::{Imbalance, Report};
//!
//! /// One line for the log of a finished flow.
//! fn summary(report: &Report) -> Result<String, Imbalance> {
//!     report.check()?;
//!     let failed: u64 = report.stages().iter().filter(|row| !row.summed).map(|row| row.failed).sum();
//!     let slowest = report.bottleneck().map_or("none", |row| &row.name);
//!     Ok(format!("{}: {failed} failed, bottleneck {slowest}", report.ending()))
//! }
//! ```
//!
//! The files, each using only those before it: `rows` (the data), `imbalance` (what a check finds),
//! `check` (the sums, as functions of the rows), `summary` (the whole), `table` (the print).

mod check;
mod counters;
mod imbalance;
mod moment;
mod rows;
mod summary;
mod table;

pub(crate) use counters::{EdgeCounters, Spent, StageCounters};
pub(crate) use moment::Moment;
pub(crate) use rows::StageCounts;

pub use imbalance::{Imbalance, Violation};
pub use rows::{EdgeReport, Shares, StageReport};
pub use summary::Report;
