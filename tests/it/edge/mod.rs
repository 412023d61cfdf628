//! Rules 2.1 to 2.8: edges.

mod credit;
mod ends;
mod order;
mod random;
mod stall;
mod stall_free;
