//! The table says what is true: every test it names exists, and its counts are those of its rows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("its entry can be read").path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a source is text");
            let names = text.split("fn ").skip(1);
            let names = names.filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(String::from));
        }
    }
}

struct Suite<'a> {
    heading: &'a str,
    rows: Vec<[&'a str; 3]>,
    says: Option<&'a str>,
}

fn suites(table: &str) -> Vec<Suite<'_>> {
    let sections = table.split("\n## ").skip(1);
    let sections = sections.filter(|section| !section.starts_with("Summary"));
    let suite = |section| {
        let mut suite = Suite {
            heading: "",
            rows: Vec::new(),
            says: None,
        };
        for line in str::lines(section) {
            let cells: Vec<_> = line.split(" | ").map(|cell| cell.trim()).collect();
            if suite.heading.is_empty() {
                suite.heading = line;
            } else if line.starts_with("ported ") {
                suite.says = Some(line);
            } else if line.starts_with("| ") && !line.starts_with("| case") {
                let [case, ours, note] = cells[..] else {
                    panic!("not three cells: {line}");
                };
                suite.rows.push([case, ours, note]);
            }
        }
        suite
    };
    sections.map(suite).collect()
}

#[test]
fn every_test_that_the_table_names_exists_and_each_count_is_that_of_the_rows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("tests/PORTED.md")).expect("the table can be read");
    let mut known = BTreeSet::new();
    functions(&root.join("tests"), &mut known);
    functions(&root.join("src"), &mut known);
    let suites = suites(&table);
    assert!(!suites.is_empty());

    for Suite {
        heading,
        rows,
        says,
    } in &suites
    {
        let ported = rows.iter().filter(|[_, ours, _]| *ours != "-").count();
        let count = format!("ported {ported} of {}", rows.len());
        let says = says.unwrap_or_else(|| panic!("{heading}: its count is missing, {count}"));
        assert!(says.starts_with(&count), "{heading}: {says:?}, not {count}");
        let line = format!("| {heading} | {ported} of {} |", rows.len());
        assert!(table.contains(&line), "not in the summary: {line}");
        for [case, ours, note] in rows {
            let reason = note.trim_end_matches('|').trim();
            assert!(*ours != "-" || !reason.is_empty(), "no reason: {case}");
            for name in ours.split('`').skip(1).step_by(2) {
                assert!(known.contains(name), "{heading}: no test is called {name}");
            }
        }
    }
}
