//! What the command line asks for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::thread;

use lexopt::prelude::*;

pub(crate) const USAGE: &str =
    "usage: digest_tree DIR [--jobs N] [--window N] [--fail-fast] (--help tells more)";

pub(crate) const HELP: &str = "\
Prints the SHA-256 digests of the regular files in a tree, as sha256sum does.

usage: digest_tree DIR [--jobs N] [--window N] [--fail-fast]

  DIR          the tree, or a single file; links in it are not followed
  --jobs N     digest N files at a time (default: one per processor)
  --window N   let at most N files be on their way between walk and list
               (default: 16 per job)
  --fail-fast  stop at the first file that cannot be read, and print no digests
  --help       print this
";

/// Files on their way per job where nothing is said.
///
/// A wake of another thread costs more than the digest of a small file, and files that are on their
/// way together share it. But those a worker was given wait for the one it reads, however large
/// that is; for few large files the best window is one per job.
const WINDOW_PER_JOB: usize = 16;

/// Each job is a thread; where the system has no room for so many it ends the process.
const MOST_JOBS: usize = 1024;

pub(crate) enum Request {
    Digest(Arguments),
    Help,
}

pub(crate) struct Arguments {
    pub(crate) dir: PathBuf,
    pub(crate) jobs: usize,
    pub(crate) window: usize,
    pub(crate) fail_fast: bool,
}

pub(crate) fn parse() -> Result<Request, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let (mut dir, mut jobs, mut window, mut fail_fast) = (None, None, None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("jobs") | Short('j') => jobs = Some(count("--jobs", &parser.value()?)?),
            Long("window") => window = Some(count("--window", &parser.value()?)?),
            Long("fail-fast") => fail_fast = true,
            Long("help") | Short('h') => return Ok(Request::Help),
            Value(value) if dir.is_none() => dir = Some(PathBuf::from(value)),
            _ => return Err(argument.unexpected()),
        }
    }
    let dir = dir.ok_or("DIR is missing")?;
    let jobs = match jobs {
        Some(jobs) => jobs,
        None => thread::available_parallelism().map_or(1, |n| n.get().min(MOST_JOBS)),
    };
    if jobs > MOST_JOBS {
        return Err(format!("--jobs {jobs} is more than {MOST_JOBS}").into());
    }
    let window = window.unwrap_or_else(|| jobs * WINDOW_PER_JOB);
    if window < jobs {
        return Err(format!("--window {window} is less than the {jobs} jobs").into());
    }
    Ok(Request::Digest(Arguments {
        dir,
        jobs,
        window,
        fail_fast,
    }))
}

fn count(option: &str, value: &OsString) -> Result<usize, lexopt::Error> {
    let number = value.to_str().and_then(|value| value.parse().ok());
    match number {
        Some(0) | None => {
            Err(format!("{option} needs a number from 1 on, {value:?} is none").into())
        }
        Some(number) => Ok(number),
    }
}
