//! The example `backend`, run as a program and asked over HTTP.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How long anything may take that must happen.
const LIMIT: Duration = Duration::from_secs(60);
/// How often the statistics are looked at before a test gives up.
const LOOKS: u32 = 5_000;
/// A latency that no test waits for.
const FOR_EVER: &str = "3600000";
const ENDLESS: &str = "/stream/18446744073709551615";

fn program() -> Command {
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(|deps| deps.parent()).unwrap();
    let program: PathBuf = profile.join("examples").join("backend");
    assert!(
        program.exists(),
        "no {}: `cargo test` builds it, `cargo test --test backend` alone does not",
        program.display()
    );
    Command::new(program)
}

/// A running server, killed when the test fails.
struct Server {
    child: Child,
    address: String,
    /// Its first line, then the rest; locked only because clients on several threads share this.
    output: Mutex<Receiver<String>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Errors say that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(["--port", "0"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = mpsc::channel();
        // A thread, so that reading has a limit.
        thread::spawn(move || {
            let mut first = String::new();
            let read = output.read_line(&mut first);
            let _ = read.map(|_| tell.send(first));
            let mut rest = String::new();
            let read = output.read_to_string(&mut rest);
            let _ = read.map(|_| tell.send(rest));
        });
        let mut server = Self {
            child,
            address: String::new(),
            output: Mutex::new(lines),
        };
        let first = server
            .output
            .get_mut()
            .unwrap()
            .recv_timeout(LIMIT)
            .expect("a first line");
        let address = first.trim().strip_prefix("listening on ");
        address.expect(&first).clone_into(&mut server.address);
        assert!(server.address.starts_with("127.0.0.1:"), "{first}");
        server
    }

    /// Sends a request and does not wait for its answer.
    fn send(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn get(&self, path: &str) -> (u16, String) {
        answer(self.send("GET", path, ""))
    }

    fn post(&self, path: &str, body: &str) -> u16 {
        answer(self.send("POST", path, body)).0
    }

    fn post_event(&self, kind: &str) -> u16 {
        self.post("/events", &format!("{{\"kind\":\"{kind}\"}}"))
    }

    fn stat(&self, name: &str) -> u64 {
        let (status, stats) = self.get("/stats");
        assert_eq!(status, 200);
        let mut lines = stats.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = lines.find(|(known, _)| *known == name).expect(&stats);
        value.parse().unwrap()
    }

    /// Looks at the statistics until one has a value.
    fn until_stat(&self, name: &str, value: u64) {
        for _ in 0..LOOKS {
            if self.stat(name) == value {
                return;
            }
            thread::park_timeout(Duration::from_millis(2));
        }
        panic!("{name} is {} and not {value}", self.stat(name));
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// How the server has ended, and what it printed.
    fn ended(mut self) -> (ExitStatus, String) {
        let rest = self.output.get_mut().unwrap().recv_timeout(LIMIT);
        let rest = rest.expect("the end of the server");
        (self.child.wait().unwrap(), rest)
    }
}

/// Status and body of an answer.
fn answer(stream: TcpStream) -> (u16, String) {
    let mut stream = BufReader::new(stream);
    let (status, chunked) = head(&mut stream);
    let body = if chunked {
        let mut body = String::new();
        while let Some(chunk) = chunk(&mut stream).unwrap() {
            body.push_str(&chunk);
        }
        body
    } else {
        let mut body = String::new();
        stream.read_to_string(&mut body).unwrap();
        body
    };
    (status, body)
}

fn head(stream: &mut impl BufRead) -> (u16, bool) {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).expect("a status line");
    let status = status.parse().unwrap();
    let mut chunked = false;
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        match line.trim() {
            "" => return (status, chunked),
            header => {
                chunked |= header.eq_ignore_ascii_case("transfer-encoding: chunked");
            }
        }
    }
}

/// One chunk of a body, none at its proper end; an error if it just stops.
fn chunk(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let size = usize::from_str_radix(line.trim(), 16);
    let size = size.map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    let mut chunk = vec![0; size + 2];
    stream.read_exact(&mut chunk)?;
    chunk.truncate(size);
    let chunk = String::from_utf8(chunk).map_err(io::Error::other)?;
    Ok((size > 0).then_some(chunk))
}

/// Reads the head and the first lines of a stream.
fn begin_stream(server: &Server) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(server.send("GET", ENDLESS, ""));
    assert_eq!(head(&mut stream), (200, true));
    let first = chunk(&mut stream).unwrap().expect("a chunk");
    assert!(first.starts_with("line 1\n"), "{first}");
    stream
}

/// How many items the store has received and passed, as the printed report says.
fn stored_by_report(output: &str) -> (u64, u64) {
    assert!(output.contains("flow `events`: completed"), "{output}");
    let mut rows = output.lines().map(|line| line.split_whitespace());
    let mut row = rows
        .find_map(|mut row| (row.next() == Some("store")).then_some(row))
        .expect(output);
    let mut number = || row.next().expect(output).parse().expect(output);
    (number(), number())
}

/// The kinds that the server says it has stored, each once.
fn stored_kinds(output: &str) -> BTreeSet<String> {
    let lines = output.lines();
    let kinds = lines.filter_map(|line| line.strip_prefix("stored 1 "));
    kinds.map(str::to_owned).collect()
}

#[test]
fn r1_6_a_search_is_answered_by_every_backend_with_the_value_of_its_context() {
    let server = Server::start(&["--latency", "1"]);
    let (status, body) = server.get("/search?q=actors&session=7&timeout=60000");
    assert_eq!(status, 200);
    let mut lines: Vec<&str> = body.lines().collect();
    lines.sort_unstable();
    let expected = ["image", "video", "web"].map(|b| format!("{b}: actors for session 7"));
    assert_eq!(lines, expected);
    server.until_stat("flows_completed", 1);
    assert_eq!(server.stat("flows_cancelled"), 0);
}

#[test]
fn r1_5_a_search_past_its_deadline_is_cancelled_and_answered_by_504() {
    let server = Server::start(&["--latency", FOR_EVER]);
    let (status, body) = server.get("/search?q=actors&timeout=20");
    assert_eq!(status, 504);
    assert!(body.contains("deadline exceeded"), "{body}");
    // The answer was made after the last actor had gone.
    assert_eq!(server.stat("flows_running"), 0);
    assert_eq!(server.stat("flows_cancelled"), 1);
}

#[test]
fn r1_4_a_search_whose_deadline_has_passed_is_not_started() {
    let server = Server::start(&[]);
    let (status, body) = server.get("/search?q=actors&timeout=0");
    assert_eq!(status, 504);
    assert!(body.contains("not started"), "{body}");
}

#[test]
fn r5_1_a_stream_gives_every_line_and_its_proper_end() {
    let server = Server::start(&[]);
    let (status, body) = server.get("/stream/5000");
    assert_eq!(status, 200);
    let expected: String = (1..=5000).map(|n| format!("line {n}\n")).collect();
    assert_eq!(body, expected);
    assert_eq!(server.get("/stream/0"), (200, String::new()));
    server.until_stat("flows_completed", 2);
}

#[test]
fn r5_7_a_client_that_leaves_in_the_middle_of_a_stream_cancels_its_flow() {
    let server = Server::start(&[]);
    let stream = begin_stream(&server);
    assert_eq!(server.stat("flows_running"), 1);
    drop(stream);
    server.until_stat("flows_cancelled", 1);
    assert_eq!(server.stat("flows_running"), 0);
    assert_eq!(server.stat("flows_completed"), 0);
}

#[test]
fn r5_7_a_client_that_leaves_before_its_answer_cancels_its_flow() {
    let server = Server::start(&["--latency", FOR_EVER]);
    let search = format!("/search?q=actors&timeout={FOR_EVER}");
    let waiting = server.send("GET", &search, "");
    server.until_stat("flows_running", 1);
    drop(waiting);
    server.until_stat("flows_cancelled", 1);
    assert_eq!(server.stat("flows_running"), 0);
}

#[test]
fn r5_1_a_full_inlet_is_a_503_and_every_accepted_event_is_stored_after_sigterm() {
    const CAPACITY: usize = 8;
    let server = Server::start(&["--inlet", "8"]);
    assert_eq!(server.post("/pause", ""), 204);
    // One more than the inlet holds can be accepted: it is at the store.
    let (mut accepted, mut refused) = (BTreeSet::new(), 0);
    for n in 0..CAPACITY + 4 {
        let kind = format!("kind-{n}");
        match server.post_event(&kind) {
            202 => assert!(accepted.insert(kind)),
            503 => refused += 1,
            other => panic!("status {other}"),
        }
    }
    assert!((CAPACITY..=CAPACITY + 1).contains(&accepted.len()));
    assert_eq!(server.stat("events_accepted"), accepted.len() as u64);
    assert_eq!(server.stat("events_refused"), refused);
    server.signal("-TERM");
    let (status, output) = server.ended();
    assert_eq!(status.code(), Some(0), "{output}");
    let count = accepted.len() as u64;
    assert_eq!(stored_by_report(&output), (count, count));
    assert_eq!(stored_kinds(&output), accepted);
}

#[test]
fn r2_1_a_full_inlet_takes_events_again_when_its_flow_goes_on() {
    let server = Server::start(&["--inlet", "1"]);
    assert_eq!(server.post("/pause", ""), 204);
    // One is at the store and one in the inlet: from then on it is full.
    let early = (0..LOOKS).filter(|_| server.post_event("early") == 202);
    assert_eq!(early.take(2).count(), 2);
    assert_eq!(server.post_event("early"), 503);
    assert_eq!(server.post("/resume", ""), 204);
    let taken = (0..LOOKS).find(|_| {
        thread::park_timeout(Duration::from_millis(2));
        server.post_event("late") == 202
    });
    assert!(taken.is_some(), "the inlet stays full");
    server.signal("-TERM");
    let (_, output) = server.ended();
    assert!(output.contains("stored 2 early\nstored 1 late"), "{output}");
}

#[test]
fn r7_3_many_clients_at_once_are_all_answered_and_all_their_items_accounted_for() {
    const CLIENTS: usize = 8;
    const ROUNDS: usize = 25;
    let server = Server::start(&["--latency", "1", "--inlet", "4"]);
    let client = |client: usize| {
        let mut accepted = BTreeSet::new();
        for round in 0..ROUNDS {
            let kind = format!("{client}-{round}");
            match server.post_event(&kind) {
                202 => assert!(accepted.insert(kind)),
                status => assert_eq!(status, 503),
            }
            let (status, body) = server.get(&format!("/search?q={client}&timeout=60000"));
            assert_eq!((status, body.lines().count()), (200, 3), "{body}");
            let (status, body) = server.get("/stream/100");
            assert_eq!((status, body.lines().count()), (200, 100));
        }
        accepted
    };
    let accepted: BTreeSet<String> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                scope.spawn({
                    let client = &client;
                    move || client(n)
                })
            })
            .collect();
        let accepted = clients
            .into_iter()
            .flat_map(|client| client.join().unwrap());
        accepted.collect()
    });
    server.until_stat("flows_completed", (2 * CLIENTS * ROUNDS) as u64);
    assert_eq!(server.stat("flows_running"), 0);
    assert_eq!(server.stat("flows_cancelled"), 0);
    server.signal("-TERM");
    let (status, output) = server.ended();
    assert_eq!(status.code(), Some(0), "{output}");
    let count = accepted.len() as u64;
    assert_eq!(stored_by_report(&output), (count, count));
    assert_eq!(stored_kinds(&output), accepted);
}

#[test]
fn a_signal_cuts_a_stream_and_lets_a_search_finish() {
    let server = Server::start(&["--latency", "500"]);
    let mut stream = begin_stream(&server);
    let search = server.send("GET", "/search?q=actors&timeout=60000", "");
    server.until_stat("flows_running", 2);
    server.signal("-INT");
    // An error, not an end: the client can tell that lines are missing.
    let cut = loop {
        match chunk(&mut stream) {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(cut);
    let (status, body) = answer(search);
    assert_eq!((status, body.lines().count()), (200, 3), "{body}");
    let (status, output) = server.ended();
    assert_eq!(status.code(), Some(0), "{output}");
    assert_eq!(stored_by_report(&output), (0, 0));
}

#[test]
fn a_malformed_request_is_the_fault_of_its_client() {
    let server = Server::start(&[]);
    for path in [
        "/search",
        "/search?q=a&timeout=soon",
        "/search?q=a&session=-1",
    ] {
        assert_eq!(server.get(path).0, 400, "{path}");
    }
    for path in ["/", "/stream", "/stream/many", "/stream/-1", "/nothing"] {
        assert_eq!(server.get(path).0, 404, "{path}");
    }
    for body in ["", "nonsense", "{}", "{\"kind\":7}"] {
        assert_eq!(server.post("/events", body), 400, "{body}");
    }
    assert_eq!(server.stat("events_accepted"), 0);
}

#[test]
fn bad_arguments_are_refused_with_the_usage_and_status_2() {
    for arguments in [["--port", "many"], ["--inlet", "0"], ["--nonsense", "1"]] {
        let Output { status, stderr, .. } = program().args(arguments).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains("error: "), "{stderr}");
    }
}
