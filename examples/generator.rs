//! Generator: numbers without end, of which only those that somebody asked for are computed.
//!
//! In Go a function starts a goroutine and returns its channel; the goroutine computes one value
//! ahead and hangs when nobody receives it. Here a source computes against credit: `take` asks for
//! no more than it will pass, so as many are computed as are taken, and then the source ends.
//!
//! ```text
//! cargo run --example generator -- [primes|fibonacci] [--take N]
//! ```
//!
//! Prints the numbers, one per line, then the counts; fails if they differ or a number is wrong:
//!
//! ```text
//! 2
//! 3
//! 5
//! computed=3 taken=3
//! ```
//!
//! There are 187 Fibonacci numbers of 128 bits; after those the generator ends by itself.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use actix_flow::prelude::*;
use clap::{Parser, ValueEnum};

/// Takes numbers from a generator that has no end.
#[derive(Parser)]
struct Options {
    /// Which numbers
    #[arg(value_enum, default_value_t = Numbers::Primes)]
    numbers: Numbers,
    /// How many are taken
    #[arg(long, value_name = "N", default_value_t = 10)]
    take: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Numbers {
    Primes,
    Fibonacci,
}

impl Numbers {
    fn generate(self) -> Box<dyn FnMut() -> Option<u128> + Send> {
        match self {
            Self::Primes => {
                let mut found: Vec<u128> = Vec::new();
                Box::new(move || {
                    let next = found.last().map_or(2, |last| last + 1);
                    let prime = (next..).find(|n| {
                        let mut divisors = found.iter().take_while(|d| *d * *d <= *n);
                        divisors.all(|d| !n.is_multiple_of(*d))
                    })?;
                    found.push(prime);
                    Some(prime)
                })
            }
            Self::Fibonacci => {
                let (mut this, mut next) = (Some(0u128), Some(1u128));
                Box::new(move || {
                    let number = this?;
                    let sum = next.and_then(|next| next.checked_add(number));
                    (this, next) = (next, sum);
                    Some(number)
                })
            }
        }
    }

    /// Whether a number is right, told from nothing but those before it.
    fn follows(self, number: u128, last: u128, before: u128) -> bool {
        match self {
            Self::Primes => {
                let prime = |n: &u128| {
                    (2..)
                        .take_while(|d| d * d <= *n)
                        .all(|d| !n.is_multiple_of(d))
                };
                (last + 1..=number).filter(prime).eq([number])
            }
            Self::Fibonacci => number == last + before,
        }
    }
}

#[actix::main]
async fn main() -> Result<ExitCode, BoxError> {
    let Options { numbers, take } = Options::parse();
    let computed = Arc::new(AtomicU64::new(0));

    let counter = Arc::clone(&computed);
    let first = (1, 0);
    let (taken, _, right) = Source::unfold(numbers.generate(), move |generate| {
        let number = generate()?;
        counter.fetch_add(1, SeqCst);
        Some(number)
    })
    .named("generator")
    .take(take)
    .try_map(|number| writeln!(io::stdout(), "{number}").map(|()| number))
    .named("print")
    .fold(
        (0, first, true),
        move |(taken, (last, before), right), number| {
            let follows = taken == 0 || numbers.follows(number, last, before);
            (taken + 1, (number, last), right && follows)
        },
    )
    .run(&FlowContext::background())?
    .await?;

    let computed = computed.load(SeqCst);
    writeln!(io::stdout(), "computed={computed} taken={taken}")?;
    Ok(if right && computed == taken {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
