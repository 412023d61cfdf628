//! Rule 6.2 where several futures fail and there is no room to try their items again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix::prelude::*;
use actix_flow::prelude::*;

use crate::kit::{Gate, quiet_panics, system, until, within};
use crate::retry::at_once;

/// Writes down which items were lost.
struct Clerk(Arc<Mutex<Vec<usize>>>);

impl Actor for Clerk {
    type Context = Context<Self>;
}

impl Handler<DeadLetter<usize>> for Clerk {
    type Result = ();

    fn handle(&mut self, letter: DeadLetter<usize>, _: &mut Context<Self>) {
        let mut letters = self.0.lock().expect("nothing panics under it");
        letters.extend(letter.item);
    }
}

/// Of items 0 to 3 the first is in the hands of the sink, which takes no other: 1 and 2 fail when their
/// doors open, 3 waits at its own. Gives the flow with both waiting to be tried again, and the doors,
/// of which the sink's is that of 0.
async fn crowded(ordered: bool, letters: &Arc<Mutex<Vec<usize>>>) -> (Pipeline<()>, [Gate; 4]) {
    let doors: [Gate; 4] = std::array::from_fn(|_| Gate::new());
    let (theirs, tries) = (doors.clone(), Arc::new(Mutex::new(HashMap::new())));
    let work = move |n: usize| {
        let doors = theirs.clone();
        let mut tries = tries.lock().expect("nothing panics under it");
        let tried: &mut u32 = tries.entry(n).or_default();
        *tried += 1;
        let first = *tried == 1;
        async move {
            if n > 0 {
                doors[n].pass().await;
                assert!(!first || n == 3, "expected: the first try of {n}");
            }
            n
        }
    };
    let source = Source::from_iter(0..4usize)
        .retried(at_once())
        .dead_letters(Clerk(Arc::clone(letters)).start().recipient());
    let tried = if ordered {
        source.map_async(4, work)
    } else {
        source.map_async_unordered(4, work)
    };
    let at_sink = doors.clone();
    let flow = tried
        .named("tried")
        .window(4)
        .for_each_async(1, move |_| {
            let doors = at_sink.clone();
            async move { doors[0].pass().await }
        })
        .window(1)
        .run(&FlowContext::background())
        .expect("it starts");
    let control = flow.control();
    let row = || {
        control
            .snapshot()
            .stage("tried")
            .expect("it is a stage")
            .clone()
    };
    until("the sink is full", || row().emitted == 1).await;
    for n in [1, 2] {
        doors[n].open();
        until("it was told to try again", || row().recovered == n as u64).await;
    }
    (flow, doors)
}

#[test]
fn r6_2_items_that_wait_together_to_be_tried_again_all_are() {
    quiet_panics();
    system(async {
        for ordered in [true, false] {
            let (flow, doors) = crowded(ordered, &Arc::default()).await;
            doors[3].open();
            doors[0].open();
            let finished = within("it ends", flow.wait()).await.expect("it completes");
            let row = finished.report.stage("tried").expect("it is a stage");
            assert_eq!((row.received, row.passed, row.recovered), (4, 4, 2));
            finished.report.check().expect("it balances");
        }
    });
}

#[test]
fn r7_3_items_that_wait_together_to_be_tried_again_are_discarded_in_their_order() {
    quiet_panics();
    system(async {
        for quit in [true, false] {
            let letters = Arc::default();
            let (flow, doors) = crowded(false, &letters).await;
            let control = flow.control();
            if quit {
                let gone = control.quit_stage("tried").expect("it is a stage");
                doors[0].open();
                doors[3].open();
                within("it has quit", gone).await;
            } else {
                drop(control.cancel("enough"));
            }
            let finished = within("it ends", flow.wait()).await;
            let report = match finished {
                Ok(finished) => finished.report,
                Err(error) => error.report().expect("it ran").clone(),
            };
            let row = report.stage("tried").expect("it is a stage");
            let done = if quit { 2 } else { 1 };
            assert_eq!((row.received, row.passed), (4, done));
            assert_eq!((row.discarded, row.failed), (4 - done, 0));
            report.check().expect("it balances");
            let expected: &[usize] = if quit { &[1, 2] } else { &[1, 2, 3] };
            let letters: &Mutex<Vec<usize>> = &letters;
            until("they were told of", || {
                let told = letters.lock().expect("nothing panics under it");
                let told = told.iter().filter(|&&n| n > 0);
                told.eq(expected)
            })
            .await;
        }
    });
}
