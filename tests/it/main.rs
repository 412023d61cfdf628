//! The tests of the rules, named by rule number.

mod accounting;
mod context;
mod edge;
mod ending;
mod fan;
mod generator;
mod kit;
mod prelude;
mod remains;
mod rooms;
mod rules;
mod slice;
mod source;
mod supervision;
mod verbs;
