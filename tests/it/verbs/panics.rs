//! Panics in closures, iterators, factories and drops: data, never silent, nothing lost.

use actix_flow::Cause;
use actix_flow::prelude::*;

use crate::kit::{Census, Item, failed, failure, quiet_panics, system};

/// Runs a flow in which `stage` panics; its report balances.
async fn panicked<R: Send + 'static>(stage: &str, flow: Blueprint<R>) -> PipelineError {
    let error = failure(flow).await;
    match error.cause() {
        Some(Cause::Panicked { stage: at, text }) => {
            assert_eq!(&**at, stage);
            assert!(text.starts_with("expected:"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    error
}

fn items(census: &Census) -> Source<Item> {
    let made = census.clone();
    Source::from_iter((0..100u64).map(move |n| made.item(n)))
}

fn bad(item: &Item) -> bool {
    assert!(item.number != 40, "expected: forty");
    true
}

type Verb = fn(Source<Item>) -> Blueprint<u64>;

#[test]
fn a_panic_in_a_closure_fails_the_flow_and_counts_its_item() {
    quiet_panics();
    let verbs: [(&str, Verb); 14] = [
        ("map", |s| s.map(|item| bad(&item)).named("x").count()),
        ("filter", |s| s.filter(bad).named("x").count()),
        ("filter_map", |s| {
            s.filter_map(|item| bad(&item).then_some(item))
                .named("x")
                .count()
        }),
        ("flat_map", |s| {
            s.flat_map(|item| [bad(&item)]).named("x").count()
        }),
        ("inspect", |s| {
            s.inspect(|item| assert!(bad(item))).named("x").count()
        }),
        ("take_while", |s| s.take_while(bad).named("x").count()),
        ("skip_while", |s| s.skip_while(bad).named("x").count()),
        ("scan", |s| {
            s.scan((), |(), item| Some(bad(&item))).named("x").count()
        }),
        ("map_async", |s| {
            s.map_async(3, |item| async move { bad(&item) })
                .named("x")
                .count()
        }),
        ("begin", |s| {
            let begin = |item: Item| std::future::ready(bad(&item));
            s.map_async(3, begin).named("x").count()
        }),
        ("unordered", |s| {
            s.map_async_unordered(3, |item| async move { bad(&item) })
                .named("x")
                .count()
        }),
        ("map_blocking", |s| {
            s.map_blocking(2, |item| bad(&item)).named("x").count()
        }),
        ("fold", |s| {
            s.fold(0, |n, item| n + u64::from(bad(&item))).named("x")
        }),
        ("partition", |s| {
            let [a, b] = s
                .partition(2, |item| usize::from(bad(item)))
                .named("x")
                .into_array();
            a.merge(b).count()
        }),
    ];
    system(async {
        for (verb, flow) in verbs {
            for window in [3, 8, 1_024] {
                let census = Census::new();
                let error = panicked("x", flow(items(&census)).default_window(window)).await;
                let row = error.report().unwrap().stage("x").unwrap();
                assert_eq!(row.failed, 1, "{verb} {window}");
                census.assert_none_alive();
            }
        }
    });
}

/// Endless, and panics after some items.
struct Bomb(u64);

impl Iterator for Bomb {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 -= 1;
        assert!(self.0 > 0, "expected: next");
        Some(self.0)
    }
}

#[test]
fn a_panic_in_an_iterator_fails_the_flow() {
    quiet_panics();
    system(async {
        let error = panicked("bomb", Source::from_iter(Bomb(50)).named("bomb").count()).await;
        assert_eq!(error.stage(), Some("bomb"));
    });
}

#[test]
fn a_panic_in_an_expansion_fails_its_item_once() {
    quiet_panics();
    system(async {
        for fuse in [1, 2, 3, 20] {
            for window in [1, 4, 1_024] {
                let census = Census::new();
                let grown = items(&census).flat_map(move |_| Bomb(fuse)).named("grow");
                let flow = grown.count().default_window(window);
                let error = panicked("grow", flow).await;
                let grow = error.report().unwrap().stage("grow").unwrap();
                assert_eq!((grow.failed, grow.passed), (1, 0), "{fuse} {window}");
                census.assert_none_alive();
            }
        }
    });
}

/// Gives two items, and panics when it is dropped.
struct Fused(u64);

impl Iterator for Fused {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

impl Drop for Fused {
    fn drop(&mut self) {
        panic!("expected: drop");
    }
}

#[test]
fn a_panic_in_the_drop_of_an_expansion_fails_its_item() {
    quiet_panics();
    system(async {
        for outputs in [0, 1, 2, 5] {
            let census = Census::new();
            let grown = items(&census)
                .flat_map(move |_| Fused(outputs))
                .named("grow");
            let error = panicked("grow", grown.count().default_window(2)).await;
            assert_eq!(error.report().unwrap().stage("grow").unwrap().failed, 1);
            census.assert_none_alive();
        }
    });
}

/// Panics when it is dropped, if it is the one.
#[derive(Debug)]
struct Touchy(Item);

impl Drop for Touchy {
    fn drop(&mut self) {
        if self.0.number == 40 && !std::thread::panicking() {
            panic!("expected: a touchy item");
        }
    }
}

#[test]
fn a_panic_in_the_drop_of_an_item_fails_the_stage_that_dropped_it() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let touchy = items(&census).map(Touchy).filter(|_| false).named("filter");
        panicked("filter", touchy.count()).await;
        census.assert_none_alive();
        let census = Census::new();
        let counted = items(&census).map(Touchy).count().named("sink");
        panicked("sink", counted).await;
        census.assert_none_alive();
    });
}

#[test]
fn a_panic_in_the_drop_of_a_discarded_item_is_not_one_of_a_stage() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let touchy = items(&census).map(Touchy).take(10).count();
        let finished = crate::kit::finished(touchy.default_window(64)).await;
        assert_eq!(finished.value, Some(10));
        census.assert_none_alive();
        // In a queue, at a cancel.
        let census = Census::new();
        let (outlet, flow) = items(&census).map(Touchy).into_stream();
        let running = flow.window(60).run(&FlowContext::background()).unwrap();
        crate::kit::settle().await;
        drop(running.control().cancel("enough"));
        failed(running).await;
        drop(outlet);
        census.assert_none_alive();
    });
}

#[test]
fn a_panic_in_a_factory_fails_the_flow() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let flow = items(&census)
            .scan_with(
                |_| panic!("expected: factory"),
                |_: &mut u64, item| Some(item),
            )
            .named("made");
        panicked("made", flow.count()).await;
        census.assert_none_alive();
        let flow = items(&census)
            .map_parallel_with(2, |_| -> fn(Item) -> u64 { panic!("expected: worker") })
            .named("made");
        let error = failure(flow.count()).await;
        assert!(error.stage().unwrap().starts_with("made/"));
        census.assert_none_alive();
    });
}

#[test]
fn a_panic_in_a_generator_fails_the_flow_after_its_items() {
    quiet_panics();
    system(async {
        let flow = Source::generate(async |mut out: Yielder<u64>| {
            out.send(1).await;
            panic!("expected: generate");
        });
        let error = panicked("source", flow.named("source").count()).await;
        assert_eq!(error.report().unwrap().edges()[0].sent, 1);
    });
}

#[test]
fn a_panic_in_a_comparison_or_a_join_fails_the_flow() {
    quiet_panics();
    system(async {
        let census = Census::new();
        let merged = items(&census).merge_sorted_by(items(&census), |a, b| {
            bad(a);
            a.number.cmp(&b.number)
        });
        panicked("line", merged.named("line").count()).await;
        census.assert_none_alive();
        let joined = items(&census).segmented(
            2,
            |item| [item],
            |item| item,
            |results: Vec<Item>| bad(&results[0]),
        );
        panicked("seg/regroup", joined.named("seg").count()).await;
        census.assert_none_alive();
    });
}
