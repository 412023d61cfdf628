//! Stages: one generic actor, and the few kernels that it drives.

mod actor;
mod clock;
mod concurrent;
mod core;
mod fan_in;
mod fan_out;
mod generator;
mod handover;
mod held;
mod kernel;
mod launch;
mod logic;
mod out;
mod outlet_port;
mod pick;
mod results;
mod running;
mod schedule;
mod spin;
mod stretch;
mod unary;
mod zip;

pub(crate) use self::core::Core;
pub(crate) use actor::StageActor;
pub(crate) use clock::Clock;
pub(crate) use concurrent::{Conclude, Concurrent};
pub(crate) use fan_in::{FanIn, ROUTES, Route};
pub(crate) use fan_out::{FanOut, Policy};
pub(crate) use generator::{Accepted, Generator, Supplied, Supply};
pub(crate) use handover::{HandedOver, Handover};
pub(crate) use held::Held;
pub(crate) use kernel::{End, Inputs, Kernel, Outputs, Remake, Turn};
pub(crate) use launch::{Launch, launch};
pub(crate) use logic::Logic;
pub(crate) use out::{Out, Void};
pub(crate) use outlet_port::{Passage, Read};
pub(crate) use pick::Pick;
#[cfg(feature = "testing")]
pub(crate) use schedule::Scheduled;
pub(crate) use unary::Unary;
pub(crate) use zip::Zip;
