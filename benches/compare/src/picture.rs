//! The picture: for each workload how many times our time, or our memory, every peer takes.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::comparison::Comparison;
use crate::peers::{OURS, names};
use crate::rows::Row;
use crate::table::{amount, mark, times};
use crate::workload::WINDOW;

type Drawn = Result<(), Box<dyn std::error::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const COLUMNS: usize = 3;
const WIDTH: u32 = 1080;
const BAR: u32 = 17;
/// Above and below the bars of a panel.
const FRAME: u32 = 66;
const CURVES: u32 = 320;
/// Beside the curves, for the names of their peers.
const LEGEND: u32 = 140;

const INK: RGBColor = RGBColor(60, 60, 60);
const PALE: RGBColor = RGBColor(225, 225, 225);
const SLOWER: RGBColor = RGBColor(196, 116, 60);
const FASTER: RGBColor = RGBColor(66, 130, 180);
const OWN: RGBColor = RGBColor(40, 140, 90);

/// The colours of the curves, in the order of the peers; ours first.
const HUES: [RGBColor; 14] = [
    OWN,
    RGBColor(0, 150, 200),
    RGBColor(220, 50, 47),
    RGBColor(245, 150, 30),
    RGBColor(110, 70, 180),
    RGBColor(200, 60, 160),
    RGBColor(130, 130, 130),
    RGBColor(90, 90, 0),
    RGBColor(30, 60, 150),
    RGBColor(120, 190, 30),
    RGBColor(140, 70, 30),
    RGBColor(20, 20, 20),
    RGBColor(240, 120, 140),
    RGBColor(190, 170, 0),
];

pub fn draw(comparison: &Comparison, path: &Path) -> Drawn {
    let panels = panels(&comparison.rows);
    let heights = panels.chunks(COLUMNS).map(|line| {
        let most = line.iter().map(|panel| panel.len() as u32).max();
        most.unwrap_or(0) * BAR + FRAME
    });
    let heights: Vec<_> = heights.collect();
    let curves = if comparison.curves.is_empty() {
        0
    } else {
        CURVES
    };
    let height = heights.iter().sum::<u32>() + curves + 34;
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let title = "Time or memory as a multiple of actix-flow's, on a logarithmic scale: left of 1×, in blue, is less than ours";
    let (head, mut rest) = root.split_vertically(34);
    head.draw_text(title, &text(17, INK, HPos::Left), (14, 18))?;
    for (line, height) in panels.chunks(COLUMNS).zip(heights) {
        let (areas, below) = rest.split_vertically(height);
        rest = below;
        for (area, panel) in areas.split_evenly((1, COLUMNS)).iter().zip(line) {
            // Bars are as thick in a panel with few of them as in the others.
            let (area, _) = area.split_vertically(panel.len() as u32 * BAR + FRAME);
            bars(&area, panel)?;
        }
    }
    if curves > 0 {
        lines(&rest, comparison)?;
    }
    root.present()?;
    Ok(())
}

/// The rows of each panel: one window for each workload.
fn panels(rows: &[Row]) -> Vec<Vec<&Row>> {
    let shown = format!("window={WINDOW}");
    let shown = |row: &&Row| !row.variant.starts_with("window=") || row.variant == shown;
    let rows: Vec<_> = rows.iter().filter(shown).collect();
    let same =
        |a: &&Row, b: &&Row| (a.workload, &a.variant, a.unit) == (b.workload, &b.variant, b.unit);
    let panels = rows.chunk_by(same).map(<[_]>::to_vec);
    // A run without ours has nothing to compare with.
    panels
        .filter(|panel| panel.iter().any(|row| row.ratio.is_some()))
        .collect()
}

fn text(size: u32, color: RGBColor, side: HPos) -> TextStyle<'static> {
    TextStyle {
        font: ("sans-serif", size).into_font(),
        color: color.to_backend_color(),
        pos: Pos::new(side, VPos::Center),
    }
}

fn bars(area: &Area<'_>, panel: &[&Row]) -> Drawn {
    let ratios = || {
        panel
            .iter()
            .filter_map(|row| row.ratio)
            .filter(|&it| it > 0.0)
    };
    let least = ratios().fold(0.5, f64::min);
    let most = ratios().fold(2.0, f64::max);
    let (first, count) = (panel[0], panel.len() as f64);
    let mut head = first.workload.to_owned();
    if first.variant != "default" {
        head = format!("{head}, {}", first.variant);
    }
    if let Some((_, per)) = first.unit.split_once('/') {
        head = format!("{head}, per {per}");
    }
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .margin_right(106)
        .set_label_area_size(LabelAreaPosition::Left, 94)
        .set_label_area_size(LabelAreaPosition::Bottom, 18)
        .caption(head, text(14, INK, HPos::Left))
        .build_cartesian_2d((least / 1.2..most * 1.2).log_scale(), count..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(WHITE)
        .bold_line_style(PALE)
        .axis_style(PALE)
        .x_labels(4)
        .x_label_formatter(&|ratio| mark(*ratio))
        .x_label_style(text(11, INK, HPos::Center))
        .draw()?;
    for (number, row) in panel.iter().enumerate() {
        let (top, bottom) = (number as f64 + 0.14, number as f64 + 0.86);
        let ratio = row.ratio.filter(|&ratio| ratio > 0.0).unwrap_or(1.0);
        let color = if ratio < 1.0 { FASTER } else { SLOWER };
        let bar = Rectangle::new([(1.0, top), (ratio, bottom)], color.filled());
        chart.draw_series([bar])?;
        let middle = f64::midpoint(top, bottom);
        let (left, _) = area.get_pixel_range();
        let above = area.get_pixel_range().1.start;
        let (_, y) = chart.backend_coord(&(1.0, middle));
        let (end, _) = chart.backend_coord(&(ratio.max(1.0), middle));
        let own = if row.peer == OURS { OWN } else { INK };
        let name = text(12, own, HPos::Right);
        area.draw_text(row.peer, &name, (98, y - above))?;
        let label = text(11, own, HPos::Left);
        area.draw_text(&figure(row), &label, (end - left.start + 4, y - above))?;
    }
    let line = [(1.0, 0.0), (1.0, count)];
    chart.draw_series([PathElement::new(line, OWN.stroke_width(2))])?;
    Ok(())
}

/// The time beside a bar, or what is to be said instead.
fn figure(row: &Row) -> String {
    match (row.median, row.ratio) {
        (Some(median), Some(ratio)) if row.peer != OURS => {
            format!("{}  {}", times(ratio), amount(median, row.unit))
        }
        (Some(median), _) => amount(median, row.unit),
        (None, _) => row.note.clone().unwrap_or_default(),
    }
}

/// Resident memory by time.
fn lines(area: &Area<'_>, comparison: &Comparison) -> Drawn {
    const MIB: f64 = 1024.0 * 1024.0;
    let samples = || comparison.curves.iter().flat_map(|curve| &curve.samples);
    let longest = samples().map(|sample| sample.ms).fold(1.0, f64::max);
    let most = samples()
        .map(|sample| sample.bytes as f64 / MIB)
        .fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .margin_right(LEGEND)
        .set_label_area_size(LabelAreaPosition::Left, 60)
        .set_label_area_size(LabelAreaPosition::Bottom, 34)
        .caption(
            "slow_sink: resident memory by time",
            text(14, INK, HPos::Left),
        )
        .build_cartesian_2d(0.0..longest * 1.02, 0.0..most * 1.1)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(PALE)
        .axis_style(PALE)
        .x_desc("ms")
        .y_desc("MiB")
        .label_style(text(11, INK, HPos::Center))
        .draw()?;
    let left = WIDTH as i32 - LEGEND as i32 + 12;
    for (number, curve) in comparison.curves.iter().enumerate() {
        let place = names().iter().position(|&name| name == curve.peer);
        let color = HUES[place.unwrap_or(0) % HUES.len()];
        let width = if curve.peer == OURS { 3 } else { 2 };
        let points = curve.samples.iter();
        let points = points.map(|sample| (sample.ms, sample.bytes as f64 / MIB));
        chart.draw_series(LineSeries::new(points, color.stroke_width(width)))?;
        // Beside the curves, not over them.
        let y = 50 + 18 * number as i32;
        let sample = [(left, y), (left + 18, y)];
        area.draw(&PathElement::new(sample, color.stroke_width(width)))?;
        area.draw_text(curve.peer, &text(12, INK, HPos::Left), (left + 24, y))?;
    }
    Ok(())
}
