//! Hidden cells: from totals, from a second table, from coarser tables, from linked views of the same regions.
//!
//! The attacker writes what is shown as bounds on sums of whole numbers and searches exhaustively for the values that
//! each hidden cell can have. Sources: Hundepool et al. (2012), chapter 4; UserSupport issues 135 and 136 of the tau-ARGUS
//! project (zeros, own values, linked tables).

use std::collections::BTreeMap;

use super::machine::{Guard, Machine};
use super::report::{Bar, Rate, Works, run};
use super::rng::Rng;
use super::solve::{Sum, combine, feasible};
use super::world::{Code, Question, What, Where, World, is};

/// Fields of these tables: two keys and a third that a second table uses.
const ROW: usize = 0;
const COLUMN: usize = 1;
const CENTRE: usize = 2;
const ROWS: usize = 2;
const COLUMNS: usize = 4;

/// Two by four cells of which one to three hold one to nine people.
fn small_table(seed: u64) -> World {
    let mut rng = Rng::new(seed);
    let mut world = World {
        codes: vec![Vec::new(); 3],
        numbers: vec![Vec::new(); 1],
        ..World::default()
    };
    let order = rng.shuffled(ROWS * COLUMNS);
    let small = 1 + rng.below(3);
    for (place, cell) in order.iter().enumerate() {
        let n = if place < small {
            1 + rng.below(9)
        } else {
            14 + rng.below(40)
        };
        for _ in 0..n {
            world.person.push(world.people);
            world.people += 1;
            world.codes[ROW].push((cell / COLUMNS) as Code);
            world.codes[COLUMN].push((cell % COLUMNS) as Code);
            world.codes[CENTRE].push(rng.below(3) as Code);
            world.numbers[0].push((100.0 + 20.0 * rng.normal()).round());
        }
    }
    world
}

/// What the attacker knows: bounds on sums of cells.
struct Known<'a, 'w> {
    machine: &'a mut Machine<'w>,
    sums: Vec<Sum>,
}

impl Known<'_, '_> {
    fn cell(row: usize, column: usize) -> usize {
        row * COLUMNS + column
    }

    fn add(&mut self, of: Vec<usize>, shown: Option<f64>) {
        if let Some(shown) = shown {
            let (low, high) = self.machine.count(shown);
            self.sums.push(Sum { of, low, high });
        }
    }

    /// A table, its rows added up by what cells they are.
    fn table(&mut self, q: &Question, cells: impl Fn(&[Code]) -> Vec<usize>) {
        let Some(shown) = self.machine.ask(0, q) else {
            return;
        };
        for (key, numbers) in &shown.rows {
            let shown = numbers[0];
            self.add(cells(key), shown);
        }
    }

    /// The inner cells, margins, total, both rows asked alone.
    fn margins(&mut self) {
        let people = |w: Where| Question::one(What::People, w);
        let every = |c: usize| (0..ROWS).map(|r| Self::cell(r, c)).collect::<Vec<_>>();
        let all = |r: usize| (0..COLUMNS).map(|c| Self::cell(r, c)).collect::<Vec<_>>();
        self.table(&people(Where::All).by(&[ROW, COLUMN]), |k| {
            vec![Self::cell(k[0] as usize, k[1] as usize)]
        });
        self.table(&people(Where::All).by(&[ROW]), |k| all(k[0] as usize));
        self.table(&people(Where::All).by(&[COLUMN]), |k| every(k[0] as usize));
        self.table(&people(Where::All), |_| (0..ROWS * COLUMNS).collect());
    }

    /// Rows by centre: their sums are the rows' totals again.
    fn second_table(&mut self) {
        let q = Question::one(What::People, Where::All).by(&[ROW, CENTRE]);
        let Some(shown) = self.machine.ask(0, &q) else {
            return;
        };
        for r in 0..ROWS {
            let (mut low, mut high) = (0, 0);
            for c in 0..3 {
                let cell = shown.at(&[r as Code, c], 0);
                let (l, h) = cell.map_or((0, 9), |v| self.machine.count(v));
                low += l;
                high += h;
            }
            let of = (0..COLUMNS).map(|c| Self::cell(r, c)).collect();
            self.sums.push(Sum { of, low, high });
        }
    }

    /// Coarser columns, as questions of their own and as recodes.
    fn coarser(&mut self) {
        for (a, b) in [(0, 1), (2, 3), (1, 2), (0, 3), (0, 2), (1, 3)] {
            let q = Question::one(What::People, Where::In(COLUMN, vec![a as Code, b as Code]));
            self.table(&q.clone().by(&[ROW]), |k| {
                let r = k[0] as usize;
                vec![Self::cell(r, a), Self::cell(r, b)]
            });
            self.table(&q, |_| {
                (0..ROWS)
                    .flat_map(|r| [Self::cell(r, a), Self::cell(r, b)])
                    .collect()
            });
        }
    }
}

#[derive(Clone, Copy)]
enum Way {
    Margins,
    SecondTable,
    Everything,
    /// As `Everything`, and the attacker knows that no cell is empty.
    NoZeros,
    /// As `Everything`, and the attacker is in the hidden cell.
    Own,
}

/// The feasible values of each cell that is hidden: how many cells are exact, and how many are narrower than ten.
fn cells(guard: Guard, way: Way) -> (Rate, Rate) {
    let (mut exact, mut narrow) = (Rate::default(), Rate::default());
    for seed in 0..80 {
        let world = small_table(seed);
        let mut machine = Machine::new(&world, guard, seed);
        let mut known = Known {
            machine: &mut machine,
            sums: Vec::new(),
        };
        match way {
            Way::Margins => known.margins(),
            Way::SecondTable => {
                // the inner cells, and the rows' totals only through the other table
                let q = Question::one(What::People, Where::All).by(&[ROW, COLUMN]);
                known.table(&q, |k| vec![Known::cell(k[0] as usize, k[1] as usize)]);
                known.second_table();
            }
            Way::Everything | Way::NoZeros | Way::Own => {
                known.margins();
                known.second_table();
                known.coarser();
            }
        }
        let sums = known.sums;
        let mut truth = [0_i64; ROWS * COLUMNS];
        for p in 0..world.people as usize {
            truth[world.codes[ROW][p] as usize * COLUMNS + world.codes[COLUMN][p] as usize] += 1;
        }
        let least = i64::from(matches!(way, Way::NoZeros));
        // counts that were made to agree with one another may lie outside the bounds; then what follows is wrong
        let sound = sums.iter().all(|s| {
            let people: i64 = s.of.iter().map(|c| truth[*c]).sum();
            (s.low..=s.high).contains(&people)
        });
        for (cell, truth) in truth.iter().enumerate() {
            if *truth >= 10 {
                continue;
            }
            // a cell may be hidden for the sake of another, so that it is small is no knowledge …
            let mut bounds = [(least, 120); ROWS * COLUMNS];
            let least = match way {
                Way::Own if *truth == 0 => continue,
                Way::Own => 1,
                _ => least,
            };
            bounds[cell].0 = least;
            let wide = feasible(&bounds, &sums, cell);
            narrow.count(sound && wide.len() < 10);
            // … but an attacker may guess so
            bounds[cell] = (least, 9);
            let tight = feasible(&bounds, &sums, cell);
            exact.count(wide == [*truth] || tight == [*truth]);
        }
    }
    (exact, narrow)
}

/// Two groupings of the same small areas into regions, which agree but for one area of `few` people: the difference of
/// unions of regions is that area. A hit is the exact sum of its people's values, or their exact number.
fn linked(guard: Guard, unions: bool, value: bool) -> Rate {
    const AREAS: usize = 12;
    let mut rate = Rate::default();
    for seed in 0..100 {
        let mut rng = Rng::new(50_000 + seed);
        let few = 1 + rng.below(3);
        let mut world = World {
            codes: vec![Vec::new(); 2],
            numbers: vec![Vec::new(); 1],
            ..World::default()
        };
        // area 0 is the small one. Counties: four areas each. Boards: the same, or halves of them, area 0 moved.
        let mut in_area = 0.0;
        for area in 0..AREAS {
            let n = if area == 0 { few } else { 12 + rng.below(20) };
            for _ in 0..n {
                let x = (100.0 + 20.0 * rng.normal()).round();
                world.person.push(world.people);
                world.people += 1;
                let county = area / 4;
                let board = match (area, unions) {
                    (0, false) => 1,
                    (0, true) => 2,
                    (_, false) => county,
                    (_, true) => area / 2,
                };
                world.codes[0].push(county as Code);
                world.codes[1].push(board as Code);
                world.numbers[0].push(x);
                in_area += if area == 0 { x } else { 0.0 };
            }
        }
        let what = if value { What::Mean(0) } else { What::People };
        let mut hit = false;
        for separate in [false, true] {
            let mut machine = Machine::new(&world, guard, seed);
            // cells of county by board are the unknowns
            let mut atoms: BTreeMap<(Code, Code), usize> = BTreeMap::new();
            for p in 0..world.people as usize {
                let next = atoms.len();
                atoms
                    .entry((world.codes[0][p], world.codes[1][p]))
                    .or_insert(next);
            }
            let mut rows = Vec::new();
            let mut bounds = Vec::new();
            for (field, codes) in [(0, 3), (1, if unions { 6 } else { 3 })] {
                let whole = if separate {
                    None
                } else {
                    machine.ask(0, &Question::one(what, Where::All).by(&[field]))
                };
                for code in 0..codes {
                    let shown = if separate {
                        machine.number(&Question::one(what, is(field, code)))
                    } else {
                        whole.as_ref().and_then(|s| s.at(&[code], 0))
                    };
                    let Some(shown) = shown else { continue };
                    let mut row = vec![0.0; atoms.len()];
                    for ((county, board), at) in &atoms {
                        let of = if field == 0 { *county } else { *board };
                        if of == code {
                            row[*at] = 1.0;
                        }
                    }
                    let (low, high) = machine.count(shown);
                    bounds.push(Sum {
                        of: (0..row.len()).filter(|i| row[*i] > 0.0).collect(),
                        low,
                        high,
                    });
                    let times = if value {
                        world.records(&is(field, code)).len() as f64
                    } else {
                        1.0
                    };
                    rows.push((row, shown * times));
                }
            }
            let small = if unions { (0, 2) } else { (0, 1) };
            let target = atoms[&small];
            if value {
                let mut wanted = vec![0.0; atoms.len()];
                wanted[target] = 1.0;
                hit |= combine(&rows, &wanted).is_some_and(|v| (v - in_area).abs() < 0.5);
            } else {
                hit |= feasible(&vec![(0, 200); atoms.len()], &bounds, target) == [few as i64];
            }
        }
        rate.count(hit);
    }
    rate
}

fn never(_: Guard) -> Bar {
    Bar::Never
}

#[test]
fn hidden_cells_from_margins() {
    run("hidden cell by margins: exact", Works(0.5), never, |g| {
        cells(g, Way::Margins).0
    });
    run(
        "hidden cell by margins: under ten wide",
        Works(0.5),
        never,
        |g| cells(g, Way::Margins).1,
    );
}

#[test]
fn hidden_cells_from_a_second_table() {
    run(
        "hidden cell by second table: exact",
        Works(0.2),
        never,
        |g| cells(g, Way::SecondTable).0,
    );
    run(
        "hidden cell by second table: under ten wide",
        Works(0.2),
        never,
        |g| cells(g, Way::SecondTable).1,
    );
}

#[test]
fn hidden_cells_from_everything() {
    run("hidden cell by all tables: exact", Works(0.5), never, |g| {
        cells(g, Way::Everything).0
    });
    run(
        "hidden cell by all tables: under ten wide",
        Works(0.5),
        never,
        |g| cells(g, Way::Everything).1,
    );
}

#[test]
fn no_cell_is_empty() {
    run(
        "zero cells (all known to be one or more)",
        Works(0.5),
        never,
        |g| cells(g, Way::NoZeros).0,
    );
}

#[test]
fn linked_views_pairs() {
    run("linked views: a pair, count", Works(0.9), never, |g| {
        linked(g, false, false)
    });
    run("linked views: a pair, sum", Works(0.9), never, |g| {
        linked(g, false, true)
    });
}

#[test]
fn linked_views_unions() {
    run("linked views: unions, count", Works(0.9), never, |g| {
        linked(g, true, false)
    });
    run("linked views: unions, sum", Works(0.9), never, |g| {
        linked(g, true, true)
    });
}

#[test]
fn one_knows_their_own_place() {
    run(
        "hidden cell: a contributor knows their own",
        Works(0.5),
        never,
        |g| cells(g, Way::Own).0,
    );
}
