//! Context: what belongs to a request reaches every stage, and its end ends every flow under it.
//!
//! In Go's talk each call passes a `ctx` with the client's IP address, a session id and the node's
//! identifier, a cancel function and a deadline. Here `run` takes the context; factories of stages
//! see it; values are found by their type; the right to cancel is a handle of its own.
//!
//! ```text
//! cargo run --example context
//! ```
//!
//! Prints what a stage saw, and why two flows without an end came to one; fails if one of these
//! is another, or if the end of a request reached the node's own context:
//!
//! ```text
//! values: 192.0.2.7 session 42 on node-a: login
//! values: 192.0.2.7 session 42 on node-a: search
//! cancel: cancelled: the client hung up
//! deadline: deadline exceeded
//! node-a goes on
//! ```

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Duration;

use actix_flow::prelude::*;
use clap::Parser;

/// Shows the values, the cancel and the deadline of a context.
#[derive(Parser)]
struct Options {}

struct NodeId(&'static str);
struct ClientAddress(IpAddr);
struct SessionId(u64);

/// Who asks, as a stage finds it in the context it runs under.
fn caller(ctx: &FlowContext) -> Option<String> {
    let ClientAddress(address) = *ctx.value::<ClientAddress>()?;
    let SessionId(session) = *ctx.value::<SessionId>()?;
    let NodeId(node) = *ctx.value::<NodeId>()?;
    Some(format!("{address} session {session} on {node}"))
}

/// A flow that has no end of its own.
fn endless() -> Blueprint<u64> {
    Source::ticks(Duration::from_millis(1)).count()
}

/// Why a flow gave no value.
fn reason<R>(ended: Result<R, PipelineError>) -> Option<Cause> {
    ended.err()?.cause().cloned()
}

#[actix::main]
async fn main() -> Result<ExitCode, BoxError> {
    let Options {} = Options::parse();

    let node = FlowContext::background().with_value(NodeId("node-a"));
    let (request, cancel) = node
        .with_value(ClientAddress(Ipv4Addr::new(192, 0, 2, 7).into()))
        .with_value(SessionId(42))
        .with_cancel();

    let seen: Vec<String> = Source::from_iter(["login", "search"])
        .scan_with(caller, |caller, verb| {
            Some(format!("{}: {verb}", caller.as_deref()?))
        })
        .named("audit")
        .collect()
        .run(&request)?
        .await?;
    for line in &seen {
        writeln!(io::stdout(), "values: {line}")?;
    }

    let flow = endless().run(&request)?;
    cancel.cancel("the client hung up");
    let cancelled = reason(flow.await);
    if let Some(cause) = &cancelled {
        writeln!(io::stdout(), "cancel: {cause}")?;
    }

    let (query, _cancel) = node.with_timeout(Duration::from_millis(50));
    let expired = reason(endless().run(&query)?.await);
    if let Some(cause) = &expired {
        writeln!(io::stdout(), "deadline: {cause}")?;
    }
    if !node.is_done() {
        writeln!(io::stdout(), "node-a goes on")?;
    }

    let values = ["login", "search"].map(|verb| format!("192.0.2.7 session 42 on node-a: {verb}"));
    let right = seen == values
        && matches!(cancelled, Some(Cause::Cancelled(why)) if &*why == "the client hung up")
        && matches!(expired, Some(Cause::DeadlineExceeded))
        && !node.is_done();
    Ok(if right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
