//! Quit: the receiving side says "I need no more", and is told when the other has cleaned up.
//!
//! In Go's talk one quit channel makes a round trip: "Bye!" there, "See you!" back. With several
//! senders one value per sender must be sent, and with too few the rest hang for ever. Here a
//! stage is quit by its name, and a group by one signal per stage; with too few signals the
//! rest run on, the flow still names them, and another signal, or the drop of the handle, ends
//! them.
//!
//! ```text
//! cargo run --example quit
//! ```
//!
//! Prints, and fails if a stage stopped without a signal or did not clean up before the answer:
//!
//! ```text
//! one: heard 5 times, Bye! ... joe has cleaned up
//! several: 3 signals stopped 3 of 3, the flow completed
//! too few: 2 signals stopped 2 of 3, still running: repeat_with-3
//! all: stopped 3 of 3, the flow completed
//! ```

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use actix_flow::prelude::*;
use clap::Parser;
use futures::StreamExt as _;

/// Quits one stage, several, and too few.
#[derive(Parser)]
struct Options {}

const SPEAKERS: usize = 3;

/// Counts the speakers that have cleaned up.
#[derive(Clone, Default)]
struct Desk(Arc<AtomicUsize>);

/// What a speaker cleans up when it is dropped.
struct Microphone(Desk);

impl Drop for Microphone {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, SeqCst);
    }
}

impl Desk {
    fn back(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// A source that never ends by itself.
    fn speaker(&self) -> Source<&'static str> {
        let microphone = Microphone(self.clone());
        Source::repeat_with(move || {
            let _in_use = &microphone;
            "blah"
        })
    }

    fn speakers(&self) -> Source<&'static str> {
        Source::merge_all((0..SPEAKERS).map(|_| self.speaker().group("speakers")))
    }
}

/// The sources of the flow that have not ended.
fn running(control: &Control) -> Vec<Arc<str>> {
    let report = control.snapshot();
    let rows = report.stages().iter();
    rows.filter(|row| row.verb == "repeat_with" && row.ending.is_none())
        .map(|row| Arc::clone(&row.name))
        .collect()
}

#[actix::main]
async fn main() -> Result<ExitCode, BoxError> {
    let Options {} = Options::parse();
    let ctx = FlowContext::background();

    let desk = Desk::default();
    let mut talk = desk.speaker().named("joe").run_stream(&ctx)?;
    let control = talk.control().ok_or("the flow runs")?;
    let heard = talk.by_ref().take(5).count().await;
    control.quit_stage("joe")?.await;
    let one = desk.back() == 1;
    writeln!(
        io::stdout(),
        "one: heard {heard} times, Bye! ... joe has cleaned up"
    )?;
    drop(talk);

    let desk = Desk::default();
    let flow = desk.speakers().drain().run(&ctx)?;
    let mut several = true;
    for signals in 1..=SPEAKERS {
        flow.control().quit_one("speakers")?.await;
        several &= desk.back() == signals;
    }
    let stopped = desk.back();
    let ending = flow.wait().await?.ending;
    writeln!(
        io::stdout(),
        "several: {SPEAKERS} signals stopped {stopped} of {SPEAKERS}, the flow {ending}"
    )?;

    let desk = Desk::default();
    let flow = desk.speakers().drain().run(&ctx)?;
    let control = flow.control();
    for _ in 1..SPEAKERS {
        control.quit_one("speakers")?.await;
    }
    let (stopped, left) = (desk.back(), running(&control));
    let few = stopped == SPEAKERS - 1 && left.len() == 1 && !control.is_finished();
    writeln!(
        io::stdout(),
        "too few: {} signals stopped {stopped} of {SPEAKERS}, still running: {}",
        SPEAKERS - 1,
        left.join(", ")
    )?;

    control.quit_all("speakers")?.await;
    let all = desk.back() == SPEAKERS;
    let ending = flow.wait().await?.ending;
    writeln!(
        io::stdout(),
        "all: stopped {} of {SPEAKERS}, the flow {ending}",
        desk.back()
    )?;

    Ok(if one && several && few && all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
