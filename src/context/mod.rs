//! Contexts mark: values, deadlines and the done mark, shared by every thread of a flow.
//!
//! A context is data. It runs nothing and costs no task: whoever works under it looks at its mark,
//! waits for it, or leaves a callback with it.

mod after_done;
mod callback;
mod cause;
mod done;
mod flow_context;
mod handle;
mod links;
mod node;
mod panics;
mod roots;
mod runtime;
mod test_scope;
#[cfg(test)]
mod tests;
mod values;

pub use after_done::AfterDone;
pub use cause::{BoxError, Cause, StalledNeed, StalledWait};
pub use done::Done;
pub use flow_context::FlowContext;
pub use handle::{CancelHandle, CancelOnDrop};
pub use runtime::NoRuntime;

pub(crate) use panics::{discard_payload, drop_caught, drop_caught_by, drop_each, panic_text};
pub(crate) use test_scope::Part;
#[cfg(feature = "testing")]
pub(crate) use test_scope::{Entered, TestScope};
