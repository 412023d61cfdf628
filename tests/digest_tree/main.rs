//! The example `digest_tree`, run as a user runs it.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "clippy takes what tests share for code that is not a test"
)]

mod room;
mod running;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;

use room::Room;
use running::Running;

#[test]
fn an_empty_tree_prints_no_line_and_a_summary() {
    let room = Room::new("empty");
    let ran = room.run(&["t"]);
    ran.assert_ended(0);
    ran.assert_reported();
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("0 files, 0 bytes, 0 errors"));
}

#[test]
fn a_nested_tree_prints_what_sha256sum_prints_in_the_order_of_bytes() {
    // `-` is before `/` and `.` too: the order of path components would be another one.
    let names: [&[u8]; 6] = [b"t/a/b/c", b"t/a/b-", b"t/a-", b"t/a.", b"t/aa", b"t/B"];
    let room = Room::new("nested").files(&names);
    fs::write(room.path("t/none"), "").unwrap();
    fs::write(room.path("t/chunks"), vec![7; 1_000_000]).unwrap();
    let ran = room.run(&["t"]);
    ran.assert_ended(0);
    assert_eq!(ran.stdout, room.expected("t"));
    assert!(ran.stderr.contains("8 files, 1000028 bytes, 0 errors"));
    room.check("t", 0);
}

#[test]
fn odd_names_are_escaped_as_sha256sum_does() {
    let names: [&[u8]; 9] = [
        b"t/line\nbreak",
        b"t/back\\slash",
        b"t/carriage\rreturn",
        b"t/\\n",
        b"t/  spaces  ",
        b"t/-dash",
        b"t/*",
        b"t/not utf-8: \xff\xfe",
        b"t/both \xff\n/\\\\\r",
    ];
    let room = Room::new("odd").files(&names);
    let ran = room.run(&["t"]);
    ran.assert_ended(0);
    assert_eq!(ran.stdout, room.expected("t"));
    room.check("t", 0);
}

#[test]
fn the_directory_is_printed_as_it_was_given() {
    let room = Room::new("given").files(&[b"t/a/b"]);
    let absolute = room.path("t").to_str().unwrap().to_owned();
    for (given, path) in [
        (".", "./t/a/b"),
        ("./", "./t/a/b"),
        ("t", "t/a/b"),
        ("t/", "t/a/b"),
        ("t//", "t//a/b"),
        ("./t/../t", "./t/../t/a/b"),
        (&absolute, &format!("{absolute}/a/b")),
    ] {
        let ran = room.run(&[given]);
        ran.assert_ended(0);
        assert_eq!(ran.paths(), [path]);
    }
}

#[test]
fn links_and_pipes_in_the_tree_are_passed_over() {
    let room = Room::new("links").files(&[b"t/file", b"outside/file"]);
    for (target, link) in [("../outside", "dir"), ("file", "file-"), ("gone", "gone-")] {
        symlink(target, room.path("t").join(link)).unwrap();
    }
    room.shell("mkfifo t/pipe");
    let ran = room.run(&["t"]);
    ran.assert_ended(0);
    assert_eq!(ran.paths(), ["t/file"]);
    assert_eq!(ran.failures(), [""; 0]);
}

#[test]
fn a_link_or_a_file_that_is_named_itself_is_digested() {
    let room = Room::new("itself").files(&[b"t/file"]);
    symlink("t", room.path("dir")).unwrap();
    symlink("t/file", room.path("link")).unwrap();
    for (given, path) in [("dir", "dir/file"), ("link", "link"), ("t/file", "t/file")] {
        let ran = room.run(&[given]);
        ran.assert_ended(0);
        assert_eq!(ran.paths(), [path]);
    }
}

#[test]
fn a_directory_that_cannot_be_read_is_an_error() {
    let room = Room::new("missing").files(&[b"t/file"]);
    symlink("gone", room.path("link")).unwrap();
    room.shell("mkfifo pipe");
    for (given, error) in [
        ("missing", "No such file or directory"),
        ("t/file/", "Not a directory"),
        ("link", "No such file or directory"),
        ("pipe", "neither a directory nor a regular file"),
        ("", "No such file or directory"),
        // Opened, but nothing is there to be read.
        ("/proc/self/mem", "Input/output error"),
    ] {
        let ran = room.run(&[given]);
        ran.assert_ended(1);
        assert_eq!(ran.stdout, "");
        let failures = ran.failures();
        assert!(
            failures.len() == 1 && failures[0].contains(error),
            "{failures:?}"
        );
        assert!(failures[0].starts_with(&format!("digest_tree: {given:?}: ")));
    }
}

#[test]
fn what_cannot_be_read_is_one_line_each_and_the_rest_is_done() {
    let room = Room::new("unreadable")
        .files(&[b"t/a", b"t/z/file"])
        .unreadable();
    let ran = room.run(&["t"]);
    ran.assert_ended(1);
    assert_eq!(ran.paths(), ["t/a", "t/z/file"]);
    let failures = ran.failures();
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert!(
        failures
            .iter()
            .all(|line| line.contains("File name too long"))
    );
    assert!(ran.stderr.contains("2 files, 11 bytes, 2 errors"));
    room.check("t", 1);
}

#[test]
fn fail_fast_cancels_the_rest_and_prints_no_line() {
    let room = Room::new("fail-fast").unreadable();
    room.endless_file();
    // One file per worker: none waits for the endless one to be read.
    let ran = room.run(&["t", "--fail-fast", "--jobs", "4", "--window", "4"]);
    ran.assert_ended(1);
    ran.assert_reported();
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.failures().len(), 1);
    assert!(ran.stderr.contains("stage `digest` failed"));
}

#[test]
fn fail_fast_changes_nothing_where_nothing_fails() {
    let room = Room::new("fail-slow").files(&[b"t/a", b"t/b"]);
    let ran = room.run(&["--fail-fast", "t"]);
    ran.assert_ended(0);
    assert_eq!(ran.stdout, room.expected("t"));
}

#[test]
fn jobs_and_windows_do_not_change_the_list() {
    let names: Vec<_> = (0..300).map(|n| format!("t/{}/{n}", n % 7)).collect();
    let names: Vec<_> = names.iter().map(|name| name.as_bytes()).collect();
    let room = Room::new("jobs").files(&names);
    let expected = room.expected("t");
    for (jobs, window) in [
        ("1", "1"),
        ("1", "64"),
        ("4", "4"),
        ("4", "5"),
        ("4", "1000"),
    ] {
        let ran = room.run(&["--jobs", jobs, "--window", window, "t"]);
        ran.assert_ended(0);
        assert_eq!(ran.stdout, expected);
        ran.stderr
            .lines()
            .find(|line| line.contains(&format!("digest/{jobs}")))
            .unwrap();
    }
}

#[test]
fn bad_arguments_print_the_usage() {
    let room = Room::new("arguments");
    let bad: [&[&str]; 12] = [
        &[],
        &["t", "t"],
        &["t", "--nonsense"],
        &["t", "--jobs"],
        &["t", "--jobs", "0"],
        &["t", "--jobs", "-1"],
        &["t", "--jobs", "two"],
        &["t", "--jobs", "100000"],
        &["t", "--window", "0"],
        &["t", "--window", "x"],
        &["t", "--jobs", "4", "--window", "3"],
        &["t", "--fail-fast=yes"],
    ];
    for arguments in bad {
        let ran = room.run(arguments);
        ran.assert_ended(2);
        assert_eq!(ran.stdout, "");
        assert!(ran.stderr.starts_with("digest_tree: "));
        assert!(
            ran.stderr.contains("\nusage: digest_tree DIR "),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn help_is_printed_on_stdout() {
    let ran = Room::new("help").run(&["--help"]);
    ran.assert_ended(0);
    assert!(ran.stdout.contains("usage: digest_tree DIR ") && ran.stderr.is_empty());
}

#[test]
fn an_output_pipe_that_nobody_reads_ends_it_quietly() {
    let room = Room::new("closed").files(&[b"t/a"]);
    for argument in ["t", "--help"] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut command = room.command(room::program(), &[argument]);
        let ran = Running::new(command.stdout(writer)).end();
        ran.assert_ended(0);
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn an_output_pipe_that_is_closed_after_a_line_ends_it_quietly() {
    let room = Room::new("head").many_files(2_000);
    let mut running = room.start(&["t"]);
    let (line, stdout) = running.first_line();
    drop(stdout);
    assert!(line.ends_with("  t/0/0\n"));
    let ran = running.end();
    ran.assert_ended(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn an_output_that_takes_no_more_is_an_error() {
    let room = Room::new("full").files(&[b"t/a"]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = room.command(room::program(), &["t"]);
    let ran = Running::new(command.stdout(full)).end();
    ran.assert_ended(1);
    assert!(
        ran.stderr
            .starts_with("digest_tree: standard output: No space left")
    );
}

#[test]
fn a_signal_stops_it_in_the_middle_of_a_file() {
    let room = Room::new("signal").files(&[b"t/a", b"t/b"]);
    let endless = room.endless_file();
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let running = room.start(&["t"]);
        running.opens(&endless);
        running.signal(signal);
        let ran = running.end();
        ran.assert_ended(status);
        ran.assert_reported();
        assert_eq!(ran.stdout, "");
        assert_eq!(ran.failures(), [""; 0]);
        assert!(ran.stderr.contains(&format!("cancelled: SIG{signal}")));
    }
}

#[test]
fn a_signal_ends_it_while_nobody_reads_what_it_prints() {
    let room = Room::new("blocked").many_files(2_000);
    let mut running = room.start(&["t"]);
    let (_, unread) = running.first_line();
    running.signal("INT");
    let ran = running.end();
    ran.assert_ended(130);
    drop(unread);
}

#[test]
fn five_thousand_files_take_at_most_64_mib() {
    let room = Room::new("memory").many_files(5_000);
    let mut running = room.start(&["t", "--jobs", "2"]);
    // The list is whole by now, and the pipe has no room for it.
    let (_, unread) = running.first_line();
    let peak = running.peak_memory();
    assert!(peak <= 64 * 1024, "{peak} KiB");
    drop(unread);
    running.end().assert_ended(0);
}

#[test]
fn progress_is_shown_on_a_terminal_alone() {
    let room = Room::new("terminal").files(&[b"t/a"]).unreadable();
    let ran = room.run(&["t"]);
    assert!(!ran.stderr.contains(['\r', '\x1b']), "{}", ran.stderr);

    let version = std::process::Command::new("script")
        .arg("--version")
        .output();
    if !version.is_ok_and(|version| version.stdout.starts_with(b"script from util-linux")) {
        return;
    }
    let program = room::program();
    let digest = format!("'{}' t >sums", program.display());
    let mut command = room.command("script", &["-qec", &digest, "/dev/null"]);
    let ran = Running::new(command.stdout(std::process::Stdio::piped())).end();
    assert_eq!(ran.status.code(), Some(1));
    let shown = ran.stdout;
    let count = shown.strip_prefix('\r').unwrap();
    let (count, _) = count.split_once("\x1b[K").unwrap();
    assert!(count.ends_with(" 0 errors"), "{shown:?}");
    // A line of text begins where the count was.
    assert!(shown.contains("\r\x1b[Kdigest_tree: \"t/d"), "{shown:?}");
    assert!(
        shown.contains("\r\x1b[Kdigest_tree: 1 files, 3 bytes, 2 errors"),
        "{shown:?}"
    );
    assert_eq!(
        fs::read_to_string(room.path("sums"))
            .unwrap()
            .lines()
            .count(),
        1
    );
}
