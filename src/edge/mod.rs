//! Edges: the bounded links between stages, and the credit that bounds them.

mod activity;
mod demand;
mod home;
mod in_port;
mod link;
mod message;
mod out_port;
mod spare;
mod terms;
mod weight;

pub(crate) use activity::Activity;
pub(crate) use demand::{Credit, Grant, Grants};
pub(crate) use home::Home;
pub(crate) use in_port::{InEnd, InPort, UpLink};
pub(crate) use link::Link;
pub(crate) use message::{Ask, Demand, Dispatch, Downstream, Feed, Port, Signal, Upstream};
pub(crate) use out_port::{OutEnd, OutPort};
use spare::Spare;
pub use terms::DeadLetter;
pub(crate) use terms::Terms;
use weight::Weight;
