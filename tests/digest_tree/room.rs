//! A tree to digest.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::running::{Ran, Running};

/// Longer than any test has time to digest.
const ENDLESS: u64 = 1 << 40;

/// Cargo builds the examples before it runs all tests, but not for `--test digest_tree` alone.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program = profile.join("examples/digest_tree");
    let hint = "is not built: cargo build --example digest_tree";
    assert!(program.exists(), "{} {hint}", program.display());
    program
}

/// A directory of one test, gone after it.
pub(crate) struct Room(PathBuf);

impl Room {
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("digest_tree-{test}-{}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(path.join("t")).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.0.join(name.as_ref())
    }

    /// Puts files into the room, each with a content of its own.
    pub(crate) fn files(self, names: &[&[u8]]) -> Self {
        for name in names {
            let path = self.path(OsStr::from_bytes(name));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        self
    }

    pub(crate) fn many_files(self, count: usize) -> Self {
        let names: Vec<_> = (0..count)
            .map(|n| format!("t/{}/{n}", n % 50).into_bytes())
            .collect();
        let names: Vec<_> = names.iter().map(Vec::as_slice).collect();
        self.files(&names)
    }

    /// A file that is digested until somebody intervenes.
    pub(crate) fn endless_file(&self) -> PathBuf {
        let path = self.path("t/endless");
        File::create(&path).unwrap().set_len(ENDLESS).unwrap();
        path
    }

    /// A file and a directory that no user can open, `root` neither: their paths are too long.
    /// They come from a shorter place.
    pub(crate) fn unreadable(self) -> Self {
        let half = [&*"d".repeat(200); 10].join("/");
        let (short, long) = (self.path("short"), self.path("t").join(&half));
        fs::create_dir_all(&long).unwrap();
        let bottom = short.join(&half);
        fs::create_dir_all(bottom.join("d".repeat(200))).unwrap();
        fs::write(bottom.join("f".repeat(200)), "out of reach").unwrap();
        fs::rename(short, long.join("d")).unwrap();
        self
    }

    pub(crate) fn command(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.0);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(program(), arguments);
        Running::new(command.stdout(Stdio::piped()))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.start(arguments).end()
    }

    pub(crate) fn shell(&self, script: &str) -> Ran {
        let mut command = self.command("sh", &["-c", script]);
        let ran = Running::new(command.stdout(Stdio::piped())).end();
        assert!(ran.status.success(), "{script}: {}", ran.stderr);
        ran
    }

    /// What `sha256sum` prints for the files below `dir`, in the order of their paths' bytes.
    pub(crate) fn expected(&self, dir: &str) -> String {
        let sorted = format!("find {dir} -type f -print0 | LC_ALL=C sort -z");
        self.shell(&format!("{sorted} | xargs -0 sha256sum")).stdout
    }

    /// Whether `sha256sum -c` finds every file as listed.
    pub(crate) fn check(&self, dir: &str, status: i32) {
        let program = program();
        let digest = format!("'{}' {dir} >sums; test $? = {status}", program.display());
        self.shell(&format!("{digest} && sha256sum -c --strict --quiet sums"));
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
