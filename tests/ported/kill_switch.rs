//! Akka Streams' `KillSwitch`:
//! https://github.com/akka/akka-core/blob/main/akka-stream-tests/src/test/scala/akka/stream/scaladsl/FlowKillSwitchSpec.scala
//!
//! The switch of one stream is its `Control`: shutdown is close, abort is cancel. The switch that several
//! share is the context that they run under, or the control of one flow of many chains.

use actix_flow::prelude::*;
use futures::{StreamExt, poll};

use crate::kit::{finished, settle, system, within};

struct Probe<T> {
    upstream: Inlet<T>,
    downstream: Outlet<T>,
}

fn probe<T: Send + 'static>(ctx: &FlowContext) -> Probe<T> {
    let (upstream, source) = Source::inlet(4);
    let downstream = source.run_stream(ctx).expect("it starts");
    Probe {
        upstream,
        downstream,
    }
}

impl<T: Send + PartialEq + std::fmt::Debug + Clone + 'static> Probe<T> {
    fn switch(&self) -> Control {
        self.downstream.control().expect("it owns its flow")
    }

    async fn passes(&mut self, item: T) {
        let sent = self.upstream.send(item.clone()).await;
        assert!(sent.is_ok(), "the inlet is open");
        let passed = within("an item", self.downstream.next()).await;
        assert_eq!(passed.expect("it goes on").expect("it is well"), item);
    }

    async fn completes(mut self) {
        assert!(within("the end", self.downstream.next()).await.is_none());
        assert!(self.upstream.is_closed());
    }

    async fn fails(mut self) -> String {
        let last = within("the end", self.downstream.next()).await;
        let error = last.expect("the error comes first").expect_err("it failed");
        assert!(within("the end", self.downstream.next()).await.is_none());
        assert!(self.upstream.is_closed());
        error.cause().expect("it has a cause").to_string()
    }

    async fn goes_on(&mut self) {
        settle().await;
        assert!(poll!(self.downstream.next()).is_pending());
        assert!(!self.upstream.is_closed());
    }
}

// FlowKillSwitchSpec: "A UniqueKillSwitch must stop a stream if requested"
#[test]
fn close_stops_a_stream() {
    system(async {
        let mut stream = probe(&FlowContext::background());
        stream.passes(1).await;
        within("the close", stream.switch().close()).await;
        stream.completes().await;
    });
}

// FlowKillSwitchSpec: "A UniqueKillSwitch must fail a stream if requested"
#[test]
fn cancel_fails_a_stream() {
    system(async {
        let mut stream = probe(&FlowContext::background());
        stream.passes(1).await;
        within("the cancel", stream.switch().cancel("abort")).await;
        assert_eq!(stream.fails().await, "cancelled: abort");
    });
}

// FlowKillSwitchSpec: "A UniqueKillSwitch must work if used multiple times in a flow"
#[test]
fn one_stage_is_stopped_and_what_replaces_it_later() {
    system(async {
        let (upstream, source) = Source::inlet(4);
        let (_never, silence) = Source::inlet(4);
        let source = source.map(|n: i32| n).named("switch");
        let recovered = source.concat(Source::once(-1)).concat(silence);
        let mut downstream = recovered
            .run_stream(&FlowContext::background())
            .expect("it starts");
        let control = downstream.control().expect("it owns its flow");
        upstream.send(1).await.expect("the inlet is open");
        assert_eq!(
            downstream
                .next()
                .await
                .expect("an item")
                .expect("it is well"),
            1
        );

        within(
            "the quit",
            control.quit_stage("switch").expect("it is a stage"),
        )
        .await;
        assert!(upstream.is_closed());
        assert_eq!(
            downstream
                .next()
                .await
                .expect("an item")
                .expect("it is well"),
            -1
        );
        assert!(poll!(downstream.next()).is_pending());
        within("the close", control.close()).await;
        assert!(downstream.next().await.is_none());
    });
}

// FlowKillSwitchSpec: "A UniqueKillSwitch must ignore completion after already completed",
// "A SharedKillSwitches must ignore subsequent aborts and shutdowns after shutdown"
#[test]
fn what_comes_after_a_close_that_is_over_changes_nothing() {
    system(async {
        let (inlet, source) = Source::inlet(4);
        let flow = source
            .count()
            .run(&FlowContext::background())
            .expect("it starts");
        let control = flow.control();
        inlet.send(()).await.expect("the inlet is open");
        within("the close", control.close()).await;
        within("a close after", control.close()).await;
        within("a cancel after", control.cancel("late")).await;
        let finished = flow.wait().await.expect("it was closed");
        assert!(matches!(finished.ending, Cause::Closed));
        assert_eq!(finished.value, Some(1));
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches must stop a stream if requested",
// "provide flows that materialize to its owner KillSwitch"
#[test]
fn any_clone_of_a_control_is_the_switch_of_its_flow() {
    system(async {
        let mut stream = probe(&FlowContext::background());
        stream.passes(1).await;
        let clone = stream.switch().clone();
        within("the close", clone.close()).await;
        assert!(stream.switch().is_finished());
        stream.completes().await;
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches must fail a stream if requested"
#[test]
fn the_cancel_of_its_context_fails_a_stream() {
    system(async {
        let (ctx, switch) = FlowContext::background().with_cancel();
        let mut stream = probe(&ctx);
        stream.passes(1).await;
        switch.cancel("abort");
        assert_eq!(stream.fails().await, "cancelled: abort");
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches must pass through all elements unmodified"
#[test]
fn all_items_pass_below_a_switch_that_is_not_used() {
    system(async {
        let (ctx, _switch) = FlowContext::background().with_cancel();
        let flow = Source::from_iter(1..=100).collect::<Vec<_>>();
        let items = flow
            .run(&ctx)
            .expect("it starts")
            .await
            .expect("it completes");
        assert!(items.into_iter().eq(1..=100));
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches must provide a flow that if materialized multiple times (with
// multiple types) stops all streams if requested"
#[test]
fn close_stops_all_chains_of_a_flow_whatever_their_types() {
    system(async {
        let (numbers, first) = Source::inlet(4);
        let (texts, second) = Source::inlet(4);
        let flow = first
            .collect::<Vec<u32>>()
            .and(second.collect::<Vec<&str>>());
        let flow = flow.run(&FlowContext::background()).expect("it starts");
        numbers.send(1).await.expect("the inlet is open");
        texts.send("a").await.expect("the inlet is open");
        texts.send("b").await.expect("the inlet is open");
        within("the close", flow.control().close()).await;
        assert!(numbers.is_closed() && texts.is_closed());
        let value = flow.await.expect("it was closed");
        assert_eq!(value, (vec![1], vec!["a", "b"]));
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches must provide a flow that if materialized multiple times (with
// multiple types) fails all streams if requested"
#[test]
fn the_cancel_of_a_context_fails_all_its_streams_whatever_their_types() {
    system(async {
        let (ctx, switch) = FlowContext::background().with_cancel();
        let (mut numbers, mut texts) = (probe(&ctx), probe(&ctx));
        numbers.passes(1).await;
        texts.passes("a").await;
        texts.passes("b").await;
        switch.cancel("abort");
        assert_eq!(numbers.fails().await, "cancelled: abort");
        assert_eq!(texts.fails().await, "cancelled: abort");
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches must ignore subsequent aborts and shutdowns after abort"
#[test]
fn what_comes_after_a_cancel_changes_nothing() {
    system(async {
        let mut stream = probe(&FlowContext::background());
        stream.passes(1).await;
        let switch = stream.switch();
        within("the cancel", switch.cancel("abort")).await;
        within("a close after", switch.close()).await;
        within("a cancel after", switch.cancel("late")).await;
        assert_eq!(switch.snapshot().ending().to_string(), "cancelled: abort");
        assert_eq!(stream.fails().await, "cancelled: abort");
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches must complete immediately flows materialized after switch shutdown",
// "fail immediately flows materialized after switch failure"
#[test]
fn a_stream_below_a_used_switch_is_refused_with_its_cause() {
    system(async {
        let (ctx, switch) = FlowContext::background().with_cancel();
        switch.cancel("abort");
        let (upstream, source) = Source::<u32>::inlet(4);
        let refused = source.run_stream(&ctx).expect_err("the context is done");
        assert!(upstream.is_closed());
        let error = PipelineError::from(refused);
        assert_eq!(
            error.cause().expect("the context's").to_string(),
            "cancelled: abort"
        );
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches should not cause problems if switch is shutdown after Flow completed
// normally"
#[test]
fn a_switch_used_after_the_end_changes_nothing() {
    system(async {
        let (ctx, switch) = FlowContext::background().with_cancel();
        let flow = Source::from_iter(1..=10)
            .count()
            .run(&ctx)
            .expect("it starts");
        let control = flow.control();
        assert_eq!(flow.await.expect("it completes"), 10);
        within("a close after", control.close()).await;
        switch.cancel("late");
        settle().await;
        assert!(matches!(control.snapshot().ending(), Cause::Completed));
        assert_eq!(
            finished(Source::from_iter(1..=10).count()).await.value,
            Some(10)
        );
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches must not affect streams corresponding to another KillSwitch"
#[test]
fn a_switch_leaves_the_streams_of_another_alone() {
    system(async {
        let (first, switch_first) = FlowContext::background().with_cancel();
        let (second, switch_second) = FlowContext::background().with_cancel();
        let (mut one, mut two) = (probe(&first), probe(&second));
        one.passes(1).await;
        two.passes(2).await;
        switch_first.cancel("first");
        assert_eq!(one.fails().await, "cancelled: first");
        two.goes_on().await;
        switch_second.cancel("second");
        assert_eq!(two.fails().await, "cancelled: second");
    });
}

// FlowKillSwitchSpec: "A SharedKillSwitches must allow using multiple KillSwitch in one graph"
#[test]
fn each_input_of_a_merge_has_a_switch_of_its_own() {
    system(async {
        let (_left, left) = Source::<u32>::inlet(4);
        let (_right, right) = Source::<u32>::inlet(4);
        let merged = left.named("left").merge(right.named("right"));
        let mut downstream = merged
            .run_stream(&FlowContext::background())
            .expect("it starts");
        let control = downstream.control().expect("it owns its flow");
        settle().await;
        assert!(poll!(downstream.next()).is_pending());
        within(
            "the left",
            control.quit_stage("left").expect("it is a stage"),
        )
        .await;
        settle().await;
        assert!(poll!(downstream.next()).is_pending());
        within(
            "the right",
            control.quit_stage("right").expect("it is a stage"),
        )
        .await;
        assert!(within("the end", downstream.next()).await.is_none());
    });
}
