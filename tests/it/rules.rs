//! The rules of DESIGN.md and their tests: each rule has one, each test named by a rule has one.

use std::collections::BTreeSet;

use crate::source::{Token, files, root, tokens};

/// The rules that are planned and not kept yet.
const PLANNED: [Rule; 0] = [];

type Rule = (u32, u32);

/// The rules of the design: lines that begin with `* **4.6** `.
fn rules(design: &str) -> BTreeSet<Rule> {
    let lines = design.lines().filter_map(|line| {
        let (number, _) = line.strip_prefix("* **")?.split_once("**")?;
        let (chapter, rule) = number.split_once('.')?;
        Some((chapter.parse().ok()?, rule.parse().ok()?))
    });
    lines.collect()
}

/// The rules that a file has tests of: functions with names like `r4_6_inputs_can_join`.
fn tested(text: &str) -> BTreeSet<Rule> {
    let tokens = tokens(text);
    let names = tokens.windows(2).filter_map(|pair| match pair {
        [Token::Word("fn"), Token::Word(name)] => Some(*name),
        _ => None,
    });
    let rules = names.filter_map(|name| {
        let (chapter, rest) = name.strip_prefix('r')?.split_once('_')?;
        let (rule, _) = rest.split_once('_')?;
        Some((chapter.parse().ok()?, rule.parse().ok()?))
    });
    rules.collect()
}

fn written() -> (BTreeSet<Rule>, BTreeSet<Rule>) {
    let design = std::fs::read_to_string(root().join("DESIGN.md"));
    let design = design.expect("the design can be read");
    let sources = files("src").into_iter().chain(files("tests"));
    let tested = sources.flat_map(|file| tested(&file.text)).collect();
    (rules(&design), tested)
}

#[test]
fn every_rule_has_a_test_but_those_that_are_planned() {
    let (rules, tested) = written();
    let untested: Vec<_> = rules.difference(&tested).copied().collect();
    assert_eq!(untested, PLANNED, "rules without a test, and those planned");
}

#[test]
fn every_test_named_by_a_rule_names_one_of_the_design() {
    let (rules, tested) = written();
    let unknown: Vec<_> = tested.difference(&rules).copied().collect();
    assert_eq!(unknown, [], "tests of rules that are not in the design");
}

#[test]
fn rules_and_their_tests_are_read_as_they_are_written() {
    let design = "# 4 Fan-in\n\n* **4.6** Inputs can join.\n  See **4.7**.\n* **bold** text\n";
    assert_eq!(rules(design), BTreeSet::from([(4, 6)]));
    let text = "fn r4_6_inputs_can_join() {}\n// fn r4_7_no() {}\nfn reads_4_8_times() {}\n\
                async fn r10_2_x() {}\n";
    assert_eq!(tested(text), BTreeSet::from([(4, 6), (10, 2)]));
}
