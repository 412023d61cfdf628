//! What tests of your own flows and stages are made with: cargo feature `testing`.
//!
//! * Use [`Source::probe`] and [`Source::into_probe`] if you want to play what is before or behind
//!   a stage by hand, with the demand you choose.
//! * Use [`system`], [`TestSystem`] or [`PausedSystem`] if you want waiting to cost no time.
//! * Use [`LeakCheck`] if you want a test to fail that leaves something alive, or in which an actor
//!   panicked, and [`Census`] if you want to count items. [`system`] has a check of its own.
//! * Use [`schedules`] if you want a test to run in many orders, each of which can be replayed.
//! * Use [`conformance`] if you want to know whether a source, stage or sink of yours keeps the rules
//!   of edges.
//!
//! ```toml
//! [dev-dependencies]
//! actix-flow = { version = "0.1", features = ["testing"] }
//! ```
//!
//! # Examples
//!
//! ```
//! use actix_flow::prelude::*;
//! use actix_flow::testing;
//!
//! /// The stages to be tested.
//! fn parse(lines: Source<&'static str>) -> Source<u64> {
//!     lines.filter(|line| !line.is_empty()).try_map(str::parse)
//! }
//!
//! testing::system(|| async {
//!     let (lines, source) = Source::probe();
//!     let (numbers, flow) = parse(source).into_probe();
//!     let running = flow.run(&FlowContext::background()).expect("it starts");
//!
//!     numbers.request(2);
//!     lines.send_next("").await;
//!     lines.send_next("7").await;
//!     numbers.expect_next(7).await;
//!     lines.send_next("seven").await;
//!     let cause = numbers.expect_failed().await;
//!     assert!(cause.to_string().contains("invalid digit"));
//!     assert!(running.await.is_err());
//! });
//! ```
//!
//! [`Source::probe`]: crate::Source::probe
//! [`Source::into_probe`]: crate::Source::into_probe

mod census;
pub mod conformance;
mod expect;
mod leaks;
mod limit;
mod played_sink;
mod played_source;
mod schedules;
mod sink_probe;
mod source_probe;
mod system;

pub use census::{Census, Tracked};
pub use leaks::LeakCheck;
pub use schedules::schedules;
pub use sink_probe::SinkProbe;
pub use source_probe::SourceProbe;
pub use system::{PausedSystem, TestSystem, system};
