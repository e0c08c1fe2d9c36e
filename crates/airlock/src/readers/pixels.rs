//! What the pixels of a picture tell without reading it: whether they are a drawing at all, and how many separate marks of one
//! shape it has. A scatter plot has one for each person; bars, curves, boxes and heat maps have none.
//!
//! Must never call a photograph, noise or a payload a drawing. Text in a picture is not read.

use super::Fact;
use super::patches::{Nearby, Patch, patches};
use std::collections::{BTreeMap, HashSet};

/// A decoded picture; a pixel is red, green, blue and opacity, a byte each.
pub(crate) struct Raster {
    pub(crate) width: usize,
    pub(crate) pixels: Vec<u32>,
}

/// Side of the squares in which noise is looked for.
const TILE: usize = 32;
/// Squares full of noise that no drawing has: text and hatching change often, but not at every pixel in both directions.
const NOISY_TILES: usize = 3;
/// Pixels that differ by 1 to 3 in brightness, up and down again: a message in the lowest bits. Drawings have none, pictures
/// that were compressed with loss have them everywhere.
const JITTER: usize = 400;
/// Rows or columns of a heat map from which they are people rather than groups or variables.
pub(crate) const HEAT_LINES: usize = 60;
/// What the pixels show.
pub(crate) struct Seen {
    pub(crate) facts: Vec<Fact>,
    /// Why this is no drawing, if it is none.
    pub(crate) not_a_drawing: Option<&'static str>,
}

/// Looks at a picture.
pub(crate) fn look(raster: &Raster) -> Seen {
    let not_a_drawing = if noisy_tiles(raster) >= NOISY_TILES {
        Some("its pixels vary like those of a photograph or of packed data")
    } else if jitter(raster) >= JITTER {
        Some(
            "its pixels differ in their lowest bits, as in a photograph or around a hidden message",
        )
    } else if invisible(raster) {
        Some("it has colours under pixels that are fully transparent")
    } else {
        None
    };
    Seen {
        facts: facts(raster, not_a_drawing.is_none()),
        not_a_drawing,
    }
}

fn facts(raster: &Raster, drawing: bool) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut say = |of: &str, count: usize| {
        if count > 0 {
            facts.push(Fact::Marks {
                of: of.to_owned(),
                count: wide(count),
            });
        }
    };
    let lines = heat_lines(raster);
    if lines >= HEAT_LINES {
        say("rows or columns of a heat map", lines);
    }
    if drawing {
        let marks = marks(raster);
        say("separate marks of one shape", marks.separate);
        say(
            "marks in line: outliers or people of a group",
            marks.in_line,
        );
        say("lines of a table as a picture", marks.lines);
    }
    facts
}

/// Looks at a picture that was compressed with loss: edges are blurred, areas are plain.
pub(crate) fn look_blurred(raster: &Raster) -> Seen {
    let same = |row: &[u32]| {
        row.iter()
            .zip(row.iter().skip(1))
            .filter(|(a, b)| a == b)
            .count()
    };
    let plain: usize = raster.rows().map(same).sum();
    if plain * 10 < raster.pixels.len() * PLAIN_TENTHS {
        return Seen {
            facts: Vec::new(),
            not_a_drawing: Some("its pixels vary like those of a photograph or a scan"),
        };
    }
    // Four steps of brightness for each colour: what blurs an edge falls to one of its sides.
    let step = |value: u8| (value / 2 + 16) / 36 * 60;
    let coarse = |pixel: &u32| {
        let [r, g, b, opacity] = channels(*pixel);
        u32::from_be_bytes([step(r), step(g), step(b), opacity])
    };
    let coarse = Raster {
        width: raster.width,
        pixels: raster.pixels.iter().map(coarse).collect(),
    };
    Seen {
        facts: facts(&coarse, true),
        not_a_drawing: None,
    }
}

/// Tenths of the pixels of a drawing that are the same as their left neighbours, at the least.
const PLAIN_TENTHS: usize = 7;

fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

impl Raster {
    pub(super) fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.pixels.chunks_exact(self.width.max(1))
    }

    pub(crate) fn height(&self) -> usize {
        self.pixels.len().checked_div(self.width).unwrap_or(0)
    }
}

/// Squares in which at least 60 % of the pixels differ from both the one to the left and the one above.
fn noisy_tiles(raster: &Raster) -> usize {
    let across = raster.width / TILE + 1;
    let mut noisy = 0;
    let mut counts = vec![0_usize; across];
    let mut above: &[u32] = &[];
    for (y, row) in raster.rows().enumerate() {
        let left = row.iter().zip(row.iter().skip(1));
        for (x, ((left, here), up)) in (1..).zip(left.zip(above.iter().skip(1))) {
            if here != left
                && here != up
                && let Some(count) = counts.get_mut(x / TILE)
            {
                *count += 1;
            }
        }
        above = row;
        if y % TILE == TILE - 1 {
            noisy += counts
                .iter()
                .filter(|n| **n * 10 >= TILE * TILE * 6)
                .count();
            counts.fill(0);
        }
    }
    noisy
}

/// The four channels of a pixel.
const fn channels(pixel: u32) -> [u8; 4] {
    pixel.to_be_bytes()
}

/// Pixels whose red, green, blue or opacity goes up by 1 to 3 from the left neighbour and down again to the right one, or down
/// and up, while neither neighbour is an edge.
fn jitter(raster: &Raster) -> usize {
    let near = |a: u8, b: u8| (1..=3).contains(&a.abs_diff(b));
    let wavers = |a: u8, b: u8, c: u8| near(a, b) && near(b, c) && ((a < b) == (c < b));
    let mut found = 0;
    for row in raster.rows() {
        let neighbours = row.iter().zip(row.iter().skip(1)).zip(row.iter().skip(2));
        found += neighbours
            .filter(|((a, b), c)| a != b && b != c)
            .filter(|((a, b), c)| {
                let all = channels(**a)
                    .into_iter()
                    .zip(channels(**b))
                    .zip(channels(**c));
                all.clone()
                    .all(|((a, b), c)| a.abs_diff(b) <= 3 && b.abs_diff(c) <= 3)
                    && all.into_iter().any(|((a, b), c)| wavers(a, b, c))
            })
            .count();
    }
    found
}

/// Whether pixels that nobody sees have many different colours.
fn invisible(raster: &Raster) -> bool {
    let mut colours = HashSet::new();
    raster
        .pixels
        .iter()
        .filter(|pixel| **pixel & 0xFF == 0)
        .any(|pixel| colours.insert(*pixel) && colours.len() > 8)
}

/// The larger of the numbers of rows and of columns at which a quarter of the picture changes, in many colours at once.
fn heat_lines(raster: &Raster) -> usize {
    let changed: Vec<bool> = raster
        .rows()
        .zip(raster.rows().skip(1))
        .map(|(above, row)| many_changes(above.iter().copied().zip(row.iter().copied()), row.len()))
        .collect();
    let columns = |x: usize| {
        raster
            .pixels
            .iter()
            .skip(x)
            .step_by(raster.width.max(1))
            .copied()
    };
    let across: Vec<bool> = (1..raster.width)
        .map(|x| many_changes(columns(x - 1).zip(columns(x)), raster.height()))
        .collect();
    boundaries(&changed).max(boundaries(&across))
}

fn many_changes(pairs: impl Iterator<Item = (u32, u32)>, length: usize) -> bool {
    let mut kinds = HashSet::new();
    let mut changes = 0;
    for pair in pairs.filter(|(a, b)| a != b) {
        changes += 1;
        if kinds.len() < 8 {
            kinds.insert(pair);
        }
    }
    changes * 4 >= length && kinds.len() >= 8
}

/// Blurred edges of thick cells are two lines and count once; cells of one pixel change at every line.
fn boundaries(changed: &[bool]) -> usize {
    changed
        .chunk_by(|a, b| a == b)
        .filter(|run| run.first() == Some(&true))
        .map(|run| if run.len() <= 2 { 1 } else { run.len() })
        .sum()
}

/// What separate marks there are.
#[derive(Default)]
struct Marks {
    /// Of the commonest shape, without those that stand in a line at equal distances (dotted lines, the cells of a grid, a
    /// series in time) and without letters.
    separate: usize,
    /// Those above one another, or beside: the outliers of a box plot, the people of a group.
    in_line: usize,
    /// Lines of letters in three columns or more: a table as a picture.
    lines: usize,
}

fn marks(raster: &Raster) -> Marks {
    // Longer than a mark and shorter than an axis, whatever the resolution.
    let long = (raster.width.min(raster.height()) / 16).max(24);
    let patches = patches(raster, long);
    let nearby = Nearby::of(&patches, long);
    let candidates: Vec<Patch> = patches
        .iter()
        .filter(|p| p.even && p.round() && !in_words(p, &nearby))
        .copied()
        .collect();
    let group = commonest(&candidates);
    let places = Nearby::of(&group, long);
    let separate: Vec<&Patch> = group.iter().filter(|p| !in_series(p, &places)).collect();
    Marks {
        separate: separate.len(),
        in_line: in_line(separate.iter().map(|p| p.left + p.right))
            .max(in_line(separate.iter().map(|p| p.top + p.bottom))),
        lines: lines_of_table(&patches),
    }
}

/// The marks of the commonest size, a pixel more or less.
fn commonest(candidates: &[Patch]) -> Vec<Patch> {
    let mut sizes: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for patch in candidates {
        *sizes.entry((patch.width(), patch.height())).or_default() += 1;
    }
    let near =
        |a: (usize, usize), b: (usize, usize)| a.0.abs_diff(b.0) <= 1 && a.1.abs_diff(b.1) <= 1;
    let around = |of: (usize, usize)| -> usize {
        sizes
            .iter()
            .filter(|(size, _)| near(**size, of))
            .map(|(_, n)| n)
            .sum()
    };
    let Some(size) = sizes.keys().copied().max_by_key(|size| around(*size)) else {
        return Vec::new();
    };
    candidates
        .iter()
        .filter(|p| near((p.width(), p.height()), size))
        .copied()
        .collect()
}

/// Marks that share their place along one axis with three others.
fn in_line(places: impl Iterator<Item = usize>) -> usize {
    let mut places: Vec<usize> = places.collect();
    places.sort_unstable();
    let lines = places
        .chunk_by(|a, b| a.abs_diff(*b) <= 1)
        .map(<[usize]>::len);
    lines.filter(|n| *n >= 4).sum()
}

/// Lines of eight letters with two wide gaps.
fn lines_of_table(patches: &[Patch]) -> usize {
    let is_letter = |p: &&Patch| p.height() >= 5 && p.width() <= 2 * p.height();
    let mut letters: Vec<&Patch> = patches.iter().filter(is_letter).collect();
    letters.sort_by_key(|p| p.bottom);
    // Letters stand on a line, a pixel more or less; those that hang below it are few.
    let lines = letters.chunk_by(|a, b| b.bottom - a.bottom <= 1);
    let is_line = |line: &&[&Patch]| {
        let mut line = line.to_vec();
        line.sort_by_key(|p| p.left);
        let height = line.iter().map(|p| p.height()).max().unwrap_or(0);
        let wide = |(a, b): &(&&Patch, &&Patch)| b.left.saturating_sub(a.right) > height * 3 / 2;
        line.len() >= 8 && line.iter().zip(line.iter().skip(1)).filter(wide).count() >= 2
    };
    lines.filter(is_line).count()
}

/// Letters stand close to letters of other sizes.
fn in_words(patch: &Patch, nearby: &Nearby<'_>) -> bool {
    let close = (patch.width() * 3 / 5).max(2);
    nearby
        .around(patch)
        .any(|other| !patch.alike(other) && patch.gap(other) <= close)
}

/// Whether the nearest mark of its kind has another on the far side at the same distance.
fn in_series(patch: &Patch, nearby: &Nearby<'_>) -> bool {
    let centre = |p: &Patch| (p.left + p.right, p.top + p.bottom);
    let at = centre(patch);
    let distance = |p: &Patch| {
        let (x, y) = centre(p);
        x.abs_diff(at.0).pow(2) + y.abs_diff(at.1).pow(2)
    };
    let others = || nearby.around(patch).filter(|p| distance(p) > 0);
    let Some(nearest) = others().min_by_key(|p| distance(p)) else {
        return false;
    };
    let (x, y) = centre(nearest);
    // On the other side of this one, or behind the nearest; centres are in half pixels.
    let places = [
        ((2 * at.0).checked_sub(x), (2 * at.1).checked_sub(y)),
        ((2 * x).checked_sub(at.0), (2 * y).checked_sub(at.1)),
    ];
    places.into_iter().any(|(x, y)| {
        let (Some(x), Some(y)) = (x, y) else {
            return false;
        };
        others().any(|p| {
            let (a, b) = centre(p);
            a.abs_diff(x) <= 2 && b.abs_diff(y) <= 2
        })
    })
}
