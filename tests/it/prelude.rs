//! The example of the prelude shows that no name of it clashes; it must use all of them.

use std::collections::BTreeSet;

use crate::source::{Token, root, tokens};

fn words(text: &str) -> BTreeSet<&str> {
    let words = tokens(text).into_iter().filter_map(|token| match token {
        Token::Word(word) => Some(word),
        Token::Path | Token::Sign(_) => None,
    });
    words.collect()
}

#[test]
fn the_example_of_the_prelude_uses_every_name_of_it() {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let (before, prelude) = lib.split_once("pub mod prelude {").unwrap();
    let (_, example) = before.rsplit_once("deny(ambiguous_glob_imports)").unwrap();
    let example = example.replace("///", "");
    let names = words(prelude).into_iter();
    let names = names.filter(|name| name.starts_with(char::is_uppercase));
    let missing: Vec<_> = names
        .filter(|name| !words(&example).contains(name))
        .collect();
    assert_eq!(missing, [""; 0]);
}
