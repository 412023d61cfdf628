//! Every verb of the library that ends a flow.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use actix::prelude::*;
use actix_flow::prelude::*;
use actix_flow::testing::conformance::{SinkCheck, sink};
use actix_flow::testing::{Census, Tracked};

type Item = Tracked<u64>;

fn check<R: Debug + Send + 'static>(
    verb: &str,
    of: impl Fn(Source<Item>) -> Blueprint<R> + 'static,
) -> SinkCheck<Item, R> {
    sink(verb, |number| number, of)
}

fn passes<R: Debug + Send + 'static>(check: &SinkCheck<Item, R>) {
    check.check().assert_passed();
}

fn sum(n: u64) -> u64 {
    (0..n).sum()
}

#[test]
fn fold() {
    passes(&check("fold", |items| items.fold(0, |sum, n| sum + *n)).gives(sum));
}

#[test]
fn reduce() {
    let largest = |one: Item, two: Item| if *one > *two { one } else { two };
    let census = Census::new();
    let last = move |n: u64| n.checked_sub(1).map(|n| census.track(n));
    passes(&check("reduce", move |items| items.reduce(largest)).gives(last));
}

#[test]
fn collect() {
    let census = Census::new();
    let all = move |n: u64| (0..n).map(|n| census.track(n)).collect();
    passes(&check("collect", |items| items.collect::<Vec<_>>()).gives(all));
}

#[test]
fn count() {
    passes(&check("count", Source::count).gives(|n| n));
}

#[test]
fn for_each() {
    passes(&check("for_each", |items| items.for_each(drop)));
}

#[test]
fn for_each_async() {
    let each = check("for_each_async", |items| {
        items.for_each_async(3, |_| tokio::task::yield_now())
    });
    passes(&each.smallest_window(3));
}

#[test]
fn first() {
    passes(&check("first", Source::first));
}

#[test]
fn last() {
    let census = Census::new();
    let last = move |n: u64| n.checked_sub(1).map(|n| census.track(n));
    passes(&check("last", Source::last).gives(last));
}

#[test]
fn drain() {
    passes(&check("drain", Source::drain));
}

#[derive(Message)]
#[rtype(result = "()")]
struct Note {
    _item: Item,
}

struct Clerk;

impl Actor for Clerk {
    type Context = Context<Self>;
}

impl Handler<Note> for Clerk {
    type Result = ();

    fn handle(&mut self, note: Note, _: &mut Context<Self>) {
        drop(note);
    }
}

#[test]
fn send_to() {
    let sent = check("send_to", |items| {
        items
            .map(|item| Note { _item: item })
            .send_to(Clerk.start().recipient())
    });
    passes(&sent);
}

#[test]
fn into_stream() {
    use futures::StreamExt;

    let read = check("into_stream", |items| {
        let (outlet, flow) = items.into_stream();
        actix_rt::spawn(outlet.for_each(|_| async {}));
        flow
    });
    passes(&read);
}

#[test]
fn broadcast_hub() {
    for lag in [Lag::Wait, Lag::DropOldest] {
        let given = check("broadcast_hub", move |items| {
            let (hub, flow) = items.broadcast_hub(8);
            for _ in 0..2 {
                let reader = hub.subscribe(lag).drain().run(&FlowContext::background());
                reader.expect("it starts").detach();
            }
            flow
        });
        passes(&given);
    }
}

#[test]
fn into_hub() {
    let joined = check("into_hub", |items| {
        let (hub, merged) = Source::merge_hub(8);
        let merged = merged.drain().run(&FlowContext::background());
        merged.expect("it starts").detach();
        items.into_hub(&hub)
    });
    passes(&joined);
}

#[test]
fn and() {
    let both = check("and", |items| {
        let [left, right] = items.map(|n| *n).broadcast(2).into_array();
        left.count().and(right.fold(0, |sum, n| sum + n))
    });
    passes(&both.gives(|n| (n, sum(n))));
}

#[test]
fn what_a_sink_sees_is_what_it_was_sent() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let logged = check("logged", move |items| {
        let log = Arc::clone(&log);
        items.for_each(move |n| log.lock().unwrap().push(*n))
    });
    passes(&logged);
    assert!(!seen.lock().unwrap().is_empty());
}
