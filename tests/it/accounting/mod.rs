//! Rules 7: every item is counted, whatever the ending.

#![allow(
    clippy::unwrap_used,
    reason = "what helps a test may panic as a test may"
)]

mod end;
mod fault;
mod moment;
mod random;
mod rng;
mod shape;
mod sums;
