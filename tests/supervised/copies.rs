//! Rule 6.2: what becomes of items whose copies cannot be made, or are never used.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::prelude::*;
use actix_flow::prelude::*;
use tokio::time::Instant;

use crate::kit::{Gate, failure, finished, paused, quiet_panics, settle, system, until, within};
use crate::retry::at_once;

/// An item of which a number of copies can be made, and no more.
#[derive(Debug)]
struct Frail {
    number: u64,
    copies: Arc<AtomicU64>,
}

impl Frail {
    fn new(number: u64, copies: u64) -> Self {
        let copies = Arc::new(AtomicU64::new(copies));
        Self { number, copies }
    }
}

impl Clone for Frail {
    fn clone(&self) -> Self {
        let left = self
            .copies
            .fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1));
        assert!(left.is_ok(), "expected: no copy of {}", self.number);
        let (number, copies) = (self.number, Arc::clone(&self.copies));
        Self { number, copies }
    }
}

/// Ten items; of the one in the middle so many copies can be made.
fn items(copies: u64) -> Source<Frail> {
    let of = move |n| if n == 5 { copies } else { 100 };
    Source::from_iter((0..10).map(move |n| Frail::new(n, of(n)))).retried(at_once())
}

fn all_but_five() -> Vec<u64> {
    (0..10).filter(|n| *n != 5).collect()
}

#[test]
fn r6_2_an_item_that_cannot_be_copied_is_not_taken_for_the_one_before() {
    quiet_panics();
    system(async {
        let flow = items(0)
            .map(|item| item.number)
            .named("copies")
            .collect::<Vec<_>>();
        let finished = finished(flow).await;
        assert_eq!(finished.value, Some(all_but_five()));
        let row = finished.report.stage("copies").expect("it is a stage");
        assert_eq!((row.received, row.passed, row.failed), (10, 9, 1));
    });
}

/// Refuses the fifth item as often as it comes.
fn refuses_five(item: &Frail) -> Result<u64, &'static str> {
    if item.number == 5 {
        return Err("five");
    }
    Ok(item.number)
}

#[test]
fn r6_2_an_item_that_cannot_be_copied_again_gives_its_credit_back() {
    quiet_panics();
    for copies in 0..3 {
        system(async {
            let flow = items(copies)
                .try_map(|item| refuses_five(&item))
                .named("refuses")
                .window(1)
                .collect::<Vec<_>>();
            let finished = finished(flow).await;
            assert_eq!(finished.value, Some(all_but_five()), "{copies}");
            let row = finished.report.stage("refuses").expect("it is a stage");
            assert_eq!((row.passed, row.failed), (9, 1), "{copies}");
        });
    }
}

#[test]
fn r6_2_an_item_that_cannot_be_copied_again_holds_no_worker_up() {
    quiet_panics();
    for copies in 0..4 {
        system(async {
            let flow = items(copies)
                .map_parallel(2, |item: Frail| {
                    refuses_five(&item).expect("expected: five")
                })
                .named("refuses")
                .window(2)
                .collect::<Vec<_>>();
            let finished = finished(flow).await;
            assert_eq!(finished.value, Some(all_but_five()), "{copies}");
        });
    }
}

#[test]
fn r6_2_an_item_that_cannot_be_copied_again_holds_no_result_up() {
    quiet_panics();
    for (copies, window) in [(0, 1), (1, 2), (2, 2)] {
        system(async {
            let flow = items(copies)
                .map_async(window, |item: Frail| async move {
                    refuses_five(&item).expect("expected: five")
                })
                .named("refuses")
                .window(window)
                .collect::<Vec<_>>();
            let finished = finished(flow).await;
            assert_eq!(finished.value, Some(all_but_five()), "{copies}");
            let row = finished.report.stage("refuses").expect("it is a stage");
            assert_eq!((row.passed, row.failed), (9, 1), "{copies}");
        });
    }
}

/// What an actor got that is told of lost items: whether the item was in the letter.
#[derive(Clone, Default)]
struct Clerk(Arc<Mutex<Vec<bool>>>);

impl Actor for Clerk {
    type Context = Context<Self>;
}

impl Handler<DeadLetter<Frail>> for Clerk {
    type Result = ();

    fn handle(&mut self, letter: DeadLetter<Frail>, _: &mut Context<Self>) {
        let mut letters = self.0.lock().expect("nothing panics under it");
        letters.push(letter.item.is_some());
    }
}

#[test]
fn r6_2_an_item_without_a_copy_is_given_up_as_by_a_resume_after_the_backoff() {
    quiet_panics();
    for (copies, futures) in [
        (0, false),
        (1, false),
        (2, false),
        (0, true),
        (1, true),
        (2, true),
    ] {
        paused(async {
            let (asked, worked) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
            let (asks, works, clerk) = (Arc::clone(&asked), Arc::clone(&worked), Clerk::default());
            let second = Duration::from_secs(1);
            let policy = RestartPolicy::decide(move |_| {
                asks.fetch_add(1, SeqCst);
                Directive::Retry
            });
            let policy = policy.without_limit().backoff(second, second).jitter(0.0);
            let letters = clerk.clone().start().recipient();
            let source = items(copies).retried(policy).dead_letters(letters);
            let work = move |item: Frail| {
                works.fetch_add(u64::from(item.number == 5), SeqCst);
                refuses_five(&item).expect("expected: five")
            };
            let stage = if futures {
                let work = Arc::new(work);
                source.map_async(1, move |item| {
                    let work = Arc::clone(&work);
                    async move { work(item) }
                })
            } else {
                source.map(work)
            };
            let begun = Instant::now();
            let finished = finished(stage.named("tries").collect::<Vec<_>>()).await;
            assert_eq!(finished.value, Some(all_but_five()));
            // It was worked on as often as there was a copy; one failure more was that of a clone.
            let failures = copies + 1;
            assert_eq!(
                (worked.load(SeqCst), asked.load(SeqCst)),
                (copies, failures)
            );
            assert_eq!(begun.elapsed().as_secs(), failures);
            let row = finished.report.stage("tries").expect("it is a stage");
            assert_eq!((row.passed, row.failed, row.recovered), (9, 1, failures));
            settle().await;
            let letters = clerk.0.lock().expect("nothing panics under it");
            assert_eq!(*letters, [false], "one letter, without the item");
        });
    }
}

#[test]
fn r6_2_a_quit_does_not_wait_for_an_item_that_is_not_tried_again_any_more() {
    quiet_panics();
    system(async {
        let (gate, first, fail) = (Gate::new(), Gate::new(), Gate::new());
        let (pass, its, fails) = (gate.clone(), first.clone(), fail.clone());
        let flow = Source::from_iter(0..100u64)
            .retried(at_once())
            .map_async(3, move |n| {
                let (first, fail) = (its.clone(), fails.clone());
                async move {
                    match n {
                        0 => first.pass().await,
                        1 => {
                            fail.pass().await;
                            panic!("expected: one");
                        }
                        _ => {}
                    }
                    n
                }
            })
            .named("tries")
            .for_each_async(1, move |n| {
                let gate = pass.clone();
                async move {
                    if n == 0 {
                        gate.pass().await;
                    }
                }
            })
            .window(1)
            .grace(Duration::from_secs(3600));
        let running = flow.run(&FlowContext::background()).expect("it starts");
        let control = running.control();
        until("both", || first.arrived() + fail.arrived() == 2).await;
        first.open();
        until("the sink", || gate.arrived() == 1).await;
        // No room, and a result behind it: it is not begun again.
        fail.open();
        settle().await;
        let quit = control.quit_stage("tries").expect("it is a stage");
        gate.open();
        within("the quit", quit).await;
        let finished = within("the end", running.wait())
            .await
            .expect("it ends well");
        finished.report.check().expect("it balances");
    });
}

#[test]
fn r6_2_an_item_at_which_a_sink_lost_its_state_has_failed() {
    quiet_panics();
    system(async {
        let flow = Source::from_iter(0..10u64)
            .retried(at_once())
            .fold(0, |sum, n| {
                assert!(n != 5, "expected: five");
                sum + n
            })
            .named("sum");
        let error = failure(flow).await;
        let row = error.report().and_then(|report| report.stage("sum"));
        let row = row.expect("it is a stage");
        assert_eq!((row.passed, row.failed), (5, 1));
    });
}

/// An item the copies of which cannot be dropped quietly, where it is the third.
#[derive(Debug)]
struct Sour {
    number: u64,
    copy: bool,
}

impl Clone for Sour {
    fn clone(&self) -> Self {
        let (number, copy) = (self.number, true);
        Self { number, copy }
    }
}

impl Drop for Sour {
    fn drop(&mut self) {
        assert!(
            !self.copy || self.number != 2,
            "expected: drop of the copy of 2"
        );
    }
}

#[test]
fn r7_1_a_copy_that_panics_at_its_drop_costs_no_item() {
    quiet_panics();
    for last in [2, 4] {
        system(async move {
            let items = (0..=last).map(|number| Sour {
                number,
                copy: false,
            });
            let flow = Source::from_iter(items)
                .retried(at_once())
                .map(|item| item.number)
                .named("sour")
                .collect::<Vec<_>>();
            let finished = finished(flow).await;
            assert_eq!(finished.value, Some((0..=last).collect()));
            let row = finished.report.stage("sour").expect("it is a stage");
            assert_eq!(
                (row.received, row.passed, row.failed),
                (last + 1, last + 1, 0)
            );
            finished.report.check().expect("it balances");
        });
    }
}
