//! Inputs that join and leave a merge hub.

use actix_flow::prelude::*;
use actix_rt::Arbiter;
use futures::StreamExt;

use crate::completed;
use crate::kit::{Census, failed, finished, quiet_panics, refusal, settle, system, until, within};

#[test]
fn r4_6_inputs_join_and_leave_a_running_fan_in() {
    system(async {
        let (hub, merged) = Source::merge_hub(4);
        let context = FlowContext::background();
        let mut outlet = merged.run_stream(&context).unwrap();
        for round in 0..3u64 {
            let first = Source::from_iter([round, 10 + round]).into_hub(&hub);
            let second = Source::once(20 + round).into_hub(&hub);
            let running = [first.run(&context).unwrap(), second.run(&context).unwrap()];
            assert_eq!(hub.inputs(), 2);
            let mut seen = Vec::new();
            for _ in 0..3 {
                let item = within("an item", outlet.next()).await.unwrap();
                seen.push(item.unwrap());
            }
            seen.sort_unstable();
            assert_eq!(seen, [round, 10 + round, 20 + round]);
            for input in running {
                let input = input.wait().await.unwrap();
                assert!(matches!(input.ending, Cause::Completed));
                input.report.check().unwrap();
            }
            assert_eq!(hub.inputs(), 0);
        }
        drop(hub);
        assert!(within("the end", outlet.next()).await.is_none());
    });
}

#[test]
fn r4_6_joining_a_closed_hub_is_refused_at_once() {
    system(async {
        let (hub, merged) = Source::merge_hub(4);
        let running = merged.count().run(&FlowContext::background()).unwrap();
        hub.close();
        hub.close();
        assert!(hub.is_closed());
        let census = Census::new();
        let refused = refusal(Source::once(census.item(1)).into_hub(&hub).named("late"));
        assert_eq!(refused.stage(), Some("late"));
        assert!(matches!(refused, StartError::HubClosed { .. }));
        assert_eq!(
            refused.to_string(),
            "stage `late` was to join a hub that is closed, or whose flow is over"
        );
        assert_eq!(running.await.unwrap(), 0);
        census.assert_none_alive();
    });
}

#[test]
fn r4_6_joining_a_hub_whose_flow_is_over_is_refused_at_once() {
    system(async {
        let (hub, merged) = Source::merge_hub(4);
        let first = merged.first().run(&FlowContext::background()).unwrap();
        let input = Source::from_iter(7..8u64).into_hub(&hub);
        finished(input).await;
        assert_eq!(first.await.unwrap(), Some(7));
        assert!(hub.is_closed());
        let refused = refusal(Source::once(8).into_hub(&hub));
        assert_eq!(refused.stage(), Some("into_hub-1"));
        assert_eq!(hub.inputs(), 0);
    });
}

#[test]
fn r4_6_a_flow_that_is_refused_by_one_hub_leaves_the_other() {
    system(async {
        let (open, merged) = Source::merge_hub(4);
        let (closed, _source) = Source::merge_hub(4);
        closed.close();
        let running = merged.count().run(&FlowContext::background()).unwrap();
        let both = Source::once(1)
            .into_hub(&open)
            .and(Source::once(2u64).into_hub(&closed));
        let refused = refusal(both);
        assert_eq!(refused.stage(), Some("into_hub-2"));
        assert_eq!(open.inputs(), 0);
        open.close();
        assert_eq!(running.await.unwrap(), 0);
    });
}

#[test]
fn r4_6_a_flow_that_cannot_be_started_has_not_joined() {
    quiet_panics();
    let (hub, _merged) = Source::merge_hub(4);
    let (news, _flow) = Source::once(1u64).broadcast_hub(4);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        // No actor can be spawned here, and that is found out last.
        let both = news.subscribe(Lag::Wait).into_hub(&hub);
        assert!(matches!(refusal(both), StartError::NoRuntime));
    });
    assert_eq!((hub.inputs(), news.subscribers()), (0, 0));
}

#[test]
fn r5_6_nothing_of_an_input_or_a_subscriber_is_left_in_memory_while_its_hub_lives() {
    system(async {
        let (hub, merged) = Source::merge_hub(4);
        let (news, flow) = merged.broadcast_hub(4);
        let running = flow.run(&FlowContext::background()).unwrap();
        let names = ["input", "reader"].map(std::sync::Arc::<str>::from);
        let [input, reader] = names.clone();
        let reads = news.subscribe(Lag::Wait).named(reader).take(3).count();
        let reads = reads.run(&FlowContext::background()).unwrap();
        finished(Source::from_iter(0..3u64).into_hub(&hub).named(input)).await;
        assert_eq!(completed("the reader", reads).await, 3);
        for name in &names {
            let count = || std::sync::Arc::strong_count(name);
            until(&format!("`{name}` to be free"), || count() == 1).await;
        }
        hub.close();
        completed("the room", running).await;
    });
}

#[test]
fn r4_6_an_input_has_joined_when_run_returns() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(4);
        let running = merged.count().run(&context).unwrap();
        let input = Source::from_iter(0..1000u64).into_hub(&hub).run(&context);
        // Nothing of the input has had a turn yet.
        hub.close();
        assert_eq!(completed("the hub", running).await, 1000);
        input.unwrap().await.unwrap();
    });
}

#[test]
fn r4_6_a_blueprint_that_was_not_run_keeps_its_hub_open() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(4);
        let running = merged.count().run(&context).unwrap();
        let later = Source::from_iter(0..10u64).into_hub(&hub);
        let never = Source::from_iter(0..10u64).into_hub(&hub);
        drop(hub);
        settle().await;
        assert!(!running.control().is_finished());
        finished(later).await;
        settle().await;
        assert!(!running.control().is_finished());
        drop(never);
        assert_eq!(completed("the hub", running).await, 10);
    });
}

#[test]
fn r4_6_inputs_join_from_other_threads() {
    system(async {
        let census = Census::new();
        let (hub, merged) = Source::merge_hub(8);
        let running = merged.fold(0, |sum, item: crate::kit::Item| sum + item.number);
        let running = running.run(&FlowContext::background()).unwrap();
        let arbiters: Vec<_> = (0..3).map(|_| Arbiter::new()).collect();
        let mut results = Vec::new();
        for (arbiter, n) in arbiters.iter().zip(1..) {
            let (hub, census) = (hub.clone(), census.clone());
            let (done, result) = tokio::sync::oneshot::channel();
            arbiter.spawn(async move {
                let items = Source::from_iter(0..1000).map(move |_| census.item(n));
                let _ = done.send(finished(items.into_hub(&hub)).await.report);
            });
            results.push(result);
        }
        drop(hub);
        for result in results {
            let report = within("an input", result).await.unwrap();
            assert_eq!(report.stage("into_hub-1").unwrap().passed, 1000);
        }
        assert_eq!(completed("the hub", running).await, 6000);
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
        census.assert_none_alive();
    });
}

#[test]
fn r4_1_a_hub_keeps_the_order_of_each_input() {
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(3);
        let all = merged.collect::<Vec<_>>().run(&context).unwrap();
        for input in 0..5u64 {
            let items = Source::from_iter((0..200u64).map(move |n| (input, n)));
            let window = [1, 7, 300][usize::try_from(input % 3).unwrap()];
            items
                .into_hub(&hub)
                .window(window)
                .run(&context)
                .unwrap()
                .detach();
        }
        drop(hub);
        let all = completed("the hub", all).await;
        for input in 0..5 {
            let of_input = all.iter().filter(|(from, _)| *from == input);
            assert!(of_input.map(|(_, n)| *n).eq(0..200), "input {input}");
        }
    });
}

#[test]
fn r4_4_a_failed_input_ends_only_itself() {
    quiet_panics();
    system(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(4);
        let running = merged.collect::<Vec<_>>().run(&context).unwrap();
        let panics = Source::from_iter(0..10u64).map(|n| match n {
            3 => panic!("expected: three"),
            n => n,
        });
        let errs = Source::from_iter(0..10u64).try_map(|_| Err::<u64, _>("no"));
        failed(panics.into_hub(&hub).run(&context).unwrap()).await;
        failed(errs.into_hub(&hub).run(&context).unwrap()).await;
        let cancelled = Source::repeat_with(|| 50u64)
            .take(1)
            .concat(Source::inlet(1).1);
        assert_eq!((hub.failed(), hub.inputs()), (2, 0));
        finished(cancelled.into_hub(&hub)).await;
        finished(Source::once(100).into_hub(&hub)).await;
        assert_eq!(hub.failed(), 2);
        drop(hub);
        let done = running.wait().await.unwrap();
        done.report.check().unwrap();
        let items = done.value.unwrap();
        assert!(items.ends_with(&[50, 100]), "{items:?}");
    });
}

#[test]
fn r4_5_a_hub_with_no_input_completes_when_none_can_come() {
    system(async {
        let (hub, merged) = Source::<u64>::merge_hub(4);
        let closed = merged.count().run(&FlowContext::background()).unwrap();
        settle().await;
        assert!(!closed.control().is_finished());
        hub.close();
        assert_eq!(completed("the close", closed).await, 0);
        let (hub, merged) = Source::<u64>::merge_hub(4);
        let dropped = merged.count().run(&FlowContext::background()).unwrap();
        let clone = hub.clone();
        drop(hub);
        settle().await;
        assert!(!dropped.control().is_finished());
        drop(clone);
        assert_eq!(completed("the drop", dropped).await, 0);
    });
}

#[test]
fn r2_8_a_hub_that_waits_for_inputs_and_an_input_that_waits_for_its_hub_are_no_stall() {
    crate::kit::paused(async {
        let context = FlowContext::background();
        let (hub, merged) = Source::merge_hub(1);
        let waiting = merged.count().run(&context).unwrap();
        let (unread, not_run) = Source::merge_hub(1);
        let blocked = Source::from_iter(0..10u64)
            .into_hub(&unread)
            .run(&context)
            .unwrap();
        until("the cap", || unread.waiting() == 1).await;
        tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
        assert!(!waiting.control().is_finished() && !blocked.control().is_finished());
        drop(not_run);
        let blocked = within("the input", blocked.wait()).await.unwrap();
        blocked.report.check().unwrap();
        finished(Source::once(1).into_hub(&hub)).await;
        drop(hub);
        assert_eq!(waiting.await.unwrap(), 1);
    });
}
