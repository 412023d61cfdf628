//! The builder: sources, stages, branches and sinks put into blueprints that do not run yet.

mod batches;
mod blueprint;
mod branches;
mod broadcast_hub;
mod broadcaster;
mod concurrent;
mod fan_in;
mod generators;
mod graph;
mod hub;
mod inlet;
mod intake;
mod into_hub;
mod limits;
mod logic;
mod maps;
mod merge_hub;
mod own;
mod parallel;
mod segments;
mod sinks;
mod source;
mod subscribe;
mod supervised;
mod ticks;
mod workers;
mod yielder;

pub use blueprint::Blueprint;
pub use branches::Branches;
pub use broadcast_hub::BroadcastHub;
pub use inlet::{Inlet, InletError};
pub use merge_hub::MergeHub;
pub use own::Stage;
pub use source::Source;
pub use subscribe::Lag;
pub use yielder::Yielder;

pub(crate) use blueprint::{FlowAttrs, Take};
pub(crate) use graph::{Attrs, Composite, Graph, Kind, Node, Part, mailbox};
pub(crate) use hub::Hub;
