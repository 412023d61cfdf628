//! Contexts mark: values, deadlines and the done mark, shared by every thread of a flow.

mod cause;

pub use cause::{Cause, StalledNeed, StalledWait};
