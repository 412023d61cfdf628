//! Close: the sending side says "no more values", and loses none of those it has sent.
//!
//! In Go `close(ch)` ends the receiver's `range` behind the last value; to send on a closed channel,
//! or to close it twice, panics. Here an inlet is closed: what was accepted is delivered first, a
//! later send gives its value back, and a second close changes nothing.
//!
//! ```text
//! cargo run --example close -- [--values N]
//! ```
//!
//! Prints what was sent and what arrived, the value that came back, and how the flow ended; fails
//! if a value was lost:
//!
//! ```text
//! sent=1000 arrived=1000 in order
//! after close: 1000 came back
//! ending: completed
//! ```

use std::io::{self, Write as _};
use std::process::ExitCode;

use actix_flow::prelude::*;
use clap::Parser;

/// Sends values into a flow, closes it, and counts what arrives.
#[derive(Parser)]
struct Options {
    /// How many values are sent before the close
    #[arg(long, value_name = "N", default_value_t = 1000)]
    values: u64,
}

#[actix::main]
async fn main() -> Result<ExitCode, BoxError> {
    let Options { values } = Options::parse();

    let (inlet, source) = Source::inlet(16);
    let flow = source
        .map_async(4, async |value: u64| {
            // Slower than the sender: the close finds values in flight.
            tokio::task::yield_now().await;
            value
        })
        .named("slow")
        .fold(0, |next, value| next + u64::from(value == next))
        .named("arrived")
        .run(&FlowContext::background())?;

    for value in 0..values {
        inlet.send(value).await?;
    }
    inlet.close();
    inlet.close();
    let refused = inlet.send(values).await.map_err(InletError::into_value);

    let finished = flow.wait().await?;
    let arrived = finished.value.unwrap_or_default();
    let mut out = io::stdout().lock();
    writeln!(out, "sent={values} arrived={arrived} in order")?;
    match refused {
        Err(value) => writeln!(out, "after close: {value} came back")?,
        Ok(()) => writeln!(out, "after close: a value was taken")?,
    }
    writeln!(out, "ending: {}", finished.ending)?;

    finished.report.check()?;
    Ok(if arrived == values && refused == Err(values) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
