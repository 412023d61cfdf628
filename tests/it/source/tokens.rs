//! Rust text as words and signs, without comments, strings and lifetimes.

/// A word, a path separator, or any other sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Word(&'a str),
    Path,
    Sign(char),
}

/// How long the string literal at the start of `text` is, if there is one.
fn string(text: &str) -> Option<usize> {
    let opened = text.trim_start_matches(['b', 'c']);
    let raw = opened.strip_prefix('r');
    let quoted = raw.unwrap_or(opened).trim_start_matches('#');
    let hashes = raw.map_or(0, |raw| raw.len() - quoted.len());
    let inside = quoted.strip_prefix('"')?;
    let before = text.len() - inside.len();
    if raw.is_some() {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(before + inside.find(&end)? + end.len());
    }
    let mut escaped = false;
    let end = inside.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some(before + end + 1)
}

/// How long the character or the lifetime at the start of `text` is, if there is one.
fn quoted(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    if let Some(escaped) = inside.strip_prefix('\\') {
        let first = escaped.chars().next()?.len_utf8();
        return Some(2 + first + escaped[first..].find('\'')? + 1);
    }
    let first = inside.chars().next()?.len_utf8();
    if inside[first..].starts_with('\'') {
        return Some(1 + first + 1);
    }
    Some(1 + word(inside))
}

fn word(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    end.unwrap_or(text.len())
}

/// How long the comment at the start of `text` is, if there is one.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let (mut end, mut depth) = (text.strip_prefix("/*").map(|_| 2)?, 1);
    while depth > 0 {
        let next = end + text[end..].find("*/")?;
        depth += text[end..next].matches("/*").count();
        depth -= 1;
        end = next + 2;
    }
    Some(end)
}

pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest)
            .or_else(|| string(rest))
            .or_else(|| quoted(rest));
        let length = if let Some(skipped) = skipped {
            skipped
        } else if rest.starts_with("::") {
            tokens.push(Token::Path);
            2
        } else if first.is_alphanumeric() || first == '_' {
            let length = word(rest);
            tokens.push(Token::Word(&rest[..length]));
            length
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

#[test]
fn only_code_becomes_tokens() {
    let text = r##"
        // a::comment
        /* another /* inside */ one */
        let s = "a \" string" + r#"a "raw" one"# + b"bytes";
        let c = ['"', '\'', '\u{7f}', 'c']; // "open
        fn f<'a>(x: &'a str) { a::b }
    "##;
    let words = tokens(text).into_iter().filter_map(|token| match token {
        Token::Word(word) => Some(word),
        Token::Path | Token::Sign(_) => None,
    });
    let words: Vec<_> = words.collect();
    assert_eq!(
        words,
        ["let", "s", "let", "c", "fn", "f", "x", "str", "a", "b"]
    );
}
