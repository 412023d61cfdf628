//! A program that runs, and what it printed.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what must happen.
const LIMIT: Duration = Duration::from_secs(60);

/// How a program ended, and what it printed, a char per byte.
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The lines that tell of a file.
    pub(crate) fn failures(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines.filter(|l| l.starts_with("digest_tree: \"")).collect()
    }

    pub(crate) fn paths(&self) -> Vec<&str> {
        self.stdout.lines().map(|line| &line[66..]).collect()
    }

    #[track_caller]
    pub(crate) fn assert_ended(&self, status: i32) {
        assert_eq!(self.status.code(), Some(status), "{}", self.stderr);
    }

    #[track_caller]
    pub(crate) fn assert_reported(&self) {
        assert!(self.stderr.contains("digest/1"), "{}", self.stderr);
    }
}

/// Bytes as chars, so that none is lost.
fn lossless(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

pub(crate) struct Running {
    pub(crate) child: Child,
    stderr: Receiver<String>,
}

fn read_all(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        let _ = sender.send(lossless(&bytes));
    });
    receiver
}

impl Running {
    pub(crate) fn new(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stderr = read_all(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    /// Waits for the end; what stdout still has is read if nobody took it.
    pub(crate) fn end(mut self) -> Ran {
        let stdout = self.child.stdout.take().map(read_all);
        let stdout = stdout.map(|stdout| stdout.recv_timeout(LIMIT).expect("the end of stdout"));
        let stderr = self.stderr.recv_timeout(LIMIT).expect("the end of stderr");
        Ran {
            status: self.child.wait().unwrap(),
            stdout: stdout.unwrap_or_default(),
            stderr,
        }
    }

    /// Reads the first line of stdout, and leaves the rest in the pipe.
    pub(crate) fn first_line(&mut self) -> (String, impl Read + use<>) {
        let mut stdout = BufReader::with_capacity(1, self.child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        (line, stdout)
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let mut kill = Command::new("sh");
        let kill = kill.args(["-c", "kill -s \"$0\" \"$1\"", name, &pid]);
        assert!(kill.status().unwrap().success());
    }

    /// The most memory it had so far, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
        peak.unwrap().parse().unwrap()
    }

    /// Waits until the program has opened a file.
    pub(crate) fn opens(&self, path: &Path) {
        let start = Instant::now();
        let open = || {
            let files = fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
            let mut files = files.map_while(Result::ok);
            files.any(|file| fs::read_link(file.path()).is_ok_and(|open| open == path))
        };
        while !open() {
            assert!(start.elapsed() < LIMIT, "{} was not opened", path.display());
            thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
