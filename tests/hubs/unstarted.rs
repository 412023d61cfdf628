//! What a source was given from outside that never has a turn is in its row all the same.

use std::sync::mpsc;

use actix_flow::prelude::*;
use actix_rt::Arbiter;

use crate::completed;
use crate::kit::{Census, Item, failed, quiet_panics, settle, system};

/// How many items each source is given.
const GIVEN: u64 = 3;

/// An arbiter that does nothing before it is released.
struct Held {
    arbiter: Arbiter,
    release: mpsc::Sender<()>,
}

impl Held {
    fn new() -> Self {
        let arbiter = Arbiter::new();
        let (release, held) = mpsc::channel::<()>();
        let (holds, up) = mpsc::channel();
        arbiter.spawn_fn(move || {
            let _ = holds.send(());
            let _ = held.recv();
        });
        // One that is stopped before it holds would drop all that it was sent.
        up.recv().expect("it holds");
        Self { arbiter, release }
    }
}

/// How the flow comes to its end before its source has had a turn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The arbiter is stopped before the source is sent to it.
    StoppedBefore,
    /// The arbiter is stopped when the source has been sent to it.
    StoppedBehind,
    Cancelled,
    Aborted,
    /// The factory of another stage panics.
    TornElsewhere,
}

const ENDS: [End; 5] = [
    End::StoppedBefore,
    End::StoppedBehind,
    End::Cancelled,
    End::Aborted,
    End::TornElsewhere,
];

fn run(source: Source<Item>, arbiter: &Arbiter, end: End) -> Pipeline<u64> {
    if end == End::StoppedBefore {
        arbiter.stop();
    }
    let source = source.named("given").on(arbiter.handle());
    let flow = source.scan_with(
        move |_| assert!(end != End::TornElsewhere, "expected: torn"),
        |(), item| Some(item),
    );
    let flow = flow.count().run(&FlowContext::background());
    flow.expect("the arbiter lives still")
}

/// Ends a flow whose source has been given its items, and has had no turn: they are in its row.
async fn ended(end: End, held: Held, flow: Pipeline<u64>, census: &Census) {
    let Held { arbiter, release } = held;
    match end {
        End::StoppedBefore => {}
        End::StoppedBehind => drop(arbiter.stop()),
        End::Cancelled => drop(flow.control().cancel("enough")),
        End::Aborted => drop(flow.control().abort()),
        // It is local, and has its turn first.
        End::TornElsewhere => settle().await,
    }
    drop(release);
    let error = failed(flow).await;
    let report = error.report().expect("it ran");
    report.check().expect("the report balances");
    let row = report.stage("given").expect("it is a stage");
    let counts = (row.received, row.passed, row.failed, row.discarded);
    assert_eq!(counts, (GIVEN, 0, 0, GIVEN), "{end:?}");
    census.assert_none_alive();
    arbiter.stop();
    arbiter.join().expect("no one panics there");
}

#[test]
fn r7_1_what_an_inlet_took_for_a_source_that_never_starts_is_in_its_row() {
    quiet_panics();
    for end in ENDS {
        system(async {
            let (census, held) = (Census::new(), Held::new());
            let (inlet, source) = Source::inlet(4);
            inlet.try_send(census.item(0)).expect("there is room");
            let flow = run(source, &held.arbiter, end);
            for n in 1..GIVEN {
                inlet.try_send(census.item(n)).expect("there is room");
            }
            ended(end, held, flow, &census).await;
            let refused = inlet.try_send(census.item(9));
            assert!(refused.is_err_and(|refused| !refused.is_full()));
        });
    }
}

#[test]
fn r7_1_what_a_merge_hub_took_for_a_source_that_never_starts_is_in_its_row() {
    quiet_panics();
    for end in ENDS {
        system(async {
            let (census, held) = (Census::new(), Held::new());
            let (hub, merged) = Source::merge_hub(4);
            let flow = run(merged, &held.arbiter, end);
            let made = census.clone();
            let input = Source::from_iter((0..GIVEN).map(move |n| made.item(n)));
            let input = input.into_hub(&hub).run(&FlowContext::background());
            completed("the input", input.expect("the hub is open")).await;
            ended(end, held, flow, &census).await;
            assert!(hub.is_closed());
        });
    }
}

#[test]
fn r7_1_what_a_hub_gave_to_a_subscriber_that_never_starts_is_in_its_row() {
    quiet_panics();
    // Of a capacity of 2 the last two lose an item.
    for (lag, capacity) in [(Lag::Wait, 4), (Lag::DropOldest, 2), (Lag::DropNewest, 2)] {
        for end in ENDS {
            system(async {
                let (census, held) = (Census::new(), Held::new());
                let items = census.clone();
                let items = Source::from_iter((0..GIVEN).map(move |n| items.item(n)));
                let (hub, giving) = items.broadcast_hub(capacity);
                let flow = run(hub.subscribe(lag), &held.arbiter, end);
                let giving = giving.run(&FlowContext::background());
                completed("the hub", giving.expect("it starts")).await;
                ended(end, held, flow, &census).await;
            });
        }
    }
}
