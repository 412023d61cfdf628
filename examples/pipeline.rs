//! The first program of Go's pipelines article: numbers, squared, printed.
//!
//! In Go each stage is a goroutine between two channels: `gen` sends the numbers, `sq` receives,
//! squares and sends, `main` receives and prints. Here each stage is an actor between two bounded
//! edges, and "the channel is closed" is the end of the flow.
//!
//! ```text
//! cargo run --example pipeline -- [NUMBER]...
//! ```
//!
//! Prints the square of each number, one per line and in order; of 2 and 3 if none is given:
//!
//! ```text
//! 4
//! 9
//! ```

use std::io::{self, Write as _};
use std::process::ExitCode;

use actix_flow::prelude::*;
use clap::Parser;

/// Squares numbers in a pipeline of three actors.
#[derive(Parser)]
struct Options {
    /// The numbers to square
    #[arg(value_name = "NUMBER", default_values_t = [2, 3], allow_negative_numbers = true)]
    numbers: Vec<i64>,
}

#[actix::main]
async fn main() -> Result<ExitCode, PipelineError> {
    let Options { numbers } = Options::parse();

    let printed: Vec<i128> = Source::from_iter(numbers.clone())
        .map(i128::from)
        .map(|n| n * n)
        .named("square")
        .try_map(|n| writeln!(io::stdout(), "{n}").map(|()| n))
        .named("print")
        .collect()
        .run(&FlowContext::background())?
        .await?;

    let expected = numbers.iter().map(|&n| i128::from(n).pow(2));
    Ok(if printed.into_iter().eq(expected) {
        ExitCode::SUCCESS
    } else {
        eprintln!("pipeline: what was printed is not the squares in their order");
        ExitCode::FAILURE
    })
}
