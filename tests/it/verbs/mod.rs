//! Every verb, every attribute, and what happens on bad input.

mod attributes;
mod batches;
mod build;
mod concurrent;
mod extremes;
mod inlet;
mod maps;
mod outlet;
mod panics;
mod refusals;
mod runtimes;
mod sinks;
