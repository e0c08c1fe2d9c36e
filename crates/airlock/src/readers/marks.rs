//! Shapes that a drawing repeats: how many there are of each, and whether they stand at equal distances, as bars, cells, ticks and
//! steps in time do and people do not.

use super::pdf_page::Mark;
use std::collections::BTreeMap;

/// Where something is drawn.
type Place = (f32, f32);

/// Steps from where an outline begins, in tenths of a point.
type Outline = Vec<(i64, i64)>;

/// The outline that is being drawn, relative to where it began.
#[derive(Default)]
pub(crate) struct Shape {
    start: Option<(f32, f32)>,
    steps: Vec<(i64, i64)>,
    curved: bool,
    /// Points after the first, the last of them, and whether none went back to the left: a curve over time does not.
    points: usize,
    last: f32,
    falling: bool,
    /// Curves of the same path that are finished.
    curves: usize,
    /// Short lines along an axis: middle, length, and whether level.
    straight: Vec<((i64, i64), i64, bool)>,
    /// Outlines of the same path that are finished.
    done: Vec<(Place, Outline)>,
}

/// Tenths of a point that the arms of a cross are long at most.
const CROSS: i64 = 200;
/// Points from which a line is a curve rather than a bracket.
const CURVE: usize = 3;
/// Points of one outline that are compared; marks have at most a dozen.
const STEPS: usize = 24;
/// Outlines of one path that are kept. A plot may draw all its points in one path.
const OUTLINES: usize = 100_000;

impl Shape {
    pub(crate) fn begin(&mut self, at: (f32, f32)) {
        self.finish();
        self.start = Some(at);
        self.last = at.0;
    }

    pub(crate) fn line(&mut self, to: (f32, f32)) {
        self.points += 1;
        self.falling |= to.0 < self.last;
        self.last = to.0;
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
        let points = std::mem::take(&mut self.points);
        let falling = std::mem::take(&mut self.falling);
        let rises = steps
            .first()
            .zip(steps.last())
            .is_some_and(|(first, last)| last.0 > first.0);
        self.curves += usize::from(points >= CURVE && !falling && rises && !curved);
        if let (Some(start), [(x, y)]) = (self.start, steps.as_slice())
            && (*x == 0) != (*y == 0)
            && x.abs().max(y.abs()) <= CROSS
            && self.straight.len() < OUTLINES
        {
            // Rounded coarsely: the two lines of a cross may end at either side of a tenth.
            let middle = |from: f32, step: i64| (2 * tenths(from) + step + 2).div_euclid(5);
            self.straight.push((
                (middle(start.0, *x), middle(start.1, *y)),
                (x.abs().max(y.abs()) + 1) / 3,
                *y == 0,
            ));
        }
        if let Some(start) = self.start.take()
            && is_mark(&steps, curved)
            && self.done.len() < OUTLINES
        {
            self.done.push((start, steps));
        }
    }
}

/// Small, and not a straight line along an axis: ticks, grids and whiskers are such lines.
fn is_mark(steps: &[(i64, i64)], curved: bool) -> bool {
    const SMALL: i64 = 600;
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
    outlines: BTreeMap<Outline, Vec<Place>>,
    drawings: BTreeMap<Mark, Vec<Place>>,
    kept: usize,
    /// Level and upright lines by middle and length.
    crosses: BTreeMap<((i64, i64), i64), (bool, bool)>,
    /// Lines through three points or more, from left to right.
    pub(crate) curves: usize,
}

/// Marks of one page of which the place is kept.
const MARKS: usize = 2_000_000;

/// Marks of one shape that are worth a look: fewer are in every legend.
const SOME: usize = 5;

impl Shapes {
    /// Takes the path that was just painted.
    pub(crate) fn add(&mut self, path: &mut Shape) {
        path.finish();
        self.curves += std::mem::take(&mut path.curves);
        for (middle, length, level) in path.straight.drain(..) {
            if self.crosses.len() < MARKS {
                let cross = self.crosses.entry((middle, length)).or_default();
                *cross = (cross.0 || level, cross.1 || !level);
            }
        }
        for (start, mut steps) in path.done.drain(..) {
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
        let crosses = self
            .crosses
            .values()
            .filter(|(level, upright)| *level && *upright)
            .count();
        let all = self.outlines.values().chain(self.drawings.values());
        crosses
            + all
                .filter(|places| places.len() >= SOME && !is_regular(places))
                .map(Vec::len)
                .sum::<usize>()
    }
}

impl Shapes {
    /// Rows or columns, whichever are more, of the largest grid of equal cells.
    pub(crate) fn grid_lines(&self) -> usize {
        let lines = |places: &Vec<(f32, f32)>| {
            let (xs, ys) = axes(places);
            let grid = is_grid(&xs, &ys, places.len());
            grid.then_some(xs.different.max(ys.different))
        };
        self.outlines.values().filter_map(lines).max().unwrap_or(0)
    }
}

fn axes(places: &[(f32, f32)]) -> (Axis, Axis) {
    (
        axis(places.iter().map(|(x, _)| *x)),
        axis(places.iter().map(|(_, y)| *y)),
    )
}

fn is_grid(xs: &Axis, ys: &Axis, cells: usize) -> bool {
    xs.even && ys.even && xs.different * ys.different <= cells * 2
}

/// Whether marks are steps along one axis, each at its own, or the cells of a grid.
fn is_regular(places: &[(f32, f32)]) -> bool {
    let (xs, ys) = axes(places);
    let series = |axis: &Axis| axis.even && axis.different * 10 >= places.len() * 9;
    let grid = is_grid(&xs, &ys, places.len());
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
