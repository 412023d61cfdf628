//! Supervisors move: `Stop` goes down to every stage, guards answer up when an actor is gone.

mod ending;
mod flow_state;
mod forsaken;
mod order;
mod restart;
mod runner;
mod stage_state;
mod supervisor;
mod watch;

pub(crate) use ending::{Ending, Level, Patience};
pub(crate) use flow_state::{FlowEdge, FlowPlan, FlowState, Lifeline};
pub(crate) use order::{Line, Order};
pub(crate) use restart::History;
pub use restart::{Directive, RestartPolicy, Strategy};
pub(crate) use runner::{Guard, Presence, start};
pub(crate) use stage_state::{StageSpec, StageState, Wait};
pub(crate) use supervisor::{Supervisor, Tell};
pub(crate) use watch::Watch;
