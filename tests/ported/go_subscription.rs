//! The feed reader of https://go.dev/talks/2013/advconc.slide: subscriptions that fetch when it is time,
//! drop what was seen, hold a bounded number of items, merge, and close at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix_flow::prelude::*;
use futures::StreamExt;
use tokio::time::{Instant, sleep, sleep_until};

use crate::kit::{DropFlag, finished, paused, settle, until, within};

/// A fetch takes a while, and says when to come again.
const FETCH: Duration = Duration::from_millis(100);
const PERIOD: Duration = Duration::from_secs(1);
const AFTER_ERROR: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Feed {
    domain: &'static str,
    /// How many fetches fail before one is well.
    errors: u64,
    fetches: Arc<AtomicU64>,
    closed: DropFlag,
}

impl Feed {
    fn new(domain: &'static str, errors: u64) -> Self {
        Self {
            domain,
            errors,
            fetches: Arc::default(),
            closed: DropFlag::new(),
        }
    }

    /// Three items, of which one was in the fetch before, and when the next fetch may be.
    async fn fetch(&self) -> (Result<Vec<String>, &'static str>, Instant) {
        let number = self.fetches.fetch_add(1, SeqCst);
        sleep(FETCH).await;
        if number < self.errors {
            return (Err("no answer"), Instant::now() + AFTER_ERROR);
        }
        let first = (number - self.errors) * 2;
        let items = (first..first + 3).map(|n| format!("{} {n}", self.domain));
        (Ok(items.collect()), Instant::now() + PERIOD)
    }
}

fn subscribe(feed: &Feed) -> Source<String> {
    let (feed, guard) = (feed.clone(), feed.closed.guard());
    let start = (feed, Instant::now());
    let mut seen = HashSet::new();
    Source::unfold_async(start, move |(feed, next)| {
        let _subscribed = &guard;
        async move {
            sleep_until(next).await;
            let (fetched, next) = feed.fetch().await;
            Some((fetched.unwrap_or_default(), (feed, next)))
        }
    })
    .flat_map(|items| items)
    .window(1)
    .filter(move |item| seen.insert(item.clone()))
    .window(4)
}

fn feeds() -> [Feed; 3] {
    ["blog", "docs", "news"].map(|domain| Feed::new(domain, 0))
}

fn merged(feeds: &[Feed]) -> Source<String> {
    Source::merge_all(feeds.iter().map(subscribe))
}

// go.dev/talks/2013/advconc.slide, "Example": subscribe, merge, read, close
#[test]
fn merged_subscriptions_give_each_item_once_and_in_its_order_until_closed() {
    paused(async {
        let feeds = feeds();
        let mut items = merged(&feeds)
            .run_stream(&FlowContext::background())
            .expect("it starts");
        let mut read = Vec::new();
        while read.len() < 30 {
            let item = within("an item", items.next()).await;
            read.push(item.expect("there is more").expect("it is well"));
        }
        let control = items.control().expect("it owns its flow");
        let closed = control.close();
        while let Some(item) = within("the rest", items.next()).await {
            read.push(item.expect("it is well"));
        }
        within("the close", closed).await;
        for feed in &feeds {
            let of = read.iter().filter(|item| item.starts_with(feed.domain));
            let mut of = of.enumerate();
            assert!(of.all(|(n, item)| *item == format!("{} {n}", feed.domain)));
            assert!(feed.closed.is_dropped());
        }
        control.snapshot().check().expect("the report balances");
    });
}

// go.dev/talks/2013/advconc.slide, "Bug: time.Sleep may keep loop running": a close does not wait for it
#[test]
fn a_close_does_not_wait_for_the_next_fetch() {
    paused(async {
        let feed = Feed::new("blog", 0);
        let mut items = subscribe(&feed)
            .run_stream(&FlowContext::background())
            .expect("it starts");
        let _ = within("an item", items.next()).await;
        let start = Instant::now();
        let closed = items.control().expect("it owns its flow").close();
        while within("the rest", items.next()).await.is_some() {}
        within("the close", closed).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(feed.closed.is_dropped());
    });
}

// go.dev/talks/2013/advconc.slide, "Problem: Loop blocks on Fetch": a close does not wait for one that runs
#[test]
fn a_close_does_not_wait_for_a_fetch_that_runs() {
    paused(async {
        let feed = Feed::new("blog", 0);
        let flow = subscribe(&feed)
            .count()
            .run(&FlowContext::background())
            .expect("it starts");
        until("a fetch", || feed.fetches.load(SeqCst) == 1).await;
        let start = Instant::now();
        within("the close", flow.control().close()).await;
        assert_eq!(
            (start.elapsed(), flow.await.expect("it was closed")),
            (Duration::ZERO, 0)
        );
        assert!(feed.closed.is_dropped());
    });
}

// go.dev/talks/2013/advconc.slide, "Bug: the loop may block forever": a reader that leaves stops it
#[test]
fn a_reader_that_leaves_stops_a_subscription_that_has_no_room() {
    paused(async {
        let feed = Feed::new("blog", 0);
        let items = subscribe(&feed)
            .run_stream(&FlowContext::background())
            .expect("it starts");
        sleep(PERIOD * 1_000).await;
        let control = items.control().expect("it owns its flow");
        drop(items);
        within("the end", control.finished()).await;
        assert!(feed.closed.is_dropped());
    });
}

// go.dev/talks/2013/advconc.slide, "Issue: unbounded pending": without room there is no fetch
#[test]
fn a_subscription_that_nobody_reads_stops_fetching() {
    paused(async {
        let feed = Feed::new("blog", 0);
        let source = subscribe(&feed).filter(|_| true).window(4);
        let _items = source
            .run_stream(&FlowContext::background())
            .expect("it starts");
        sleep(PERIOD * 1_000).await;
        let full = feed.fetches.load(SeqCst);
        sleep(PERIOD * 1_000).await;
        settle().await;
        assert_eq!(feed.fetches.load(SeqCst), full);
        assert!(full < 1_000);
    });
}

// go.dev/talks/2013/advconc.slide, "Select: fetch": after an error it waits longer and tries again
#[test]
fn a_fetch_that_fails_is_tried_again_later() {
    paused(async {
        let feed = Feed::new("blog", 2);
        let start = Instant::now();
        let ended = finished(subscribe(&feed).take(3).collect::<Vec<_>>()).await;
        assert_eq!(
            ended.value.expect("it completed"),
            ["blog 0", "blog 1", "blog 2"]
        );
        assert_eq!(start.elapsed(), (FETCH + AFTER_ERROR) * 2 + FETCH);
        assert_eq!(feed.fetches.load(SeqCst), 3);
    });
}
