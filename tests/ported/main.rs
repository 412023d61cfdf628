//! Cases that others wrote first, for their own libraries, held against this one.
//!
//! Each case is told anew, in our words, with the address of the origin's above it. `tests/PORTED.md`
//! is the table of them, with the reason for each that was left out.

#[path = "../it/kit/mod.rs"]
#[allow(dead_code, unused_imports, reason = "one kit, several targets")]
mod kit;

mod broadway;
mod cancellation_token;
mod conc;
mod errgroup;
mod genstage_demand;
mod genstage_dispatch;
mod go_after_done;
mod go_causes;
mod go_channels;
mod go_context;
mod go_programs;
mod go_search;
mod go_subscription;
mod kameo_supervision;
mod kill_switch;
mod map_async;
mod map_async_failures;
mod table;
mod task_tracker;
