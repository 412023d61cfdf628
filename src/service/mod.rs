//! A service's tree: supervisors that own flows, users' own actors and further supervisors.
//!
//! A child is what can be started again and again and told to stop; one supervisor actor decides
//! about all of its children, by the same policies as that of a flow.

mod actor_child;
mod child;
mod child_spec;
mod control;
mod error;
mod flow_child;
mod front;
mod handle;
mod judge;
mod life;
mod nested_child;
mod roster;
mod start;
mod state;
mod supervisor;
mod supervisor_spec;
mod tree;
mod turns;

pub use child_spec::ChildSpec;
pub use control::SupervisorControl;
pub use error::{SupervisorError, UnknownChild};
pub use handle::{FlowSupervisor, SupervisorWait};
pub use roster::ChildState;
pub use supervisor_spec::SupervisorSpec;
pub use tree::{Tree, TreeRow};
