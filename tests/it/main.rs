//! The tests of the rules, named by rule number.

mod context;
mod kit;
mod prelude;
mod remains;
mod rooms;
mod rules;
mod slice;
mod source;
