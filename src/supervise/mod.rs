//! Supervisors move: `Stop` goes down to every stage, guards answer up when an actor is gone.

mod ending;
mod flow_plan;
mod flow_state;
mod forsaken;
mod history;
mod notice;
mod order;
mod outcome;
mod recovery;
mod restart;
mod runner;
mod stage_state;
mod supervisor;
mod watch;

pub(crate) use ending::{Ending, Level, Patience};
pub(crate) use flow_plan::{FlowEdge, FlowPlan};
pub(crate) use flow_state::{FlowState, Lifeline};
pub(crate) use forsaken::{Forsaken, carry_out_end};
pub(crate) use history::History;
pub(crate) use order::{Line, Order};
pub(crate) use outcome::Outcome;
pub(crate) use recovery::Recoveries;
pub use restart::{Directive, RestartPolicy, Strategy};
pub(crate) use runner::{Guard, Keeper, Presence, run_on, start};
pub(crate) use stage_state::{StageSpec, StageState, Supervision, Wait};
pub(crate) use supervisor::{Supervisor, Tell};
pub(crate) use watch::{Watch, Watched};
