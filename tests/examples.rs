//! Every example program, run as a user runs it. `cargo test` builds them beside this program.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What a program said, and its status.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    status: Option<i32>,
    out: String,
    err: String,
}

/// Reads a pipe to its end on a thread of its own, so that a full one never blocks the program.
fn read(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, text) = mpsc::channel();
    let mut pipe = pipe.expect("the pipe was asked for");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    text
}

fn said(command: &mut Command) -> Said {
    let command = command.stdin(Stdio::null());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; `cargo build --examples` builds it"));
    let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
    let text = |pipe: &mpsc::Receiver<String>, child: &mut Child| {
        pipe.recv_timeout(LIMIT).unwrap_or_else(|_| {
            let _ = child.kill();
            panic!("waited in vain for the end of {command:?}")
        })
    };
    let (out, err) = (text(&out, &mut child), text(&err, &mut child));
    let status = child.wait().expect("the child is there").code();
    Said { status, out, err }
}

fn example(name: &str) -> Command {
    let me = std::env::current_exe().expect("this program has a path");
    let profile = me.parent().and_then(Path::parent);
    let examples = profile.expect("it lies in `deps`").join("examples");
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    Command::new(examples.join(name))
}

/// Runs an example that must succeed and say exactly this.
#[track_caller]
fn says(name: &str, arguments: &[&str], out: &str) {
    let found = said(example(name).args(arguments));
    let expected = Said {
        status: Some(0),
        out: out.to_owned(),
        err: String::new(),
    };
    assert_eq!(found, expected, "{name} {arguments:?}");
}

/// Runs an example that must refuse its arguments.
#[track_caller]
fn refuses(name: &str, arguments: &[&str]) {
    let found = said(example(name).args(arguments));
    assert_eq!(found.status, Some(2), "{name} {arguments:?}: {found:?}");
    assert_eq!(found.out, "", "{name} {arguments:?}");
    let hints = ["usage: ", "--help"];
    let err = found.err.to_lowercase();
    assert!(hints.iter().any(|hint| err.contains(hint)), "{name}: {err}");
}

/// The examples and their main files: `name.rs`, or `name/main.rs`.
fn sources() -> impl Iterator<Item = (String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder).expect("the examples are there");
    let files = files.map(|file| file.expect("the folder can be read").path());
    files.filter_map(|path| {
        let name = path.file_stem()?.to_str()?.to_owned();
        let main = if path.is_dir() {
            path.join("main.rs")
        } else {
            path
        };
        (main.extension() == Some(OsStr::new("rs")) && main.is_file()).then_some((name, main))
    })
}

#[test]
fn every_example_explains_itself_and_refuses_what_it_does_not_know() {
    let mut seen = 0;
    for (name, main) in sources() {
        let name = name.as_str();
        let text = fs::read_to_string(main).unwrap();
        assert!(text.starts_with("//! "), "{name} says nothing of itself");
        let run = format!("--example {name}");
        assert!(text.contains(&run), "{name} does not say how to run it");
        let help = said(example(name).arg("--help"));
        assert_eq!(help.status, Some(0), "{name} --help");
        let out = help.out.to_lowercase();
        assert!(out.contains("usage: "), "{name} --help: {out}");
        refuses(name, &["--no-such-option"]);
        seen += 1;
    }
    assert!(seen >= 7, "{seen} examples found");
}

#[test]
fn pipeline_squares_in_order() {
    says("pipeline", &[], "4\n9\n");
    says("pipeline", &["7"], "49\n");
    says("pipeline", &["3", "-2", "0"], "9\n4\n0\n");
    let least = i64::MIN.to_string();
    let square = "85070591730234615865843651857942052864\n";
    says("pipeline", &[&least], square);
    refuses("pipeline", &["two"]);
    refuses("pipeline", &["9223372036854775808"]);
}

#[test]
fn fan_in_tickets_sells_each_seat_once() {
    let sells = |seats: u64, buyers: u64| {
        let sold = seats.min(buyers);
        let refused = buyers - sold;
        let (seats, buyers) = (seats.to_string(), buyers.to_string());
        let arguments = ["--seats", &seats, "--buyers", &buyers];
        let line = format!("sold={sold} refused={refused} oversold=0\n");
        says("fan_in_tickets", &arguments, &line);
    };
    says("fan_in_tickets", &[], "sold=100 refused=900 oversold=0\n");
    sells(0, 0);
    sells(0, 10);
    sells(10, 0);
    sells(1, 1);
    sells(10, 3);
    sells(7, 999);
    sells(500, 1001);
    sells(u64::MAX, 1000);
    sells(30_000, 100_000);
    for bad in [["--seats", "-1"], ["--seats", "x"], ["--buyers", ""]] {
        refuses("fan_in_tickets", &bad);
    }
    refuses("fan_in_tickets", &["--buyers", "1000000001"]);
    refuses("fan_in_tickets", &["--seats", "18446744073709551616"]);
}

#[test]
fn close_loses_nothing() {
    for values in [0u64, 1, 16, 17, 1000] {
        let arguments = ["--values", &values.to_string()];
        let lines = [
            format!("sent={values} arrived={values} in order\n"),
            format!("after close: {values} came back\n"),
            "ending: completed\n".to_owned(),
        ];
        says("close", &arguments, &lines.concat());
    }
    refuses("close", &["--values", "-1"]);
}

#[test]
fn hub_lets_speakers_and_listeners_come_and_go() {
    for (speakers, lines) in [(3u64, 10u64), (0, 0), (1, 0), (1, 1), (40, 100)] {
        let arguments = [
            "--speakers",
            &speakers.to_string(),
            "--lines",
            &lines.to_string(),
        ];
        let spoken = speakers * lines;
        let part = |name| {
            format!("{name}: {speakers} speakers said {spoken} lines, all were heard in order\n")
        };
        let rest = [
            format!(
                "who came for the evening heard {spoken} lines, the first of the evening first\n"
            ),
            format!("who slept has heard or lost all {}\n", 2 * spoken),
            "closed: a speaker who came too late was refused\n".to_owned(),
        ];
        let text = part("morning") + &part("evening") + &rest.concat();
        says("hub", &arguments, &text);
        if speakers == 3 {
            says("hub", &[], &text);
        }
    }
    refuses("hub", &["--speakers", "-1"]);
    refuses("hub", &["--lines", "65536"]);
}

#[test]
fn supervised_restarts_an_actor_and_the_flow_that_depends_on_it() {
    let lines = [
        "20 amounts booked, together 210\n",
        "bank: supervisor, running\n",
        "  ledger: actor, running, 1 restart, last: stage `bank/ledger` panicked: 13 again\n",
        "  import: flow, running, 1 restart\n",
        "the tree is gone: quit\n",
    ];
    says("supervised", &[], &lines.concat());
    refuses("supervised", &["--ledgers", "2"]);
}

#[test]
fn quit_stops_one_stage_per_signal() {
    let found = said(&mut example("quit"));
    assert_eq!(found.status, Some(0), "{found:?}");
    let lines = [
        "one: heard 5 times, Bye! ... joe has cleaned up\n",
        "several: 3 signals stopped 3 of 3, the flow completed\n",
        "too few: 2 signals stopped 2 of 3, still running: repeat_with-3\n",
        "all: stopped 3 of 3, the flow completed\n",
    ];
    assert_eq!(found.out, lines.concat());
}

#[test]
fn context_reaches_and_ends_what_is_under_it() {
    let lines = [
        "values: 192.0.2.7 session 42 on node-a: login\n",
        "values: 192.0.2.7 session 42 on node-a: search\n",
        "cancel: cancelled: the client hung up\n",
        "deadline: deadline exceeded\n",
        "node-a goes on\n",
    ];
    says("context", &[], &lines.concat());
}

#[test]
fn generator_computes_what_is_taken() {
    let primes = "2\n3\n5\n7\n11\n13\n17\n19\n23\n29\ncomputed=10 taken=10\n";
    says("generator", &[], primes);
    says("generator", &["--take", "0"], "computed=0 taken=0\n");
    let fibonacci = "0\n1\n1\n2\n3\n5\n8\n13\ncomputed=8 taken=8\n";
    says("generator", &["fibonacci", "--take", "8"], fibonacci);
    let thousand = said(example("generator").args(["primes", "--take", "1000"]));
    assert_eq!(thousand.status, Some(0), "{thousand:?}");
    assert!(thousand.out.ends_with("\n7919\ncomputed=1000 taken=1000\n"));
    let all = u64::MAX.to_string();
    let all = said(example("generator").args(["fibonacci", "--take", &all]));
    assert_eq!(all.status, Some(0), "{all:?}");
    let last = "\n332825110087067562321196029789634457848\ncomputed=187 taken=187\n";
    assert!(all.out.ends_with(last), "{}", all.out);
    refuses("generator", &["squares"]);
    refuses("generator", &["--take", "few"]);
}

/// A folder of files for one test, empty at its begin.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

fn wc(folder: &Path, arguments: &[&str]) -> Said {
    let mut wc = Command::new("wc");
    let wc = wc.env("LC_ALL", "C").current_dir(folder).args(arguments);
    said(wc)
}

fn segments(folder: &Path, arguments: &[&str]) -> Said {
    said(example("segments").current_dir(folder).args(arguments))
}

/// Counts a file in segments of these sizes, as `wc` does.
#[track_caller]
fn counts(folder: &Path, file: &str, sizes: &[u64]) {
    let expected = wc(folder, &[file]);
    assert_eq!(expected.status, Some(0), "{expected:?}");
    for size in sizes {
        let size = size.to_string();
        let found = segments(folder, &["--jobs", "3", "--segment", &size, file]);
        assert_eq!(found, expected, "segments of {size} bytes");
    }
    assert_eq!(segments(folder, &[file]), expected);
}

#[test]
fn segments_counts_as_wc_across_every_boundary() {
    let folder = folder("boundaries");
    let text = "the quick\tbrown  fox\n\n jumps\x0b over\x0cthe\r\nlazy dog, twice \n no end";
    fs::write(folder.join("text"), text).unwrap();
    let sizes: Vec<u64> = (1..=text.len() as u64 + 1).collect();
    counts(&folder, "text", &sizes);
}

#[test]
fn segments_counts_odd_files_as_wc() {
    let folder = folder("odd");
    let files: [(&str, &[u8]); 8] = [
        ("empty", b""),
        ("newline", b"\n"),
        ("letter", b"x"),
        ("no newline", b"two words"),
        ("spaces", b"       "),
        ("newlines", b"\n\n\n\n\n\n\n\n\n\n\n"),
        ("one word", b"aaaaaaaaaaaaaaaaaaaa"),
        (
            "outside ascii",
            "gr\u{fc}\u{df} dich \u{2014}x\n".as_bytes(),
        ),
    ];
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
        counts(&folder, name, &[1, 2, 3, 7, u64::MAX]);
    }
}

#[test]
fn segments_counts_large_files_as_wc() {
    let folder = folder("large");
    let lines = (0..20_000u32).map(|n| format!("{n:x}{:>5} {}\n", n % 101, n.pow(2)));
    fs::write(folder.join("lines"), lines.collect::<String>()).unwrap();
    counts(&folder, "lines", &[1000, 4099, 65_536, 65_537]);
    fs::write(folder.join("word"), "w".repeat(300_000)).unwrap();
    counts(&folder, "word", &[1000, 65_536, 100_000]);
}

#[test]
fn segments_counts_binary_files_as_wc() {
    let folder = folder("binary");
    let mut state = 1u32;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    fs::write(folder.join("noise"), bytes.take(20_000).collect::<Vec<_>>()).unwrap();
    fs::write(folder.join("control"), "\x01\x02").unwrap();
    let columns = |said: Said| -> Vec<String> {
        let columns = said.out.split_whitespace();
        columns.map(str::to_owned).collect()
    };
    // Whether a run of control characters is a word, implementations of `wc` differ on.
    let as_here = columns(wc(&folder, &["control"]))[1] == "0";
    let expected = columns(wc(&folder, &["noise"]));
    for size in ["11", "1000", "4096", "1048576"] {
        let found = columns(segments(&folder, &["--segment", size, "noise"]));
        assert_eq!(found[0], expected[0], "lines, in segments of {size} bytes");
        assert_eq!(found[2], expected[2], "bytes, in segments of {size} bytes");
        if as_here {
            assert_eq!(found[1], expected[1], "words, in segments of {size} bytes");
        }
    }
    let control = segments(&folder, &["--segment", "1", "control"]);
    assert_eq!(control.out, "0 0 2 control\n");
}

#[test]
fn segments_says_what_it_cannot_count() {
    let folder = folder("missing");
    for (file, why) in [("nowhere", "No such file"), (".", "not a regular file")] {
        let found = segments(&folder, &[file]);
        assert_eq!(found.status, Some(1), "{found:?}");
        assert_eq!(found.out, "");
        assert!(found.err.starts_with(&format!("segments: {file}: {why}")));
        assert_eq!(found.err.lines().count(), 1, "{}", found.err);
    }
    refuses("segments", &[]);
    refuses("segments", &["--segment", "0", "file"]);
    refuses("segments", &["--jobs", "0", "file"]);
    refuses("segments", &["--jobs", "257", "file"]);
    refuses("segments", &["one", "two"]);
}
