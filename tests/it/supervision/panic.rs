use std::future::IntoFuture;

use actix_flow::prelude::*;

use crate::kit::{Census, Item, quiet_panics, system, within};

const TEXT: &str = "expected: as it was said";

/// Runs a flow whose stage `bad` panics; gives the report.
async fn panics<R: Send + 'static>(blueprint: Blueprint<R>, text: &str) -> Report {
    quiet_panics();
    let flow = blueprint.run(&FlowContext::background()).unwrap();
    let Err(error) = within("the end", flow.wait()).await else {
        panic!("the panic was silent");
    };
    let Some(Cause::Panicked { stage, text: said }) = error.cause() else {
        panic!("{error}");
    };
    assert!(stage.starts_with("bad"), "{stage}");
    assert_eq!(&**said, text);
    assert_eq!(error.stage(), Some(&**stage));
    let report = error.report().unwrap().clone();
    report.check().unwrap();
    report
}

fn items(census: &Census) -> Source<Item> {
    let made = census.clone();
    Source::from_iter((0..100).map(move |n| made.item(n)))
}

/// As [`panics`], for a stage behind a hundred counted items; says how many items failed.
async fn fails<R: Send + 'static>(bad: impl FnOnce(Source<Item>) -> Blueprint<R>) -> u64 {
    let census = Census::new();
    let report = panics(bad(items(&census)), TEXT).await;
    census.assert_none_alive();
    let bad = report
        .stages()
        .iter()
        .filter(|row| row.name.starts_with("bad"));
    bad.filter(|row| !row.summed).map(|row| row.failed).sum()
}

#[test]
fn r6_1_a_panic_in_a_closure_fails_its_item() {
    system(async {
        let failed = fails(|items| {
            let bad = items.map(|item| {
                assert!(item.number < 7, "{TEXT}");
                item
            });
            bad.named("bad").count()
        });
        assert_eq!(failed.await, 1);
    });
}

#[test]
fn r6_1_a_panic_in_a_sink_fails_its_item() {
    system(async {
        let failed = fails(|items| {
            let bad = items.for_each(|item| assert!(item.number < 7, "{TEXT}"));
            bad.named("bad")
        });
        assert_eq!(failed.await, 1);
    });
}

#[test]
fn r6_1_a_panic_in_an_expansion_fails_its_item_once() {
    system(async {
        let failed = fails(|items| {
            let bad = items.flat_map(|item| {
                (0..3).map(move |n| {
                    assert!(item.number < 7 || n < 2, "{TEXT}");
                    item.clone()
                })
            });
            bad.named("bad").count()
        });
        assert_eq!(failed.await, 1);
    });
}

#[test]
fn r6_1_a_panic_in_a_future_fails_its_item() {
    system(async {
        let failed = fails(|items| {
            let bad = items.map_async(3, |item| async move {
                tokio::task::yield_now().await;
                assert!(item.number != 7, "{TEXT}");
                item
            });
            bad.named("bad").count()
        });
        assert_eq!(failed.await, 1);
    });
}

#[test]
fn r6_1_a_panic_in_what_makes_a_future_fails_its_item() {
    system(async {
        let failed = fails(|items| {
            let bad = items.map_async(3, |item| {
                assert!(item.number != 7, "{TEXT}");
                async move { item }
            });
            bad.named("bad").count()
        });
        assert_eq!(failed.await, 1);
    });
}

#[test]
fn r6_1_a_panic_in_a_blocking_closure_fails_its_item() {
    system(async {
        let failed = fails(|items| {
            let bad = items.map_blocking(2, |item| {
                assert!(item.number != 7, "{TEXT}");
                item
            });
            bad.named("bad").count()
        });
        assert_eq!(failed.await, 1);
    });
}

#[test]
fn r6_1_a_panic_in_a_worker_fails_its_item() {
    system(async {
        let failed = fails(|items| {
            let bad = items.map_parallel(2, |item| {
                assert!(item.number != 7, "{TEXT}");
                item
            });
            bad.named("bad").count()
        });
        assert_eq!(failed.await, 1);
    });
}

#[test]
fn r6_1_a_panic_in_a_key_fails_its_item() {
    system(async {
        let failed = fails(|items| {
            let branches = items.partition(2, |item| {
                assert!(item.number != 7, "{TEXT}");
                0
            });
            let branches = branches.named("bad").into_vec();
            Blueprint::all(branches.into_iter().map(Source::count))
        });
        assert_eq!(failed.await, 1);
    });
}

#[test]
fn r6_1_a_panic_in_a_clone_fails_its_item() {
    struct Once(Item);
    impl Clone for Once {
        fn clone(&self) -> Self {
            assert!(self.0.number != 7, "{TEXT}");
            Self(self.0.clone())
        }
    }
    system(async {
        let failed = fails(|items| {
            let branches = items.map(Once).broadcast(3).named("bad").into_vec();
            Blueprint::all(branches.into_iter().map(Source::count))
        });
        assert_eq!(failed.await, 1);
    });
}

#[test]
fn r6_1_a_panic_in_a_comparison_discards_what_was_compared() {
    system(async {
        let (left, right) = (Census::new(), Census::new());
        let merged = items(&left).merge_sorted_by(items(&right), |a, b| {
            assert!(a.number != 7, "{TEXT}");
            a.number.cmp(&b.number)
        });
        let report = panics(merged.named("bad").count(), TEXT).await;
        assert_eq!(report.stage("bad").unwrap().failed, 0);
        left.assert_none_alive();
        right.assert_none_alive();
    });
}

#[test]
fn r6_1_a_panic_in_an_iterator_fails_the_source() {
    system(async {
        let census = Census::new();
        let made = census.clone();
        let bad = Source::from_iter((0..100).map(move |n| {
            assert!(n != 7, "{TEXT}");
            made.item(n)
        }));
        panics(bad.named("bad").count(), TEXT).await;
        census.assert_none_alive();
    });
}

#[test]
fn r6_1_a_panic_in_a_size_hint_is_a_panic_of_the_stage() {
    struct Hinted(u32);
    impl Iterator for Hinted {
        type Item = u32;
        fn next(&mut self) -> Option<u32> {
            self.0 = self.0.checked_sub(1)?;
            Some(self.0)
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            assert!(self.0 != 2, "{TEXT}");
            (0, None)
        }
    }
    system(async {
        let bad = Source::from_iter(0..9).flat_map(|_| Hinted(5));
        panics(bad.named("bad").count(), TEXT).await;
    });
}

#[test]
fn r6_1_a_panic_in_a_generator_fails_the_source() {
    system(async {
        let bad = Source::generate(async |mut out| {
            out.send(1).await;
            panic!("{TEXT}");
        });
        panics(bad.named("bad").count(), TEXT).await;
    });
}

#[test]
fn r6_1_a_panic_in_a_factory_fails_the_flow() {
    system(async {
        let census = Census::new();
        let bad = items(&census).scan_with(|_| -> () { panic!("{TEXT}") }, |(), item| Some(item));
        panics(bad.named("bad").count(), TEXT).await;
        census.assert_none_alive();
    });
}

#[test]
fn r6_1_a_panic_in_the_factory_of_a_worker_fails_the_flow() {
    system(async {
        let census = Census::new();
        let bad = items(&census).map_parallel_with(2, |_| {
            assert!(TEXT.is_empty(), "{TEXT}");
            |item: Item| item
        });
        panics(bad.named("bad").count(), TEXT).await;
        census.assert_none_alive();
    });
}

#[test]
fn r6_1_a_panic_without_text_is_named_as_such() {
    system(async {
        let bad = Source::once(1).map(|n: u32| {
            if n == 1 {
                // By resume_unwind, which runs no hook.
                std::panic::resume_unwind(Box::new(n));
            }
            n
        });
        panics(bad.named("bad").count(), "a panic without a message").await;
    });
}

#[test]
fn r6_1_a_payload_whose_drop_panics_is_dropped_too() {
    struct Payload(u32);
    impl Drop for Payload {
        fn drop(&mut self) {
            if self.0 > 0 {
                std::panic::resume_unwind(Box::new(Payload(self.0 - 1)));
            }
        }
    }
    system(async {
        let bad = Source::once(()).map(|()| std::panic::resume_unwind(Box::new(Payload(3))));
        panics(
            bad.named("bad").map(|()| ()).count(),
            "a panic without a message",
        )
        .await;
    });
}

#[test]
fn r6_1_a_panic_in_one_flow_leaves_its_neighbour_alone() {
    system(async {
        let neighbour = Source::from_iter(0..1000).count();
        let neighbour = neighbour.run(&FlowContext::background()).unwrap();
        let bad = Source::once(()).map(|()| panic!("{TEXT}")).named("bad");
        panics(bad.map(|()| ()).count(), TEXT).await;
        assert_eq!(neighbour.await.unwrap(), 1000);
    });
}

#[test]
fn r6_1_a_failing_stage_names_itself_and_keeps_its_error() {
    system(async {
        let census = Census::new();
        let bad = items(&census).try_map(|item| match item.number {
            7 => Err("seven"),
            _ => Ok(item),
        });
        let flow = bad
            .named("bad")
            .count()
            .run(&FlowContext::background())
            .unwrap();
        let error = within("the end", flow.into_future()).await.unwrap_err();
        assert_eq!(error.stage(), Some("bad"));
        assert_eq!(
            std::error::Error::source(&error).unwrap().to_string(),
            "seven"
        );
        let report = error.report().unwrap();
        report.check().unwrap();
        assert_eq!(report.stage("bad").unwrap().failed, 1);
        census.assert_none_alive();
    });
}
