//! Probes: what they see, and how their expectations fail.

use std::time::Duration;

use actix_flow::prelude::*;
use actix_flow::testing::{self, SinkProbe, SourceProbe};

type Probes = (SourceProbe<u64>, SinkProbe<u64>, Pipeline<()>);

/// A stage that passes on what it gets, between two probes; its window is 4.
fn passing() -> Probes {
    let (source_probe, source) = Source::probe();
    let (sink_probe, flow) = source.map(|n| n).window(4).into_probe();
    let running = flow.run(&FlowContext::background());
    (source_probe, sink_probe, running.expect("the flow starts"))
}

async fn ended_well(running: Pipeline<()>) {
    let finished = running.wait().await.expect("the flow ends well");
    finished.report.check().expect("the report balances");
}

#[test]
fn what_is_sent_comes_when_it_is_asked_for() {
    testing::system(|| async {
        let (source, sink, running) = passing();
        source.expect_requested(4).await;
        source.send_next(1).await;
        source.send_next(2).await;
        sink.expect_nothing().await;
        sink.request(1);
        sink.expect_next(1).await;
        sink.expect_nothing().await;
        assert_eq!(sink.request_next().await, 2);
        source.expect_requested(6).await;
        source.expect_nothing().await;
        source.complete();
        sink.expect_closed().await;
        ended_well(running).await;
        assert_eq!((source.sent(), source.room(), sink.received()), (2, 4, 2));
    });
}

#[test]
fn requests_add_up_and_a_request_is_seen_once() {
    testing::system(|| async {
        let (source, sink, running) = passing();
        assert_eq!(source.expect_request().await, 4);
        sink.request(2);
        sink.request(1);
        assert_eq!(sink.requested(), 3);
        for n in 0..4 {
            source.send_next(n).await;
        }
        for n in 0..3 {
            assert_eq!(sink.next().await, n);
        }
        sink.expect_nothing().await;
        // Half the window was given back, and one more.
        let more = source.expect_request().await;
        assert!((2..=3).contains(&more), "{more}");
        sink.cancel();
        ended_well(running).await;
    });
}

#[test]
fn a_sink_that_cancels_twice_cancels_once() {
    testing::system(|| async {
        let (source, sink, running) = passing();
        sink.cancel();
        sink.cancel();
        source.expect_cancelled().await;
        ended_well(running).await;
        assert!(source.is_over() && sink.is_over());
    });
}

#[test]
fn a_failed_source_ends_the_sink() {
    testing::system(|| async {
        let (source, sink, running) = passing();
        source.fail("torn");
        let cause = sink.expect_failed().await;
        assert!(cause.to_string().contains("torn"), "{cause}");
        let error = running.await.unwrap_err();
        assert_eq!(error.stage(), Some("probe-1"));
    });
}

#[test]
fn a_failure_that_travels_in_band_comes_behind_the_items() {
    testing::system(|| async {
        let (source, items) = Source::<u64>::probe();
        let (other, more) = Source::<u64>::probe();
        let (sink, flow) = items.merge(more).isolated().into_probe();
        let running = flow.run(&FlowContext::background()).unwrap();
        sink.request(9);
        source.send_next(1).await;
        source.fail("torn");
        sink.expect_next(1).await;
        other.send_next(2).await;
        sink.expect_next(2).await;
        other.complete();
        sink.expect_closed().await;
        ended_well(running).await;
    });
}

#[test]
fn endings_from_outside_are_seen_at_both_ends() {
    testing::system(|| async {
        let (source, sink, running) = passing();
        sink.request(1);
        source.send_next(1).await;
        sink.expect_next(1).await;
        running.control().cancel("enough").await;
        assert_eq!(
            source.expect_cancelled().await.to_string(),
            "cancelled: enough"
        );
        assert_eq!(sink.expect_failed().await.to_string(), "cancelled: enough");

        let (source, sink, running) = passing();
        running.control().close().await;
        assert!(matches!(source.expect_cancelled().await, Cause::Closed));
        sink.expect_closed().await;

        let (source, sink, running) = passing();
        running.control().quit().await;
        assert!(matches!(source.expect_cancelled().await, Cause::Quit));
        assert!(matches!(sink.expect_failed().await, Cause::Quit));
    });
}

#[test]
fn probes_that_wait_are_no_stall() {
    testing::system(|| async {
        let (source, sink, running) = passing();
        sink.request(1);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(!running.control().is_finished());
        source.send_next(1).await;
        sink.expect_next(1).await;
        source.complete();
        sink.expect_closed().await;
        ended_well(running).await;
    });
}

#[test]
fn an_end_needs_no_request() {
    testing::system(|| async {
        let (source, items) = Source::<u64>::probe();
        let (sink, flow) = items.into_probe();
        let running = flow.run(&FlowContext::background()).unwrap();
        source.expect_nothing().await;
        source.complete();
        sink.expect_closed().await;
        ended_well(running).await;
    });
}

#[test]
#[should_panic(expected = "tests/testing/probes.rs:")]
fn a_failure_says_where_the_expectation_is() {
    testing::system(|| async {
        let (_source, sink, _running) = passing();
        sink.expect_next(1).await;
    });
}

#[test]
#[should_panic(expected = "expected the item 1; waited in vain for 5s: 2 requested, 0 came")]
fn an_item_that_does_not_come_fails_the_test() {
    testing::system(|| async {
        let (_source, sink, _running) = passing();
        sink.request(2);
        sink.expect_next(1).await;
    });
}

#[test]
#[should_panic(expected = "waited in vain for 7ms")]
fn the_limit_can_be_said() {
    testing::system(|| async {
        let (_source, sink, _running) = passing();
        sink.within(Duration::from_millis(7)).next().await;
    });
}

#[test]
#[should_panic(expected = "expected the item 1; 2 came")]
fn another_item_fails_the_test() {
    testing::system(|| async {
        let (source, sink, _running) = passing();
        sink.request(1);
        source.send_next(2).await;
        sink.expect_next(1).await;
    });
}

#[test]
#[should_panic(
    expected = "expected an item; 0 requested, 0 came, the items have come to their end"
)]
fn an_item_behind_the_end_fails_the_test() {
    testing::system(|| async {
        let (source, sink, _running) = passing();
        source.complete();
        sink.next().await;
    });
}

#[test]
#[should_panic(expected = "expected no item and no end; 1 requested, 1 came, 1 not looked at")]
fn an_item_where_nothing_is_expected_fails_the_test() {
    testing::system(|| async {
        let (source, sink, _running) = passing();
        sink.request(1);
        source.send_next(1).await;
        sink.expect_nothing().await;
    });
}

#[test]
#[should_panic(expected = "expected no item and no end; 0 requested, 0 came, the items have come")]
fn an_end_where_nothing_is_expected_fails_the_test() {
    testing::system(|| async {
        let (source, sink, _running) = passing();
        source.complete();
        sink.expect_nothing().await;
    });
}

#[test]
#[should_panic(expected = "expected the end of the items; 1 requested, 1 came, 1 not looked at")]
fn an_item_before_the_end_fails_the_test() {
    testing::system(|| async {
        let (source, sink, _running) = passing();
        sink.request(1);
        source.send_next(1).await;
        source.complete();
        sink.expect_closed().await;
    });
}

#[test]
#[should_panic(expected = "expected a failure or a cancel; 0 requested, 0 came, the items have")]
fn an_end_that_is_no_failure_fails_the_test() {
    testing::system(|| async {
        let (source, sink, _running) = passing();
        source.complete();
        sink.expect_failed().await;
    });
}

#[test]
#[should_panic(expected = "expected 3 items to be requested in all; more were: 4 requested")]
fn more_requests_than_expected_fail_the_test() {
    testing::system(|| async {
        let (source, _sink, _running) = passing();
        source.expect_requested(3).await;
    });
}

#[test]
#[should_panic(expected = "expected 5 items to be requested in all; waited in vain")]
fn fewer_requests_than_expected_fail_the_test() {
    testing::system(|| async {
        let (source, _sink, _running) = passing();
        source.expect_requested(5).await;
    });
}

#[test]
#[should_panic(expected = "expected no request and no end; 4 requested")]
fn a_request_where_nothing_is_expected_fails_the_test() {
    testing::system(|| async {
        let (source, _sink, _running) = passing();
        source.expect_nothing().await;
    });
}

#[test]
#[should_panic(expected = "expected item 5 to be taken; waited in vain")]
fn sending_what_nobody_asks_for_fails_the_test() {
    testing::system(|| async {
        let (source, _sink, _running) = passing();
        for n in 0..5 {
            source.send_next(n).await;
        }
    });
}

#[test]
#[should_panic(expected = "expected the source to be cancelled; the source has ended itself")]
fn a_source_that_ended_itself_cannot_be_cancelled() {
    testing::system(|| async {
        let (source, _sink, _running) = passing();
        source.complete();
        source.expect_cancelled().await;
    });
}

#[test]
#[should_panic(expected = "the source never ran")]
fn a_source_that_never_ran_says_so() {
    testing::system(|| async {
        let (probe, source) = Source::<u64>::probe();
        drop(source);
        probe.expect_request().await;
    });
}
