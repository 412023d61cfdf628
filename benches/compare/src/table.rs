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
    let heads = ["workload", "unit"];
    table.push_record(heads.into_iter().chain(peers.iter().copied()));
    for line in lines {
        let of_line: Vec<_> = rows.iter().filter(|row| line_of(row) == line).collect();
        let scale = Scale::of(&of_line);
        let (workload, variant) = match line {
            [workload, "default", _] => (workload, String::new()),
            [workload, variant, _] => (workload, format!(" {variant}")),
        };
        let heads = [format!("`{workload}`{variant}"), scale.name()];
        let cells = peers.iter().map(|&peer| {
            let row = of_line.iter().find(|row| row.peer == peer);
            row.map_or_else(|| NOTHING.to_owned(), |row| cell(row, &scale))
        });
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

/// Where a peer has no part in a workload.
const NOTHING: &str = "-";

/// Median, spread, and how many times ours it is.
fn cell(row: &Row, scale: &Scale<'_>) -> String {
    let Some(median) = row.median else {
        // The notes say it in full; here it would widen a whole column.
        return "no, see note".to_owned();
    };
    let mut cell = three_digits(median / scale.by);
    if let Some(spread) = row.spread() {
        cell.push_str(&format!(" ±{:.0}%", spread * 100.0));
    }
    if let Some(ratio) = row.ratio.filter(|_| row.peer != OURS) {
        cell.push_str(&format!(" ({})", times(ratio)));
    }
    cell
}

/// The unit of a line: that in which our figure is short, for all its peers.
struct Scale<'a> {
    prefixed: &'static str,
    by: f64,
    /// What the figure is for one of, if it is.
    per: Option<&'a str>,
}

impl<'a> Scale<'a> {
    fn of(line: &[&'a Row]) -> Self {
        let ours = line.iter().find(|row| row.peer == OURS);
        let median = ours.and_then(|row| row.median);
        let median = median.or_else(|| line.iter().find_map(|row| row.median));
        let unit = line.first().map_or("ns", |row| row.unit);
        let (prefixed, by) = prefix(median.unwrap_or(0.0), unit);
        let per = unit.split_once('/').map(|(_, per)| per);
        Self { prefixed, by, per }
    }

    fn name(&self) -> String {
        match self.per {
            Some(per) => format!("{}/{per}", self.prefixed),
            None => self.prefixed.to_owned(),
        }
    }
}

/// How many times ours, as the mark of an axis: powers of ten have no digits behind the point.
pub fn mark(ratio: f64) -> String {
    let shortest = format!("{ratio}");
    let digits = if shortest.len() < 7 {
        shortest
    } else {
        three_digits(ratio)
    };
    format!("{digits}×")
}

pub fn times(ratio: f64) -> String {
    format!("{}×", three_digits(ratio))
}

/// A time or a size with the prefix that keeps it short.
pub fn amount(value: f64, unit: &str) -> String {
    let (prefixed, by) = prefix(value, unit);
    format!("{} {prefixed}", three_digits(value / by))
}

/// The unit that keeps a figure short, and how many of the plain ones it is.
fn prefix(value: f64, unit: &str) -> (&'static str, f64) {
    let (units, step) = if unit.starts_with("bytes") {
        (["B", "KiB", "MiB", "GiB"], 1024.0_f64)
    } else {
        (["ns", "µs", "ms", "s"], 1000.0)
    };
    let mut by = 1.0;
    let mut name = units[0];
    for larger in &units[1..] {
        // 999.6 has three digits only as 1.00 of the next.
        if value / by < step - 0.5 {
            break;
        }
        by *= step;
        name = larger;
    }
    (name, by)
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
        "{} cores of {}, {}; {}. It took {:.0} min. Lower is better; in \
         brackets how many times ours; `-` where a peer has nothing for a workload.\n\n",
        machine.cores,
        machine.cpu,
        machine.system,
        versions.join(", "),
        (comparison.seconds as f64 / 60.0).ceil(),
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
        assert_eq!(
            [mark(0.001), mark(1.0), mark(100.0)],
            ["0.001×", "1×", "100×"]
        );
    }

    fn row(peer: &'static str, median: Option<f64>) -> Row {
        Row {
            workload: "request_flows",
            variant: "default".to_owned(),
            peer,
            unit: "ns",
            median,
            min: median,
            max: median,
            runs: 1,
            delivered: 1,
            ratio: median.map(|median| median / 16e6),
            note: None,
        }
    }

    #[test]
    fn a_line_is_in_the_unit_of_our_figure() {
        let (ours, go) = (row(OURS, Some(16e6)), row("go", Some(4e5)));
        let scale = Scale::of(&[&ours, &go]);
        assert_eq!(scale.name(), "ms");
        assert_eq!(cell(&ours, &scale), "16.0 ±0%");
        assert_eq!(cell(&go, &scale), "0.40 ±0% (0.0250×)");
        assert_eq!(cell(&row("vuo", None), &scale), "no, see note");
    }
}
