//! Go's concurrency patterns on the actix actor framework.

mod context;

pub use context::{Cause, StalledNeed, StalledWait};
