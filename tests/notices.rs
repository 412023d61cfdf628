//! What is logged of failures: nothing is silent, and nothing is said twice.

use std::sync::{Mutex, OnceLock, PoisonError};

use actix_flow::prelude::*;
use actix_rt::System;
use log::{Level, LevelFilter, Log, Metadata, Record};

/// Keeps what is logged.
struct Book(Mutex<Vec<(Level, String)>>);

impl Log for Book {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push((record.level(), record.args().to_string()));
    }

    fn flush(&self) {}
}

/// What was logged of the flow of this name; tests run at once, and share the book.
fn logged(flow: &str) -> Vec<(Level, String)> {
    let lines = book().0.lock().unwrap_or_else(PoisonError::into_inner);
    let of_it = |line: &&(Level, String)| line.1.starts_with(flow);
    lines.iter().filter(of_it).cloned().collect()
}

fn book() -> &'static Book {
    static BOOK: OnceLock<&'static Book> = OnceLock::new();
    BOOK.get_or_init(|| {
        let book: &'static Book = Box::leak(Box::new(Book(Mutex::default())));
        log::set_logger(book).expect("it is the only logger");
        log::set_max_level(LevelFilter::Trace);
        book
    })
}

fn failing(flow: &str) -> Blueprint<u64> {
    book();
    Source::from_iter(0..10u64)
        .try_map(|n| if n < 5 { Ok(n) } else { Err("no more") })
        .named("check")
        .count()
        .flow_named(flow)
}

fn run(test: impl Future<Output = ()>) {
    System::new().block_on(test);
}

fn start(blueprint: Blueprint<u64>) -> Pipeline<u64> {
    let context = FlowContext::background();
    blueprint.run(&context).expect("it starts")
}

#[test]
fn r6_1_a_failure_that_nobody_sees_is_logged_once_with_its_stage() {
    run(async {
        let pipeline = start(failing("detached"));
        let control = pipeline.control();
        pipeline.detach();
        control.finished().await;
        // Asked again, it is not said again.
        control.abort().await;
    });
    let said = "detached/check: stage `check` failed: no more";
    assert_eq!(logged("detached"), [(Level::Error, said.to_owned())]);
}

#[test]
fn r6_1_a_failure_that_was_over_when_its_handle_was_dropped_is_logged_once() {
    run(async {
        let pipeline = start(failing("dropped"));
        pipeline.control().finished().await;
        drop(pipeline);
    });
    assert_eq!(logged("dropped").len(), 1);
}

#[test]
fn a_failure_that_is_given_to_somebody_is_not_logged() {
    run(async {
        assert!(start(failing("awaited")).await.is_err());
        assert!(start(failing("waited")).wait().await.is_err());
    });
    assert_eq!(logged("awaited"), []);
    assert_eq!(logged("waited"), []);
}

#[test]
fn an_ending_that_somebody_asked_for_is_no_failure() {
    run(async {
        let pipeline = start(failing("ended"));
        let control = pipeline.control();
        control.cancel("enough").await;
        drop(pipeline);
    });
    assert_eq!(logged("ended"), []);
}

#[test]
fn r6_1_a_recovery_is_a_warning() {
    run(async {
        book();
        let flow = Source::from_iter(0..10u64)
            .map(|n| 10 / n)
            .named("divide")
            .supervised(RestartPolicy::resume());
        let pipeline = start(flow.count().flow_named("recovering"));
        assert_eq!(pipeline.await.expect("it goes on"), 9);
    });
    let lines = logged("recovering");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].0, Level::Warn);
    assert!(
        lines[0].1.starts_with("recovering/divide: recovers: "),
        "{lines:?}"
    );
}

#[test]
fn r6_1_an_isolated_failure_is_a_warning() {
    run(async {
        book();
        let broken = Source::<u64>::failed("gone").named("broken");
        let merged = Source::once(1u64).merge(broken).isolated();
        let pipeline = start(merged.count().flow_named("isolating"));
        assert_eq!(pipeline.await.expect("it completes"), 1);
    });
    let lines = logged("isolating");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].0, Level::Warn);
    assert!(
        lines[0].1.starts_with("isolating/broken: isolated: "),
        "{lines:?}"
    );
}
