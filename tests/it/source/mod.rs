//! The project's own text, as tests read it.

mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) use tokens::{Token, tokens};

/// One file of the project.
pub(crate) struct File {
    /// Its path from the root of the project, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of a folder of the project, by path.
pub(crate) fn files(folder: &str) -> Vec<File> {
    let mut folders = vec![root().join(folder)];
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("its entries").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    assert!(!paths.is_empty(), "no file in {folder}");
    paths.iter().map(|path| file(path)).collect()
}

fn file(path: &Path) -> File {
    let from_root = path.strip_prefix(root()).expect("it is below the root");
    let names = from_root
        .iter()
        .map(|name| name.to_str().expect("a plain name"));
    File {
        path: names.collect::<Vec<_>>().join("/"),
        text: fs::read_to_string(path).expect("it can be read"),
    }
}
