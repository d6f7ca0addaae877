//! Plot of distributions as SVG: each sample is a dot, each median a line.

use std::fmt::Write;

use crate::cold::count;
use crate::series::Series;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 790.0;
/// Height of a row, and of the space above and below the rows of a panel.
const ROW: f64 = 22.0;
const HEAD: f64 = 34.0;
const FOOT: f64 = 34.0;

/// Style sheet for light and dark color schemes.
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-weight:600}.n{fill:#57606a}\
line{stroke:#d0d7de}.d{fill:#0969da;fill-opacity:.28}.m{stroke:#cf222e;stroke-width:2}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#9198a1}line{stroke:#3d444d}\
.d{fill:#4493f8;fill-opacity:.35}.m{stroke:#ff7b72}}";

/// Logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
}

/// Draws panels, each with a title and its rows, all in milliseconds.
pub(crate) fn draw(panels: &[(String, Vec<&Series>)]) -> String {
    let height: f64 = panels.iter().map(|(_, rows)| height_of(rows.len())).sum();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"Distributions of times in milliseconds\">\n<style>{STYLE}</style>\n"
    );
    let mut top = 0.0;
    for (title, rows) in panels {
        svg.push_str(&panel(title, rows, top));
        top += height_of(rows.len());
    }
    svg.push_str("</svg>\n");
    svg
}

fn height_of(rows: usize) -> f64 {
    HEAD + ROW * count(rows) + FOOT
}

fn panel(title: &str, rows: &[&Series], top: f64) -> String {
    let axis = Axis::of(rows);
    let bottom = top + height_of(rows.len()) - FOOT;
    let mut svg = String::new();
    line(&mut svg, &format!("<text class=\"t\" x=\"8\" y=\"{:.0}\">{title}</text>", top + 20.0));
    for tick in axis.ticks() {
        let x = axis.x(tick);
        let (above, below) = (top + HEAD - 4.0, bottom + 14.0);
        line(&mut svg, &format!("<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{above:.0}\" y2=\"{bottom:.0}\"/>"));
        line(
            &mut svg,
            &format!(
                "<text class=\"n\" x=\"{x:.1}\" y=\"{below:.0}\" text-anchor=\"middle\">{tick} ms</text>"
            ),
        );
    }
    for (index, series) in rows.iter().enumerate() {
        row(&mut svg, &axis, series, top + HEAD + ROW * (count(index) + 0.5));
    }
    svg
}

fn row(svg: &mut String, axis: &Axis, series: &Series, y: f64) {
    let (median, base) = (series.summary.median, y + 4.0);
    line(svg, &format!("<text x=\"8\" y=\"{base:.1}\">{}</text>", series.target));
    for (index, sample) in series.samples.iter().enumerate() {
        // Vertical jitter makes equal samples visible.
        let jittered = y + f64::from(u8::try_from(index * 5 % 11).unwrap_or_default()) - 5.0;
        line(
            svg,
            &format!("<circle class=\"d\" cx=\"{:.1}\" cy=\"{jittered:.1}\" r=\"2.5\"/>", axis.x(*sample)),
        );
    }
    let (x, above, below) = (axis.x(median), y - 9.0, y + 9.0);
    line(
        svg,
        &format!("<line class=\"m\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{above:.1}\" y2=\"{below:.1}\"/>"),
    );
    line(svg, &format!("<text x=\"{:.0}\" y=\"{base:.1}\">{median:.1} ms</text>", RIGHT + 8.0));
}

fn line(svg: &mut String, text: &str) {
    // Writing to a string can't fail.
    writeln!(svg, "{text}").unwrap_or_default();
}

impl Axis {
    fn of(rows: &[&Series]) -> Self {
        let low = rows.iter().map(|series| series.summary.min).fold(f64::INFINITY, f64::min);
        let high = rows.iter().map(|series| series.summary.max).fold(0.0, f64::max);
        Self { low: low.max(0.01) / 1.15, high: high.max(0.02) * 1.15 }
    }

    fn x(&self, value: f64) -> f64 {
        let share = (value.max(self.low) / self.low).ln() / (self.high / self.low).ln();
        LEFT + share * (RIGHT - LEFT)
    }

    /// Returns 1, 2 and 5 times each power of ten within the axis.
    fn ticks(&self) -> Vec<f64> {
        let powers = (-2..6).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
        // Removes the rounding error of negative powers.
        let ticks = powers.map(|tick| (tick * 100.0).round() / 100.0);
        ticks.filter(|tick| (self.low..=self.high).contains(tick)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Axis, draw};
    use crate::series::{Samples, Unit};

    #[test]
    fn every_sample_is_a_dot_within_the_plot() {
        let mut samples = Samples::default();
        for sample in [1.0, 2.0, 400.0] {
            samples.note("init", Unit::Milliseconds, "it", sample);
        }
        let series = samples.finish();
        let svg = draw(&[("Init".to_owned(), series.iter().collect())]);
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(
            svg.contains(">Init</text>") && svg.contains(">2.0 ms</text>") && svg.contains(">100 ms</text>")
        );
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        let axis = Axis::of(&series.iter().collect::<Vec<_>>());
        assert!(axis.x(1.0) >= 150.0 && axis.x(400.0) <= 790.0 && axis.x(2.0) < axis.x(400.0));
    }
}
