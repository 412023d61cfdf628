//! The tests of the rules, named by rule number.

mod context;
mod edge;
mod fan;
mod generator;
mod kit;
mod prelude;
mod remains;
mod rooms;
mod rules;
mod slice;
mod source;
mod verbs;
