//! Rules 7: every item is counted, whatever the ending. Random flows are in `tests/chaos`.

#![allow(
    clippy::unwrap_used,
    reason = "what helps a test may panic as a test may"
)]

mod sums;
