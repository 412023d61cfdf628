//! Hubs: a room that speakers and listeners join and leave while it runs.
//!
//! In Go a channel is handed to whoever wants to send into it or to range over it, a WaitGroup counts
//! the senders so that somebody can close it, and a value goes to one of the readers only. Here
//! speakers end their flow in a `MergeHub`, listeners begin theirs with a `BroadcastHub`, and the room
//! is one flow between them. It waits for a listener that asks for that, and counts what one that is
//! asleep has lost.
//!
//! ```text
//! cargo run --example hub -- [--speakers N] [--lines M]
//! ```
//!
//! Prints what was heard, and fails if a line was lost that nobody gave up:
//!
//! ```text
//! morning: 3 speakers said 30 lines, all were heard in order
//! evening: 3 speakers said 30 lines, all were heard in order
//! who came for the evening heard 30 lines, the first of the evening first
//! who slept has heard or lost all 60
//! closed: a speaker who came too late was refused
//! ```

use std::io::{self, Write as _};
use std::process::ExitCode;

use actix_flow::prelude::*;
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _};

/// Lets speakers and listeners join and leave a room.
#[derive(Parser)]
struct Options {
    /// How many speak in the morning, and how many in the evening
    #[arg(long, value_name = "N", default_value_t = 3)]
    speakers: u16,
    /// How many lines each of them says
    #[arg(long, value_name = "M", default_value_t = 10)]
    lines: u16,
}

/// What a speaker says: in which part of the day, who, and how many lines went before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    part: usize,
    speaker: u16,
    number: u16,
}

/// Whether each speaker's lines are there in their order.
fn in_order(lines: &[Line]) -> bool {
    let mut sorted = lines.to_vec();
    sorted.sort_by_key(|line| line.speaker);
    sorted.is_sorted()
}

#[actix::main]
async fn main() -> Result<ExitCode, BoxError> {
    let Options { speakers, lines } = Options::parse();
    let ctx = FlowContext::background();
    let spoken = usize::from(speakers) * usize::from(lines);
    let mut right = true;

    let (stage, voices) = Source::<Line>::merge_hub(16);
    let (hall, room) = voices.broadcast_hub(16);
    let mut record = hall.subscribe(Lag::Wait).run_stream(&ctx)?;
    let (sleeper, asleep) = hall.subscribe(Lag::DropOldest).into_stream();
    let asleep = asleep.window(1).run(&ctx)?;
    let room = room.run(&ctx)?;

    let mut evening = None;
    for (part, name) in ["morning", "evening"].into_iter().enumerate() {
        if part == 1 {
            evening = Some(hall.subscribe(Lag::Wait).collect::<Vec<_>>().run(&ctx)?);
        }
        for speaker in 0..speakers {
            let says = move |number| Line {
                part,
                speaker,
                number,
            };
            let says = Source::from_iter((0..lines).map(says));
            // It leaves when it has said all.
            says.into_hub(&stage).run(&ctx)?.detach();
        }
        let heard: Vec<_> = record.by_ref().take(spoken).try_collect().await?;
        right &= heard.len() == spoken && in_order(&heard);
        writeln!(
            io::stdout(),
            "{name}: {speakers} speakers said {spoken} lines, all were heard in order"
        )?;
    }

    stage.close();
    let refused = Source::empty().into_hub(&stage).run(&ctx).is_err();
    room.await?;
    right &= record.next().await.is_none();

    let evening = match evening {
        Some(evening) => evening.await?,
        None => Vec::new(),
    };
    right &= evening.len() == spoken && evening.iter().all(|line| line.part == 1);
    writeln!(
        io::stdout(),
        "who came for the evening heard {} lines, the first of the evening first",
        evening.len()
    )?;

    let heard = sleeper.count().await as u64;
    asleep.await?;
    right &= heard + hall.lost() == 2 * spoken as u64;
    writeln!(
        io::stdout(),
        "who slept has heard or lost all {}",
        heard + hall.lost()
    )?;

    right &= refused;
    writeln!(
        io::stdout(),
        "closed: a speaker who came too late was refused"
    )?;
    Ok(if right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
