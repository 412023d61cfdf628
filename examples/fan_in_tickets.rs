//! Fan-in as a serialiser: many buyers ask at once, one actor sells, and no seat is sold twice.
//!
//! In Go the requests of many goroutines go into one channel, and the one goroutine that reads it
//! owns the seats, so that it needs no lock. Here every buyer is a source of its own (from 1,000
//! on they stand in as many queues), the sources run on four threads, `merge_all` is the
//! aggregator, and the office behind it owns the seats.
//!
//! ```text
//! cargo run --example fan_in_tickets -- --seats 100 --buyers 1000
//! ```
//!
//! Prints one line, and fails if a seat was sold twice or a buyer got no answer:
//!
//! ```text
//! sold=100 refused=900 oversold=0
//! ```

use std::io::{self, Write as _};
use std::process::ExitCode;

use actix::Arbiter;
use actix_flow::prelude::*;
use clap::Parser;

/// Sells seats to many buyers at once, each seat once.
#[derive(Parser)]
struct Options {
    /// How many seats there are
    #[arg(long, value_name = "N", default_value_t = 100)]
    seats: u64,
    /// How many buyers ask for one seat each, up to 1,000,000,000
    #[arg(long, value_name = "M", default_value_t = 1000,
          value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
    buyers: u64,
}

const TOWNS: usize = 4;
const QUEUES: u64 = 1000;

/// The answer to a buyer: a seat, or none.
struct Answer(Option<u64>);

/// What the audit counts.
#[derive(Default)]
struct Audit {
    sold: u64,
    refused: u64,
    oversold: u64,
    next_seat: u64,
}

impl Audit {
    /// Seats are handed out in their order: one that comes again, or is not there, is oversold.
    fn enter(mut self, Answer(seat): Answer, seats: u64) -> Self {
        match seat {
            None => self.refused += 1,
            Some(seat) => {
                self.sold += 1;
                self.oversold += u64::from(seat < self.next_seat || seat >= seats);
                self.next_seat = seat + 1;
            }
        }
        self
    }
}

#[actix::main]
async fn main() -> Result<ExitCode, BoxError> {
    let Options { seats, buyers } = Options::parse();
    let towns: Vec<Arbiter> = (0..TOWNS).map(|_| Arbiter::new()).collect();

    let queues = (0..buyers.min(QUEUES)).zip(towns.iter().cycle());
    let requests = queues.map(|(first, town)| {
        let queue = (first..buyers).step_by(QUEUES as usize);
        Source::from_iter(queue).on(town.handle())
    });
    let finished = Source::merge_all(requests)
        .scan(0, move |next_seat, _buyer| {
            let seat = Some(*next_seat).filter(|seat| *seat < seats);
            *next_seat += u64::from(seat.is_some());
            Some(Answer(seat))
        })
        .named("office")
        .fold(Audit::default(), move |audit, answer| {
            audit.enter(answer, seats)
        })
        .named("audit")
        .run(&FlowContext::background())?
        .wait()
        .await?;

    for town in towns {
        town.stop();
        let _ = town.join();
    }
    let audit = finished.value.unwrap_or_default();
    writeln!(
        io::stdout(),
        "sold={} refused={} oversold={}",
        audit.sold,
        audit.refused,
        audit.oversold
    )?;

    let balanced = finished.report.check().is_ok();
    let right = audit.oversold == 0
        && audit.sold == seats.min(buyers)
        && audit.sold + audit.refused == buyers;
    Ok(if balanced && right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
