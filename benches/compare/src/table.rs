//! The Markdown table: a line per workload and variant, a column per peer.

use tabled::builder::Builder;
use tabled::settings::Style;

use crate::comparison::Comparison;
use crate::peers::{OURS, names};
use crate::rows::Row;

pub fn markdown(comparison: &Comparison) -> String {
    let rows = &comparison.rows;
    let mut peers = names();
    peers.retain(|&peer| rows.iter().any(|row| row.peer == peer));
    let mut lines: Vec<_> = rows.iter().map(line_of).collect();
    lines.dedup();
    let mut table = Builder::default();
    let heads = ["workload", "variant", "unit"];
    table.push_record(heads.into_iter().chain(peers.iter().copied()));
    for line in lines {
        let cells = peers.iter().map(|&peer| {
            let row = rows
                .iter()
                .find(|row| row.peer == peer && line_of(row) == line);
            row.map(cell).unwrap_or_default()
        });
        let heads = [
            format!("`{}`", line[0]),
            line[1].to_owned(),
            line[2].to_owned(),
        ];
        table.push_record(heads.into_iter().chain(cells));
    }
    let mut text = table.build().with(Style::markdown()).to_string();
    text.push_str("\n\n");
    text.push_str(&machine(comparison));
    for note in &comparison.notes {
        text.push_str(&format!("* {note}\n"));
    }
    text
}

fn line_of(row: &Row) -> [&str; 3] {
    [row.workload, &row.variant, row.unit]
}

/// Median, spread, and how many times ours it is.
fn cell(row: &Row) -> String {
    let Some(median) = row.median else {
        return row.note.clone().unwrap_or_default();
    };
    let mut cell = amount(median, row.unit);
    if let Some(spread) = row.spread() {
        cell.push_str(&format!(" ±{:.0} %", spread * 100.0));
    }
    if let Some(ratio) = row.ratio.filter(|_| row.peer != OURS) {
        cell.push_str(&format!(" ({})", times(ratio)));
    }
    cell
}

pub fn times(ratio: f64) -> String {
    format!("{}×", three_digits(ratio))
}

/// A time or a size with the prefix that keeps it short.
pub fn amount(value: f64, unit: &str) -> String {
    let (steps, by): (&[&str], f64) = if unit.starts_with("bytes") {
        (&["B", "KiB", "MiB", "GiB"], 1024.0)
    } else {
        (&["ns", "µs", "ms", "s"], 1000.0)
    };
    let mut value = value;
    let mut step = 0;
    // 999.6 has three digits only as 1.00 of the next.
    while value >= by - 0.5 && step + 1 < steps.len() {
        value /= by;
        step += 1;
    }
    format!("{} {}", three_digits(value), steps[step])
}

fn three_digits(value: f64) -> String {
    if value >= 99.95 {
        format!("{value:.0}")
    } else if value >= 9.995 {
        format!("{value:.1}")
    } else if value >= 0.0995 || value == 0.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

fn machine(comparison: &Comparison) -> String {
    let machine = &comparison.machine;
    let versions = comparison.versions.iter();
    let versions: Vec<_> = versions
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    format!(
        "{} cores of {}, {}; {}. Lower is better; in brackets how many times ours.\n\n",
        machine.cores,
        machine.cpu,
        machine.system,
        versions.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_three_digits() {
        assert_eq!(amount(4.217, "ns/item"), "4.22 ns");
        assert_eq!(amount(12_345.0, "ns"), "12.3 µs");
        assert_eq!(amount(999.7, "ns"), "1.00 µs");
        assert_eq!(amount(2_000_000_000.0, "ns"), "2.00 s");
        assert_eq!(amount(2048.0, "bytes/stage"), "2.00 KiB");
        assert_eq!(amount(0.0, "bytes"), "0.00 B");
        assert_eq!(times(0.00412), "0.0041×");
    }
}
