//! The entries of a tree, and which of them are to be digested.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use walkdir::{DirEntry, WalkDir};

/// A file or directory that could not be read.
#[derive(Debug)]
pub(crate) struct Failure {
    path: PathBuf,
    error: io::Error,
}

impl Failure {
    pub(crate) fn new(path: impl Into<PathBuf>, error: io::Error) -> Self {
        let path = path.into();
        Self { path, error }
    }
}

/// The path is quoted: a name may hold line breaks, and each failure is one line.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.path, self.error)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

type Entry = walkdir::Result<DirEntry>;

/// Everything in the tree, `dir` first. Nothing is left out here: each entry is an item, so that
/// the source comes up for air in a tree without regular files too.
pub(crate) fn entries(dir: &Path) -> impl Iterator<Item = Entry> + Send + use<> {
    WalkDir::new(dir).into_iter()
}

/// The path of a regular file, or what is wrong with the entry; `None` for all that is passed over.
pub(crate) fn regular_file(entry: Entry) -> Option<Result<PathBuf, Failure>> {
    let entry = match entry {
        Ok(entry) => entry,
        Err(error) => {
            let path = error.path().unwrap_or(Path::new("")).to_owned();
            let error = error.into_io_error();
            // The walk follows no links, so there is no other kind: a loop.
            let error = error.unwrap_or_else(|| io::Error::other("a link to one of its parents"));
            return Some(Err(Failure::new(path, error)));
        }
    };
    if entry.depth() == 0 {
        return named_by_the_user(entry.into_path()).transpose();
    }
    entry.file_type().is_file().then(|| Ok(entry.into_path()))
}

/// What was asked for by name is followed if it is a link, and an error if it is of no use.
fn named_by_the_user(path: PathBuf) -> Result<Option<PathBuf>, Failure> {
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => Ok(Some(path)),
        Ok(metadata) if metadata.is_dir() => Ok(None),
        Ok(_) => {
            let error = io::Error::other("neither a directory nor a regular file");
            Err(Failure::new(path, error))
        }
        Err(error) => Err(Failure::new(path, error)),
    }
}
