//! A service's tree: supervisors of actors, flows and further supervisors. Rules 5 and 6.

mod cast;
#[path = "../it/kit/mod.rs"]
#[allow(dead_code, unused_imports, reason = "one kit, several targets")]
mod kit;

mod bad_input;
mod blame;
mod ending;
mod hooks;
mod logged;
mod lost;
mod restart;
mod strategy;
mod tree;
