//! What becomes of stages that fail: rules 6.2 to 6.5, and where lost items go.

#[path = "../it/kit/mod.rs"]
#[allow(dead_code, unused_imports, reason = "one kit, several targets")]
mod kit;

mod backoff;
mod copies;
mod crowded;
mod directives;
mod letters;
mod refusals;
mod retry;
mod strategy;
mod weight;
