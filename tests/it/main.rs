//! The tests of the rules, named by rule number.

mod context;
mod kit;
mod remains;
mod slice;
