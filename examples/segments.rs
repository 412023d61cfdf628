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
//! Memory: a buffer of 64 KiB per worker and a result of 32 bytes per segment, whatever the file.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actix_flow::prelude::*;
use clap::Parser;

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

/// What a stretch of bytes has in it; `opens` and `closes`: a word may reach out of it there.
#[derive(Clone, Copy, Default)]
struct Count {
    lines: u64,
    words: u64,
    bytes: u64,
    spaced: bool,
    opens: bool,
    closes: bool,
}

impl Count {
    fn of(bytes: &[u8]) -> Self {
        let mut count = Self {
            bytes: bytes.len() as u64,
            ..Self::default()
        };
        for byte in bytes {
            match byte {
                b' ' | b'\t'..=b'\r' => {
                    count.lines += u64::from(*byte == b'\n');
                    count.spaced = true;
                    count.closes = false;
                }
                b'!'..=b'~' if !count.closes => {
                    count.words += 1;
                    count.opens |= !count.spaced;
                    count.closes = true;
                }
                _ => {}
            }
        }
        count
    }

    /// This stretch and the one behind it: a word that ends one and begins the other is one word.
    fn then(self, next: Self) -> Self {
        Self {
            lines: self.lines + next.lines,
            words: self.words + next.words - u64::from(self.closes && next.opens),
            bytes: self.bytes + next.bytes,
            spaced: self.spaced || next.spaced,
            opens: self.opens || (!self.spaced && next.opens),
            closes: next.closes || (!next.spaced && self.closes),
        }
    }

    fn read(path: &Path, from: u64, bytes: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut buffer = vec![0; bytes.min(1 << 16) as usize];
        let mut range = file.take(bytes);
        let mut count = Self::default();
        loop {
            match range.read(&mut buffer) {
                Ok(0) => return Ok(count),
                Ok(read) => count = count.then(Self::of(&buffer[..read])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

async fn count(options: &Options, size: u64) -> Result<Count, BoxError> {
    let (segment, path) = (options.segment, options.file.clone());
    let jobs = usize::from(options.jobs);
    let cut = move |size: u64| {
        // The last one is open, for files that grow or do not know their size.
        let ranges = (0..size.max(1)).step_by(usize::try_from(segment).unwrap_or(usize::MAX));
        ranges.map(move |from| {
            (
                from,
                if size - from > segment {
                    segment
                } else {
                    u64::MAX
                },
            )
        })
    };
    let finished = Source::once(size)
        .segmented(
            jobs,
            cut,
            move |(from, bytes)| Count::read(&path, from, bytes),
            |counts| {
                counts
                    .into_iter()
                    .try_fold(Count::default(), |all, next| Ok(all.then(next?)))
            },
        )
        .named("count")
        .window(2 * jobs)
        .first()
        .run(&FlowContext::background())?
        .wait()
        .await?;
    finished.report.check()?;
    let count: io::Result<Count> = finished.value.flatten().ok_or("the count got lost")?;
    Ok(count?)
}

async fn run(options: &Options) -> Result<(), BoxError> {
    let metadata = options.file.metadata()?;
    if !metadata.is_file() {
        return Err("not a regular file".into());
    }
    let Count {
        lines,
        words,
        bytes,
        ..
    } = count(options, metadata.len()).await?;
    let width = metadata.len().to_string().len();
    let mut out = io::stdout().lock();
    write!(out, "{lines:width$} {words:width$} {bytes:width$} ")?;
    out.write_all(options.file.as_os_str().as_encoded_bytes())?;
    Ok(writeln!(out)?)
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
