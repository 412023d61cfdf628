//! The rooms of `src/`: arrows go one way, files stay short, lints are set aside with a reason.

use crate::source::{Token, files, tokens};

/// A room may use those to its left, and itself.
const ROOMS: [&str; 10] = [
    "context",
    "report",
    "edge",
    "supervise",
    "stage",
    "flow",
    "pipeline",
    "service",
    "testing",
    "lib",
];

const MOST_LINES: usize = 400;

/// The room that a file is in, and the modules that lead to it from the root.
fn place(path: &str) -> (&str, usize) {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let parts: Vec<&str> = path.split('/').collect();
    let door = matches!(parts.last(), Some(&("mod.rs" | "lib.rs")));
    let room = if parts.len() == 1 { "lib" } else { parts[0] };
    (room, parts.len() - usize::from(door))
}

/// The names that follow a path's separator: one, or the first of each branch of a use tree.
fn heads<'a>(after: &[Token<'a>]) -> Vec<&'a str> {
    let mut heads = Vec::new();
    let mut depth = 0;
    let mut begins = true;
    for token in after {
        match token {
            Token::Sign('{') => {
                depth += 1;
                begins |= depth == 1;
            }
            Token::Sign('}') => depth -= 1,
            Token::Sign(',') if depth == 1 => begins = true,
            Token::Word(name) if begins => {
                heads.push(*name);
                begins = false;
            }
            Token::Sign('*') if begins => {
                heads.push("*");
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

/// What a file takes from the root of the crate, by `crate::` or by `super::` beyond its room.
fn used<'a>(tokens: &[Token<'a>], modules: usize) -> Vec<&'a str> {
    let mut used = Vec::new();
    // For each open brace, whether it is that of a module.
    let mut open: Vec<bool> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let inside_path = at > 0 && tokens[at - 1] == Token::Path;
        let depth = modules + open.iter().filter(|module| **module).count();
        match token {
            Token::Sign('{') => {
                let module = at > 1 && tokens[at - 2] == Token::Word("mod");
                open.push(module);
            }
            Token::Sign('}') => drop(open.pop()),
            Token::Word("crate") if tokens.get(at + 1) == Some(&Token::Path) => {
                used.extend(heads(&tokens[at + 2..]));
            }
            Token::Word("super") if !inside_path => {
                let up = [Token::Word("super"), Token::Path];
                let steps = tokens[at..]
                    .chunks(2)
                    .take_while(|pair| *pair == up)
                    .count();
                if steps >= depth {
                    used.extend(heads(&tokens[at + 2 * steps..]));
                }
            }
            _ => {}
        }
    }
    used
}

/// The arrows of a file that go to the right.
fn back_arrows(path: &str, text: &str) -> Vec<String> {
    let (room, modules) = place(path);
    let rank = |room: &str| ROOMS.iter().position(|other| *other == room);
    let Some(own) = rank(room) else {
        return vec![format!("{path} is in no room of the list")];
    };
    let used = used(&tokens(text), modules);
    // What is no room is something of the root: its user uses lib.
    let back = used
        .iter()
        .filter(|name| rank(name).unwrap_or(ROOMS.len() - 1) > own);
    back.map(|name| format!("{path} uses {name}")).collect()
}

/// The `allow` and `expect` attributes of a file that say no reason.
fn without_reason(text: &str) -> usize {
    let tokens = tokens(text);
    let mut found = 0;
    let mut brackets = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        let opens = at > 0 && matches!(tokens[at - 1], Token::Sign('#' | '!'));
        match token {
            Token::Sign('[') if brackets > 0 || opens => brackets += 1,
            Token::Sign(']') => brackets = brackets.saturating_sub(1),
            Token::Word("allow" | "expect") if brackets > 0 => {
                let list = tokens[at..]
                    .iter()
                    .take_while(|token| **token != Token::Sign(')'));
                found += usize::from(!list.into_iter().any(|t| *t == Token::Word("reason")));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn no_room_uses_one_to_its_right() {
    let files = files("src");
    let back = files
        .iter()
        .flat_map(|file| back_arrows(&file.path, &file.text));
    assert_eq!(back.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let files = files("src");
    let long = files
        .iter()
        .filter(|file| file.text.lines().count() > MOST_LINES);
    assert_eq!(long.map(|file| &file.path).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_lint_that_is_set_aside_says_why() {
    let files = files("src");
    let silent = files.iter().filter(|file| without_reason(&file.text) > 0);
    assert_eq!(silent.map(|file| &file.path).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_back_arrow_is_found_however_it_is_written() {
    for (path, text) in [
        ("src/edge/link.rs", "use crate::stage::Core;"),
        ("src/edge/link.rs", "fn f() -> crate::stage::Core {}"),
        (
            "src/edge/link.rs",
            "use crate::{context::{Cause, Done}, stage::{Core, Out}};",
        ),
        ("src/edge/link.rs", "use super::super::stage::Core;"),
        ("src/edge/mod.rs", "use super::stage::Core;"),
        (
            "src/edge/link.rs",
            "mod tests { use super::super::super::stage::Core; }",
        ),
        ("src/edge/link.rs", "fn f() -> crate::Cause {}"),
        ("src/edge/link.rs", "use crate::*;"),
        ("src/util/link.rs", ""),
    ] {
        assert_eq!(back_arrows(path, text).len(), 1, "{path}: {text}");
    }
}

#[test]
fn an_arrow_to_the_left_is_none() {
    for (path, text) in [
        (
            "src/edge/link.rs",
            "use crate::{context::Cause, edge::{self, Link}, report};",
        ),
        (
            "src/edge/link.rs",
            "use super::{Link, stage}; pub(crate) use self::flow::Flow;",
        ),
        (
            "src/edge/link.rs",
            "mod tests { use super::super::flow::Flow; }",
        ),
        ("src/edge/mod.rs", "mod tests { use super::flow; }"),
        (
            "src/edge/link.rs",
            "/// As [`crate::flow::Source`].\nfn f() {}",
        ),
        ("src/lib.rs", "use crate::Cause; pub use pipeline::Control;"),
    ] {
        assert_eq!(back_arrows(path, text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn a_lint_set_aside_in_silence_is_found() {
    for (text, silent) in [
        // What the check reads, and no lint of this file.
        ("#[allow(dead_code)] fn f() {}", 1),
        ("#![expect(clippy::all)]", 1),
        ("#[cfg_attr(test, allow(dead_code))] fn f() {}", 1),
        (
            "#[expect(dead_code, reason = \"of a test\")] fn f() { g().expect(\"h\"); }",
            0,
        ),
        ("fn f() { [g().expect(\"h\")] }", 0),
    ] {
        assert_eq!(without_reason(text), silent, "{text}");
    }
}
