//! Shapes that a drawing repeats: how many there are of each, and whether they stand at equal distances, as bars, cells, ticks and
//! steps in time do and people do not.

use super::pdf_page::Mark;
use std::collections::BTreeMap;

/// The outline that is being drawn, relative to where it began.
#[derive(Default)]
pub(crate) struct Shape {
    start: Option<(f32, f32)>,
    steps: Vec<(i64, i64)>,
    curved: bool,
    /// Outlines of the same path that are finished.
    done: Vec<((f32, f32), Vec<(i64, i64)>, bool)>,
}

/// Points of one outline that are compared; marks have at most a dozen.
const STEPS: usize = 24;
/// Outlines of one path that are kept. A plot may draw all its points in one path.
const OUTLINES: usize = 100_000;

impl Shape {
    pub(crate) fn begin(&mut self, at: (f32, f32)) {
        self.finish();
        self.start = Some(at);
    }

    pub(crate) fn line(&mut self, to: (f32, f32)) {
        if let Some(start) = self.start
            && self.steps.len() < STEPS
        {
            self.steps
                .push((tenths(to.0 - start.0), tenths(to.1 - start.1)));
        }
    }

    pub(crate) fn curve(&mut self, to: (f32, f32)) {
        self.curved = true;
        self.line(to);
    }

    fn finish(&mut self) {
        let steps = std::mem::take(&mut self.steps);
        let curved = std::mem::take(&mut self.curved);
        if let Some(start) = self.start.take()
            && is_mark(&steps, curved)
            && self.done.len() < OUTLINES
        {
            self.done.push((start, steps, curved));
        }
    }
}

/// Small, and not a straight line along an axis: ticks, grids and whiskers are such lines.
fn is_mark(steps: &[(i64, i64)], curved: bool) -> bool {
    const SMALL: i64 = 300;
    let small = steps
        .iter()
        .all(|(x, y)| x.abs() <= SMALL && y.abs() <= SMALL);
    let diagonal = matches!(steps, [(x, y)] if x.abs() == y.abs() && *x != 0);
    small && steps.len() < STEPS && (curved || steps.len() >= 3 || diagonal)
}

/// Tenths of a point: programs round at the hundredth.
fn tenths(value: f32) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounded before; a float beyond the range saturates"
    )]
    let rounded = (value.clamp(-1e6, 1e6) * 10.0).round() as i64;
    rounded
}

/// Where the marks of each shape stand.
#[derive(Default)]
pub(crate) struct Shapes {
    outlines: BTreeMap<Vec<(i64, i64)>, Vec<(f32, f32)>>,
    drawings: BTreeMap<Mark, Vec<(f32, f32)>>,
    kept: usize,
}

/// Marks of one page of which the place is kept.
const MARKS: usize = 2_000_000;

/// Marks of one shape that are worth a look: fewer are in every legend.
const SOME: usize = 5;

impl Shapes {
    /// Takes the path that was just painted.
    pub(crate) fn add(&mut self, path: &mut Shape) {
        path.finish();
        for (start, mut steps, _) in path.done.drain(..) {
            // Rounded at the hundredth, a step may fall to either side of a tenth.
            steps
                .iter_mut()
                .for_each(|(x, y)| (*x, *y) = (*x / 3, *y / 3));
            if self.kept < MARKS {
                self.kept += 1;
                self.outlines.entry(steps).or_default().push(start);
            }
        }
    }

    pub(crate) fn stamp(&mut self, mark: Mark, at: (f32, f32)) {
        if self.kept < MARKS {
            self.kept += 1;
            self.drawings.entry(mark).or_default().push(at);
        }
    }

    pub(crate) fn stamps(&self) -> usize {
        self.drawings.values().map(Vec::len).sum()
    }

    /// Marks that stand where data put them.
    pub(crate) fn scattered(&self) -> usize {
        let all = self.outlines.values().chain(self.drawings.values());
        all.filter(|places| places.len() >= SOME && !is_regular(places))
            .map(Vec::len)
            .sum()
    }
}

/// Whether marks are steps along one axis, each at its own, or the cells of a grid.
fn is_regular(places: &[(f32, f32)]) -> bool {
    let xs = axis(places.iter().map(|(x, _)| *x));
    let ys = axis(places.iter().map(|(_, y)| *y));
    let series = |axis: &Axis| axis.even && axis.different * 10 >= places.len() * 9;
    let grid = xs.even && ys.even && xs.different * ys.different <= places.len() * 2;
    let line = xs.different <= 1 && ys.even || ys.different <= 1 && xs.even;
    series(&xs) || series(&ys) || grid || line
}

struct Axis {
    different: usize,
    /// Whether nine in ten of the distances between neighbours are the same.
    even: bool,
}

fn axis(values: impl Iterator<Item = f32>) -> Axis {
    let mut values: Vec<i64> = values.map(tenths).collect();
    values.sort_unstable();
    values.dedup_by(|a, b| a.abs_diff(*b) <= 1);
    let mut gaps: Vec<i64> = values
        .iter()
        .zip(values.iter().skip(1))
        .map(|(a, b)| b - a)
        .collect();
    gaps.sort_unstable();
    let middle = gaps.get(gaps.len() / 2).copied().unwrap_or(0);
    // Coordinates are in tenths of a point, so a gap may be one or two off.
    let same = gaps
        .iter()
        .filter(|gap| gap.abs_diff(middle) <= 2 + middle.unsigned_abs() / 50)
        .count();
    Axis {
        different: values.len(),
        even: middle > 8 && same * 10 >= gaps.len() * 9,
    }
}
