//! What was done so far, and how stderr shows it.

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use actix_flow::Report;

use crate::walk::Failure;

/// How often a terminal shows the count.
const PERIOD: Duration = Duration::from_millis(100);

/// Counts of the workers, which are of use one by one: nothing is ordered by them.
#[derive(Debug)]
pub(crate) struct Tally {
    files: AtomicU64,
    bytes: AtomicU64,
    errors: AtomicU64,
    start: Instant,
    terminal: bool,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            start: Instant::now(),
            terminal: io::stderr().is_terminal(),
        }
    }

    pub(crate) fn read(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn digested(&self) {
        self.files.fetch_add(1, Relaxed);
    }

    /// Counts a failure, and prints it.
    pub(crate) fn failed(&self, failure: &Failure) {
        self.errors.fetch_add(1, Relaxed);
        self.clear();
        crate::complain(format_args!("{failure}"));
    }

    pub(crate) fn status(&self) -> u8 {
        match self.errors.load(Relaxed) {
            0 => 0,
            _ => crate::INCOMPLETE,
        }
    }

    /// Awaits a future, and meanwhile shows the count if stderr is a terminal.
    pub(crate) async fn shown_during<F: Future>(&self, future: F) -> F::Output {
        if !self.terminal {
            return future.await;
        }
        let mut future = pin!(future);
        loop {
            self.show();
            if let Ok(output) = tokio::time::timeout(PERIOD, &mut future).await {
                self.clear();
                return output;
            }
        }
    }

    pub(crate) fn summarize(&self, report: &Report) {
        crate::complain(format_args!(
            "{}, {:.2?}\n{report}",
            self.counts(),
            self.start.elapsed()
        ));
    }

    fn counts(&self) -> String {
        let [files, bytes, errors] = [&self.files, &self.bytes, &self.errors];
        let [files, bytes, errors] = [files, bytes, errors].map(|count| count.load(Relaxed));
        format!("{files} files, {bytes} bytes, {errors} errors")
    }

    fn show(&self) {
        let _ = write!(io::stderr(), "\r{}\x1b[K", self.counts());
    }

    /// Gives the line of the count back to what is printed next.
    fn clear(&self) {
        if self.terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
