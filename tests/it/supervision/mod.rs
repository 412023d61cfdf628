//! Rules 6.1 and 6.6: a panic is a cause, and nobody waits for the dead.

#![allow(
    clippy::unwrap_used,
    reason = "what helps a test may panic as a test may"
)]

mod bomb;
mod lost;
mod panic;
