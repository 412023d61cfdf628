//! Rules 1.1 to 1.10: contexts.

mod after_done;
mod deadline;
mod done;
mod race;
mod roots;
mod tree;
mod values;

use actix_flow::{Cause, FlowContext};

use crate::kit::{LIMIT, within};

fn reason(ctx: &FlowContext) -> String {
    ctx.cause().map_or("none".into(), |cause| cause.to_string())
}

fn hit_its_deadline(ctx: &FlowContext) -> bool {
    is_deadline(ctx.cause().as_ref())
}

fn is_deadline(cause: Option<&Cause>) -> bool {
    matches!(cause, Some(Cause::DeadlineExceeded))
}
