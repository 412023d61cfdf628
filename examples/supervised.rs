//! Supervision: a tree of an actor and a flow that feeds it, a crash, and both made anew.
//!
//! Go has no supervisor: a goroutine that panics takes the program down, and one that is to be started
//! again is a loop somebody writes. Here a ledger, an actor, and an import, a flow that asks it to book
//! each amount, are children of one supervisor. The ledger panics at an amount. Its address stays, its
//! state does not; so the import, which was started after it, is run from the start again
//! (`RestForOne`), and no amount is booked twice.
//!
//! ```text
//! cargo run --example supervised
//! ```
//!
//! Prints, and fails if an amount was lost or booked twice:
//!
//! ```text
//! 20 amounts booked, together 210
//! bank: supervisor, running
//!   ledger: actor, running, 1 restart, last: stage `bank/ledger` panicked: 13 again
//!   import: flow, running, 1 restart
//! the tree is gone: quit
//! ```

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use actix::prelude::*;
use actix_flow::prelude::*;
use clap::Parser;
use tokio::sync::watch;

/// Restarts an actor that crashes, and the flow that depends on it.
#[derive(Parser)]
struct Options {}

const AMOUNTS: u64 = 20;

/// How many amounts were booked, and what they are together.
#[derive(Clone, Copy, Default)]
struct Balance {
    booked: u64,
    total: u64,
}

/// Books amounts, and shows the balance.
struct Ledger {
    balance: Balance,
    shown: watch::Sender<Balance>,
    superstitious: Arc<AtomicBool>,
}

impl Actor for Ledger {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Book(u64);

impl Handler<Book> for Ledger {
    type Result = ();

    fn handle(&mut self, Book(amount): Book, _: &mut Context<Self>) {
        // Once: the flag is not part of the state that is made anew.
        if amount == 13 && self.superstitious.swap(false, SeqCst) {
            panic!("13 again");
        }
        self.balance.booked += 1;
        self.balance.total += amount;
        self.shown.send_replace(self.balance);
    }
}

#[actix::main]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    Options::parse();
    // The tree says what happened; the usual hook would print it beside.
    std::panic::set_hook(Box::new(|_| {}));

    let bank = SupervisorSpec::new()
        .named("bank")
        .strategy(Strategy::RestForOne)
        .start(&FlowContext::background())?;
    let careful = |name: &str| ChildSpec::from(name).supervised(RestartPolicy::restart());

    let (shown, mut balance) = watch::channel(Balance::default());
    let superstitious = Arc::new(AtomicBool::new(true));
    let ledger = bank.start_actor(careful("ledger"), move |_| Ledger {
        balance: Balance::default(),
        shown: shown.clone(),
        superstitious: Arc::clone(&superstitious),
    })?;
    // After its last amount it waits, so that the tree shows it.
    bank.run_with(careful("import"), move |_| {
        Source::from_iter(1..=AMOUNTS)
            .map(Book)
            .ask(ledger.clone().recipient(), 1)
            .concat(Source::from_stream(futures::stream::pending()))
            .drain()
    })?;

    let last = *balance
        .wait_for(|balance| balance.booked == AMOUNTS)
        .await?;
    let tree = bank.tree();
    let mut out = io::stdout();
    writeln!(
        out,
        "{} amounts booked, together {}",
        last.booked, last.total
    )?;
    write!(out, "{tree}")?;

    bank.quit();
    let tree = bank.wait().await?;
    let ending = tree.rows()[0].ending.as_ref().map(ToString::to_string);
    writeln!(out, "the tree is gone: {}", ending.unwrap_or_default())?;

    let restarted = tree.rows()[1..].iter().all(|row| row.restarts == 1);
    let right = last.total == (1..=AMOUNTS).sum();
    Ok(if restarted && right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
