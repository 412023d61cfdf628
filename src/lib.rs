//! Go's concurrency patterns on the actix actor framework: flows of actors that are bounded,
//! supervised and can be cancelled, and that account for every item.
//!
//! A flow is a graph of stages. Each stage is an actor that passes messages to the next one, and
//! is allowed to send only what the next one asked for. One supervisor per flow starts the stages,
//! stops them, and knows when the last of them is gone.
//!
//! ```
//! use actix_flow::prelude::*;
//!
//! #[actix::main]
//! async fn main() -> Result<(), PipelineError> {
//!     let (ctx, _cancel) = FlowContext::background().with_cancel();
//!
//!     let total = Source::from_iter(1..=1_000u64)                // makes items on demand
//!         .map(|n| n * n).named("square")                        // one stage, one actor
//!         .map_parallel(4, |n| n.count_ones()).named("weigh")    // four workers, in order
//!         .fold(0, |sum, ones| sum + ones)                       // a sink: nothing runs yet
//!         .run(&ctx)?                                            // the actors start
//!         .await?;                                               // all of them are gone
//!     assert_eq!(total, (1..=1_000u64).map(|n| (n * n).count_ones()).sum());
//!     Ok(())
//! }
//! ```
//!
//! # Endings
//!
//! | verb | who calls it | where it travels | items in flight | its future is ready when |
//! |---|---|---|---|---|
//! | [close](Control::close) | the sending side: no more values | downstream, behind the data | all delivered | every stage has drained |
//! | [quit](Control::quit) | the receiving side or an operator: I need no more; of one stage, a group or all | from that stage up (stop producing) and down (no more items) | each stage asked finishes the call or the futures that run now, and discards its queue, counted; stages above are cancelled and discard theirs; stages below deliver what they got | the stages asked have cleaned up |
//! | [cancel](Control::cancel) | the holder of the context's handle, a deadline, a failed stage | from the supervisor down the tree | discarded and counted; a pending future is dropped at its await | every actor is gone |
//! | [abort](Control::abort) | who cannot wait for a stage's turn | at once | dropped and counted | the tasks are dropped |
//!
//! close < quit < cancel < abort: an ending can be raised and never lowered. One that takes longer
//! than its [`grace`](Blueprint::grace) or [`drain_within`](Blueprint::drain_within) rises by
//! itself. A [`Pipeline`] that is dropped cancels its flow.
//!
//! # Where to go next
//!
//! * Use [`Source::from_iter`], [`unfold`](Source::unfold) or [`generate`](Source::generate) if you
//!   want items to be made when they are asked for.
//! * Use [`Source::inlet`] if you want to send items in from other code.
//! * Use [`merge_hub`](Source::merge_hub) if flows are to join and leave a running one, and
//!   [`broadcast_hub`](Source::broadcast_hub) if its readers are.
//! * Use [`run_stream`](Source::run_stream) if you want to read a flow as a stream, as the body of
//!   a response.
//! * Use [`map`](Source::map) and its family if you want a stage of short, synchronous work, and
//!   [`stage_with`](Source::stage_with) if it has a state or logic of its own.
//! * Use [`map_async`](Source::map_async) if you want to wait for many things at once,
//!   [`ask`](Source::ask) if they are actors.
//! * Use [`map_parallel`](Source::map_parallel) if you want more than one processor,
//!   [`segmented`](Source::segmented) if each item is worth several, and
//!   [`map_blocking`](Source::map_blocking) if a call blocks.
//! * Use [`merge`](Source::merge), [`concat`](Source::concat), [`zip`](Source::zip) and
//!   [`merge_sorted`](Source::merge_sorted) if you want to join flows, and
//!   [`isolated`](Source::isolated) if one may fail without the others.
//! * Use [`broadcast`](Source::broadcast), [`partition`](Source::partition) or
//!   [`balance`](Source::balance) if you want to part one.
//! * Use [`FlowContext`] if you want deadlines, cancellation with a cause, and values that belong to
//!   a request.
//! * Use [`supervised`](Source::supervised) and [`RestartPolicy`] if a stage is to go on after a failure,
//!   and [`FlowSupervisor`] if you want flows, actors of your own and further supervisors in one tree.
//! * Use [`Control`] if you want to end a flow or a part of it from elsewhere, or to look at it.
//! * Use [`Report`] if you want to know what became of every item, and which stage is the slowest.
#![cfg_attr(
    feature = "testing",
    doc = "* Use [`testing`] if you want to test stages and flows of your own."
)]
#![cfg_attr(
    any(doc, doctest),
    doc = "* Read the [design] if you want to know the protocol and the rules."
)]
//!
//! # When not to use it
//!
//! * For work on items that are in memory already, with no one to wait for: that is rayon's.
//! * For a chain of adaptors in one task: a stream of the futures crate has no actors to pay for.
//! * For one queue between two tasks: that is a channel.
//! * For items that must survive a crash, or cross processes: that is a message broker.
//! * Outside of actix: a flow runs in an actix System, or in a tokio `LocalSet` with time enabled.
//!
//! # Limits
//!
//! * A closure that never returns holds its arbiter's thread; a flow that cannot end because of one
//!   is [`Cause::Stuck`] for those who wait on another thread. One of
//!   [`map_blocking`](Source::map_blocking) holds no arbiter, and all who wait see it.
//! * Awaiting a pipeline from one of its own stages never ends.
//! * A panic in an item's drop while another panic unwinds, and any panic under `panic = "abort"`,
//!   end the process.

mod context;
mod edge;
mod flow;
mod pipeline;
mod report;
mod service;
mod stage;
mod supervise;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(any(doc, doctest))]
pub mod design {
    #![doc = include_str!("../DESIGN.md")]
}

pub use context::{
    AfterDone, BoxError, CancelHandle, CancelOnDrop, Cause, Done, FlowContext, NoRuntime,
    StalledNeed, StalledWait,
};
pub use edge::DeadLetter;
pub use flow::{
    Blueprint, Branches, BroadcastHub, Inlet, InletError, Lag, MergeHub, Source, Stage, Yielder,
};
pub use pipeline::{
    Control, Ended, Finished, FlowGraph, Outlet, Pipeline, PipelineError, StartError, UnknownStage,
    Value, Wait,
};
pub use report::{EdgeReport, Imbalance, Report, Shares, StageReport, Violation};
pub use service::{
    ChildSpec, ChildState, FlowSupervisor, SupervisorControl, SupervisorError, SupervisorSpec,
    SupervisorWait, Tree, TreeRow, UnknownChild,
};
pub use supervise::{Directive, RestartPolicy, Strategy};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Everything that a program with flows needs, by one `use actix_flow::prelude::*`.
///
/// No name in it is one of `actix::prelude`, so that both can be imported:
///
/// ```
/// #![deny(ambiguous_glob_imports)]
///
/// use actix::prelude::*;
/// use actix_flow::prelude::*;
///
/// type Ours<S> = (
///     (AfterDone, CancelHandle, CancelOnDrop, Cause, Done, FlowContext, BoxError),
///     (Blueprint<u64>, Branches<u64>, Inlet<u64>, InletError<u64>, Source<u64>, Yielder<u64>),
///     (BroadcastHub<u64>, Lag, MergeHub<u64>),
///     (Control, Ended, Finished<u64>, FlowGraph, Outlet<u64>, Pipeline<u64>),
///     (PipelineError, StartError, UnknownStage, Report, StageReport),
///     (DeadLetter<u64>, Directive, RestartPolicy, Strategy),
///     (ChildSpec, ChildState, FlowSupervisor, SupervisorControl, SupervisorError, SupervisorSpec),
///     (Tree, TreeRow, UnknownChild),
///     fn() -> <S as Stage>::Out,
/// );
///
/// struct Counter;
///
/// impl Actor for Counter {
///     type Context = Context<Self>;
/// }
///
/// fn ours<S: Stage>(_: Option<Ours<S>>) -> Option<Addr<Counter>> {
///     None
/// }
/// ```
pub mod prelude {
    pub use crate::{
        AfterDone, Blueprint, BoxError, Branches, BroadcastHub, CancelHandle, CancelOnDrop, Cause,
        ChildSpec, ChildState, Control, DeadLetter, Directive, Done, Ended, Finished, FlowContext,
        FlowGraph, FlowSupervisor, Inlet, InletError, Lag, MergeHub, Outlet, Pipeline,
        PipelineError, Report, RestartPolicy, Source, Stage, StageReport, StartError, Strategy,
        SupervisorControl, SupervisorError, SupervisorSpec, Tree, TreeRow, UnknownChild,
        UnknownStage, Yielder,
    };
}
