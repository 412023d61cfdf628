//! Nothing is lost in silence: dead letters and the hook for discarded items.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::prelude::*;
use actix_flow::prelude::*;

use crate::kit::{Census, Item, failed, finished, quiet_panics, settle, system, until, within};

type Letters = Arc<Mutex<Vec<(String, Option<u64>, bool)>>>;

/// Writes down what it gets.
#[derive(Default)]
struct Clerk(Letters);

impl Actor for Clerk {
    type Context = Context<Self>;
}

impl Handler<DeadLetter<Item>> for Clerk {
    type Result = ();

    fn handle(&mut self, letter: DeadLetter<Item>, _: &mut Context<Self>) {
        let number = letter.item.as_ref().map(|item| item.number);
        let failed = letter.cause.is_some();
        let mut letters = self.0.lock().expect("nothing panics under it");
        letters.push((letter.stage.to_string(), number, failed));
    }
}

fn clerk() -> (Letters, Recipient<DeadLetter<Item>>) {
    let letters = Letters::default();
    let clerk = Clerk(Arc::clone(&letters)).start();
    (letters, clerk.recipient())
}

fn read(letters: &Letters) -> Vec<(String, Option<u64>, bool)> {
    letters.lock().expect("nothing panics under it").clone()
}

#[test]
fn items_that_a_stage_failed_at_are_letters_with_or_without_the_item() {
    quiet_panics();
    system(async {
        for copies in [false, true] {
            let (letters, recipient) = clerk();
            let census = Census::new();
            let made = census.clone();
            let mut source = Source::from_iter(0..10u64).map(move |n| made.item(n));
            if copies {
                source = source.retried(RestartPolicy::resume());
            }
            let flow = source
                .dead_letters(recipient)
                .map(|item| assert!(item.number % 4 != 2, "expected: two"))
                .named("picky")
                .supervised(RestartPolicy::resume())
                .count();
            assert_eq!(finished(flow).await.value, Some(8));
            until("the letters", || read(&letters).len() == 2).await;
            let numbers = [2, 6].map(|n| ("picky".to_owned(), copies.then_some(n), true));
            assert_eq!(read(&letters), numbers);
            census.assert_none_alive();
        }
    });
}

#[test]
fn items_in_flight_at_a_cancel_are_letters_each_of_them_once() {
    system(async {
        let (letters, recipient) = clerk();
        let census = Census::new();
        let made = census.clone();
        let flow = Source::from_iter(0..)
            .map(move |n| made.item(n))
            .dead_letters(recipient)
            .map_async(1, |_| std::future::pending::<()>())
            .named("stuck")
            .window(8)
            .count();
        let running = flow.run(&FlowContext::background()).expect("it starts");
        settle().await;
        running.control().cancel("enough");
        let error = failed(running).await;
        let report = error.report().expect("it ran");
        let row = report.stage("stuck").expect("it is a stage");
        assert_eq!(row.discarded, 1);
        let edge = report.edges().iter().find(|edge| &*edge.to == "stuck");
        let lost = edge.map_or(0, |edge| edge.discarded);
        assert!(lost >= 7, "{lost} were discarded on the edge");
        settle().await;
        let letters = read(&letters);
        assert_eq!(letters.len() as u64, lost);
        let numbers: Vec<_> = letters
            .iter()
            .filter_map(|(_, number, _)| *number)
            .collect();
        assert!(numbers.into_iter().eq(1..=lost), "in order: {letters:?}");
        assert!(
            letters
                .iter()
                .all(|(stage, _, failed)| stage == "stuck" && !failed)
        );
        census.assert_none_alive();
    });
}

#[test]
fn letters_of_workers_are_sent_too() {
    quiet_panics();
    system(async {
        let (letters, recipient) = clerk();
        let census = Census::new();
        let made = census.clone();
        let flow = Source::from_iter(0..40u64)
            .map(move |n| made.item(n))
            .retried(RestartPolicy::resume())
            .dead_letters(recipient)
            .map_parallel(2, |item| assert!(item.number != 20, "expected: twenty"))
            .named("crew")
            .count();
        assert_eq!(finished(flow).await.value, Some(39));
        until("the letter", || read(&letters).len() == 1).await;
        let (stage, number, failed) = read(&letters).remove(0);
        assert!(stage.starts_with("crew/"), "{stage}");
        assert_eq!((number, failed), (Some(20), true));
        census.assert_none_alive();
    });
}

#[test]
fn the_hook_sees_each_item_that_the_report_counts_as_discarded() {
    system(async {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        let flow = Source::from_iter(0..100u64)
            .on_discard(move |n| notes.lock().expect("nothing panics under it").push(*n))
            .take_while(|n| *n < 3)
            .count();
        let finished = finished(flow).await;
        let seen = seen.lock().expect("nothing panics under it").clone();
        let edge = &finished.report.edges()[0];
        assert_eq!(seen.len() as u64, edge.discarded);
        assert!(seen.into_iter().eq(4..edge.sent));
    });
}

#[test]
fn a_hook_that_panics_and_an_actor_that_is_gone_keep_nothing_from_ending() {
    quiet_panics();
    system(async {
        let (_, recipient) = clerk();
        let gone = Arbiter::new();
        gone.stop();
        let census = Census::new();
        let made = census.clone();
        let flow = Source::from_iter(0..100u64)
            .map(move |n| made.item(n))
            .on_discard(|_| panic!("expected: the hook"))
            .dead_letters(recipient)
            .take(2)
            .count();
        assert_eq!(finished(flow).await.value, Some(2));
        settle().await;
        census.assert_none_alive();
    });
}

#[test]
fn letters_reach_the_reader_from_every_ending() {
    system(async {
        for end in 0..4 {
            let (letters, recipient) = clerk();
            let census = Census::new();
            let made = census.clone();
            let flow = Source::from_iter(0..)
                .map(move |n| made.item(n))
                .dead_letters(recipient)
                .map_async(1, |_| std::future::pending::<()>())
                .named("stuck")
                .window(4)
                .count()
                .grace(Duration::from_millis(1));
            let running = flow.run(&FlowContext::background()).expect("it starts");
            let control = running.control();
            settle().await;
            match end {
                0 => drop(control.quit()),
                1 => drop(control.abort()),
                2 => drop(control.quit_stage("stuck").expect("it is there")),
                _ => drop(running),
            }
            within("the end", control.finished()).await;
            settle().await;
            let report = control.snapshot();
            report.check().expect("the sums hold");
            let edge = report.edges().iter().find(|edge| &*edge.to == "stuck");
            let lost = edge.map_or(0, |edge| edge.discarded);
            assert_eq!(read(&letters).len() as u64, lost, "ending {end}");
            census.assert_none_alive();
        }
    });
}
