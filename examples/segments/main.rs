//! Segmented processing: one large file, cut into byte ranges, counted in parallel, put together.
//!
//! In Go one goroutine sends the ranges, a fixed number of workers receive them, and their results
//! are joined in order. Here `segmented` is those three: the cut makes ranges only as the workers
//! can take them, each worker reads its own range, and the join makes one result of all. A word
//! across a boundary counts once.
//!
//! ```text
//! cargo run --release --example segments -- [--jobs N] [--segment BYTES] FILE
//! ```
//!
//! Prints what `LC_ALL=C wc FILE` does: lines, words, bytes. (A word has a printable character, as
//! in GNU coreutils 9.1; some others count runs of control characters as words too. The name is
//! printed as it is, also with a newline in it.)
//!
//! ```text
//!  3  9 42 FILE
//! ```
//!
//! Memory: a small buffer per worker and a result of 32 bytes per segment, whatever the file.

mod count;

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actix_flow::prelude::*;
use clap::Parser;
use count::Count;

/// Counts lines, words and bytes of a file in parallel, as `LC_ALL=C wc` does.
#[derive(Parser)]
struct Options {
    /// How many workers count
    #[arg(long, value_name = "N", default_value_t = 2,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// How long a segment is
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20,
          value_parser = clap::value_parser!(u64).range(1..))]
    segment: u64,
    /// The file to count
    file: PathBuf,
}

fn count(path: &Path, from: u64, bytes: u64) -> io::Result<Count> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut count = Count::default();
    io::copy(&mut file.take(bytes), &mut count)?;
    Ok(count)
}

/// Where each segment begins, and how long it is. The last is open, for files that grow or do not
/// know their size.
fn ranges(size: u64, segment: u64) -> impl Iterator<Item = (u64, u64)> {
    let step = usize::try_from(segment).unwrap_or(usize::MAX);
    let starts = (0..size.max(1)).step_by(step);
    starts.map(move |from| {
        let last = size - from <= segment;
        (from, if last { u64::MAX } else { segment })
    })
}

async fn run(options: &Options) -> Result<(), BoxError> {
    let Options { jobs, segment, .. } = *options;
    let (jobs, path) = (usize::from(jobs), options.file.clone());
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        return Err("not a regular file".into());
    }

    let finished = Source::once(metadata.len())
        .segmented(
            jobs,
            move |size| ranges(size, segment),
            move |(from, bytes)| count(&path, from, bytes),
            |counts| {
                let mut counts = counts.into_iter();
                counts.try_fold(Count::default(), |all, next| Ok(all.then(next?)))
            },
        )
        .named("count")
        .window(2 * jobs)
        .first()
        .run(&FlowContext::background())?
        .wait()
        .await?;
    finished.report.check()?;
    let counted: io::Result<Count> = finished.value.flatten().ok_or("the count got lost")?;

    let Count {
        lines,
        words,
        bytes,
        ..
    } = counted?;
    let width = metadata.len().to_string().len();
    let mut line = format!("{lines:width$} {words:width$} {bytes:width$} ").into_bytes();
    line.extend_from_slice(options.file.as_os_str().as_encoded_bytes());
    line.push(b'\n');
    let printed = io::stdout().write_all(&line);
    printed.map_err(|error| format!("standard output: {error}").into())
}

#[actix::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("segments: {}: {error}", options.file.display());
            ExitCode::FAILURE
        }
    }
}
