//! Bounded parallel digesting of a tree: `MD5All` of the Go blog's "Pipelines and cancellation"
//! (<https://go.dev/blog/pipelines>), with SHA-256, in memory that does not grow with the files.
//!
//! ```text
//! cargo run --release --example digest_tree -- .
//! cargo run --release --example digest_tree -- . >sums && sha256sum -c --quiet sums
//! ```
//!
//! ```text
//!               jobs workers, each with one buffer
//! walk -> files -> digest/1 .. digest/n -> failures -> list       then: sort, print
//! ```
//!
//! What travels is paths and digests. A worker reads the file itself, chunk by chunk, and looks at
//! its context in between, so that Ctrl-C stops it in the middle of a file of any size. A file that
//! cannot be read is an item like any other up to the stage `failures`, which prints it. With
//! `--fail-fast` the worker cancels the flow at once: a failure that travels would wait behind the
//! results before it. Results travel as they come, the list is sorted at the end.
//!
//! It prints a line per regular file as `sha256sum` does, sorted by path; on stderr what could not
//! be read, a count while it works if that is a terminal, and at the end a summary and the report:
//!
//! ```text
//! $ digest_tree examples >/dev/null
//! digest_tree: 6 files, 25134 bytes, 0 errors, 2.31ms
//! flow `digest_tree`: completed, 2.20ms
//!
//! stage           received  passed  failed  discarded  emitted ..
//! walk                   0       0       0          0        8 ..
//! files                  8       8       0          0        6 ..
//! digest                24      24       0          0       24 ..
//! ..
//! ```
//!
//! The exit status is 0 if every file was digested, 1 if not, 2 after bad arguments, 130 after
//! Ctrl-C and 143 after SIGTERM. A closed output pipe ends it with 0.

mod arguments;
mod digester;
mod listing;
mod tally;
mod walk;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use actix_flow::prelude::*;
use futures::channel::oneshot;

use arguments::{Arguments, Request};
use digester::{Digested, Digester};
use listing::Listing;
use tally::Tally;
use walk::Failure;

/// Not everything could be digested.
const INCOMPLETE: u8 = 1;
/// The arguments make no sense.
const MISUSED: u8 = 2;

#[actix::main]
async fn main() -> ExitCode {
    env_logger::init();
    let status = match arguments::parse() {
        Ok(Request::Digest(arguments)) => match digest_tree(&arguments).await {
            Ok(status) => status,
            Err(error) => {
                complain(format_args!("{error}"));
                INCOMPLETE
            }
        },
        Ok(Request::Help) => match io::stdout().write_all(arguments::HELP.as_bytes()) {
            Ok(()) => 0,
            Err(error) => output_status(&error),
        },
        Err(error) => {
            complain(format_args!("{error}\n{}", arguments::USAGE));
            MISUSED
        }
    };
    ExitCode::from(status)
}

/// A message on stderr. Unlike `eprintln!` it does not panic where nobody reads that.
fn complain(message: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "digest_tree: {message}");
}

/// Everything that happens to a path on its way to the list. The first failure uses `cancel`, if
/// there is one.
fn blueprint(
    arguments: &Arguments,
    tally: &Arc<Tally>,
    cancel: Option<CancelHandle>,
) -> Blueprint<Vec<Digested>> {
    let (of_workers, of_failures) = (Arc::clone(tally), Arc::clone(tally));
    Source::from_iter(walk::entries(&arguments.dir))
        .named("walk")
        .filter_map(walk::regular_file)
        .named("files")
        .map_parallel_unordered_with(arguments.jobs, move |context| {
            let mut digester = Digester::new(context, &of_workers, cancel.as_ref());
            move |file| digester.digest(file)
        })
        .named("digest")
        .window(arguments.window)
        .filter_map(move |file| file.map_err(|failure| of_failures.failed(&failure)).ok())
        .named("failures")
        .collect()
        .named("list")
        .flow_named("digest_tree")
}

async fn digest_tree(arguments: &Arguments) -> Result<u8, BoxError> {
    let signals = FlowContext::until_signal()?;
    let (context, cancel) = signals.with_cancel();
    let tally = Arc::new(Tally::new());
    let cancel = arguments.fail_fast.then_some(cancel);
    let flow = blueprint(arguments, &tally, cancel).run(&context)?;
    let outcome = tally.shown_during(flow.wait()).await;

    // A signal that comes late still finds stdout empty.
    let signal = signal_status(&signals);
    let (list, report, status) = match outcome {
        Ok(finished) => {
            let list = finished.value.filter(|_| signal.is_none());
            (list, finished.report, tally.status())
        }
        Err(error) => {
            if let Some(failure) = failure(&error) {
                tally.failed(failure);
            } else if signal.is_none() {
                complain(format_args!("{error}"));
            }
            let Some(report) = error.report().cloned() else {
                return Err(error.into());
            };
            (None, report, INCOMPLETE)
        }
    };
    let status = match list {
        None => status,
        Some(list) => match print(list, &signals).await {
            Ok(()) => status,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
            Err(error) => output_status(&error),
        },
    };
    tally.summarize(&report);
    Ok(signal_status(&signals).unwrap_or(status))
}

/// What the shell expects of a program that a signal ended, if one has.
fn signal_status(signals: &FlowContext) -> Option<u8> {
    match signals.cause()? {
        Cause::Cancelled(signal) if &*signal == "SIGTERM" => Some(143),
        _ => Some(130),
    }
}

/// The file at which `--fail-fast` stopped the flow.
fn failure(error: &PipelineError) -> Option<&Failure> {
    match error.cause()? {
        Cause::Failed { error, .. } => error.downcast_ref(),
        _ => None,
    }
}

/// Who closed the pipe has seen enough; any other failure to write leaves the list incomplete.
fn output_status(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return 0;
    }
    complain(format_args!("standard output: {error}"));
    INCOMPLETE
}

/// Prints the list on a thread of its own: a pipe nobody reads from must not keep a signal out.
async fn print(list: Vec<Digested>, signals: &FlowContext) -> io::Result<()> {
    let (done, printed) = oneshot::channel();
    thread::spawn(move || {
        let _ = done.send(Listing::new(list).write(io::stdout().lock()));
    });
    match signals.run_until(printed).await {
        Ok(Ok(printed)) => printed,
        Ok(Err(_)) => Err(io::Error::other("the printing thread panicked")),
        Err(_) => Ok(()),
    }
}
