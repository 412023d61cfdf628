//! The conformance kit, run against every source, stage and sink of the library, and against parts
//! that are wrong on purpose.

mod sinks;
mod sources;
mod stages;
mod sums;
mod wrong;
mod wrong_sinks;
mod wrong_sources;
mod wrong_stages;
