//! Patches of ink in a picture: connected pixels that are neither paper nor axes, no larger than a mark, and which stand near
//! which.

use super::pixels::Raster;
use std::collections::{BTreeMap, HashSet};

/// Patches looked at: more is noise.
const COMPONENTS: usize = 100_000;

/// A connected patch of ink.
#[derive(Clone, Copy)]
pub(super) struct Patch {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
    /// Whether it looks the same in a mirror, as the marks of plots do and most letters do not.
    pub(super) even: bool,
}

impl Patch {
    pub(super) const fn width(&self) -> usize {
        self.right - self.left + 1
    }

    pub(super) const fn height(&self) -> usize {
        self.bottom - self.top + 1
    }

    pub(super) fn alike(&self, other: &Self) -> bool {
        self.width().abs_diff(other.width()) <= 1 && self.height().abs_diff(other.height()) <= 1
    }

    /// Empty pixels between the two, in the direction in which they are further apart.
    pub(super) fn gap(&self, other: &Self) -> usize {
        let apart = |a: (usize, usize), b: (usize, usize)| {
            b.0.saturating_sub(a.1).max(a.0.saturating_sub(b.1))
        };
        apart((self.left, self.right), (other.left, other.right))
            .max(apart((self.top, self.bottom), (other.top, other.bottom)))
    }

    /// Whether it is as wide as high, nearly.
    pub(super) fn round(&self) -> bool {
        let (w, h) = (self.width(), self.height());
        w >= 2 && h >= 2 && w.abs_diff(h) <= (w.max(h) / 4).max(1)
    }
}

/// Patches by the square in which their corner lies.
pub(super) struct Nearby<'a> {
    side: usize,
    squares: BTreeMap<(usize, usize), Vec<&'a Patch>>,
}

/// Patches of one square that are compared: more are noise, and comparing all with all would take for ever.
const CROWD: usize = 64;

impl<'a> Nearby<'a> {
    pub(super) fn of(patches: &'a [Patch], side: usize) -> Self {
        let mut squares: BTreeMap<(usize, usize), Vec<&Patch>> = BTreeMap::new();
        for patch in patches {
            squares
                .entry((patch.left / side, patch.top / side))
                .or_default()
                .push(patch);
        }
        Self { side, squares }
    }

    pub(super) fn around(&self, patch: &Patch) -> impl Iterator<Item = &'a Patch> {
        let (x, y) = (patch.left / self.side, patch.top / self.side);
        let at = (patch.left, patch.top);
        (x.saturating_sub(1)..=x + 1)
            .flat_map(move |x| (y.saturating_sub(1)..=y + 1).map(move |y| (x, y)))
            .filter_map(|square| self.squares.get(&square))
            .flat_map(|all| all.iter().take(CROWD).copied())
            .filter(move |other| (other.left, other.top) != at)
    }
}

/// Patches of ink no larger than a mark. Ink is what is neither a common colour nor part of a long run of one colour.
pub(super) fn patches(raster: &Raster, long: usize) -> Vec<Patch> {
    let mut ink = ink(raster, long);
    let (width, height) = (raster.width, raster.height());
    let mut found = Vec::new();
    let mut inside: Vec<(usize, usize)> = Vec::new();
    for start in 0..ink.len() {
        if !ink.get(start).copied().unwrap_or(false) || found.len() >= COMPONENTS {
            continue;
        }
        inside.clear();
        inside.push((start % width, start / width));
        ink.iter_mut().skip(start).take(1).for_each(|i| *i = false);
        let mut next = 0;
        while let Some(&(x, y)) = inside.get(next) {
            next += 1;
            for b in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for a in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    if let Some(ink) = ink.get_mut(b * width + a).filter(|ink| **ink) {
                        *ink = false;
                        inside.push((a, b));
                    }
                }
            }
        }
        found.extend(patch(&inside).filter(|p| p.width() < long && p.height() < long));
    }
    found
}

fn patch(inside: &[(usize, usize)]) -> Option<Patch> {
    let xs = || inside.iter().map(|(x, _)| *x);
    let ys = || inside.iter().map(|(_, y)| *y);
    let (left, right) = (xs().min()?, xs().max()?);
    let set: HashSet<(usize, usize)> = inside.iter().copied().collect();
    let mirrored = inside
        .iter()
        .filter(|(x, y)| set.contains(&(left + right - x, *y)))
        .count();
    Some(Patch {
        left,
        top: ys().min()?,
        right,
        bottom: ys().max()?,
        even: mirrored * 5 >= inside.len() * 4,
    })
}

fn ink(raster: &Raster, long: usize) -> Vec<bool> {
    let common = common(raster);
    let mut ink: Vec<bool> = raster
        .pixels
        .iter()
        .map(|pixel| !common.contains(pixel))
        .collect();
    let width = raster.width.max(1);
    for (row, ink) in raster.rows().zip(ink.chunks_exact_mut(width)) {
        let mut at = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.len() >= long {
                ink.iter_mut()
                    .skip(at)
                    .take(run.len())
                    .for_each(|i| *i = false);
            }
            at += run.len();
        }
    }
    for x in 0..raster.width {
        let column: Vec<u32> = raster
            .pixels
            .iter()
            .skip(x)
            .step_by(width)
            .copied()
            .collect();
        let mut y = 0;
        for run in column.chunk_by(|a, b| a == b) {
            if run.len() >= long {
                let cells = ink.iter_mut().skip(y * width + x).step_by(width);
                cells.take(run.len()).for_each(|i| *i = false);
            }
            y += run.len();
        }
    }
    ink
}

/// Colours of a tenth of the picture each: paper, panels, large areas.
fn common(raster: &Raster) -> Vec<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    // One pixel in seven is enough to know; colours beyond the first thousands are not common.
    for pixel in raster.pixels.iter().step_by(7) {
        if counts.len() < 4_096 || counts.contains_key(pixel) {
            *counts.entry(*pixel).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .filter(|(_, n)| *n * 70 >= raster.pixels.len())
        .map(|(pixel, _)| pixel)
        .collect()
}
