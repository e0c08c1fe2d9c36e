//! The answering machine: what the product does between a question and an answer, in memory.
//!
//! An attacker has [`Machine::ask`] and nothing else; [`Machine::withdraw`] is what happens to it.

use privacy::released::budget::{Budget, Spent};
use privacy::released::{
    Chooser, Earlier, Meaning, Options, Outcome, ReleasedTable, Rule, compare,
};
use privacy::sdc::{
    self, NumberKind, RecordKeys, RowVerdict, Rules, Table, Treatment, Verdicts, Weights, judge,
};
use roaring::RoaringBitmap;

use super::tally::{Group, Number, groups};
use super::world::{Code, Question, What, Where, World};

/// Rounds of stand-ins before a question is given up, as in the product.
const STAND_INS: u32 = 4;

/// What stands between the numbers and the attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Ten rows behind each number, as ACRO counts them, and nothing else.
    Threshold,
    /// The product, counts rounded to five.
    Round,
    /// The product, counts perturbed by cell key.
    CellKey,
}

/// What a researcher sees of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pub(crate) rows: Vec<(Vec<Code>, Vec<Option<f64>>)>,
    pub(crate) withheld_rows: Option<u64>,
    pub(crate) withheld_cells: u64,
}

impl Shown {
    /// The number at a key, if that row and that number are shown.
    pub(crate) fn at(&self, key: &[Code], measure: usize) -> Option<f64> {
        let row = self.rows.iter().find(|r| r.0 == key)?;
        row.1[measure]
    }
}

pub(crate) struct Machine<'w> {
    world: &'w World,
    guard: Guard,
    withdrawn: RoaringBitmap,
    rules: Rules,
    keys: RecordKeys,
    chooser: Chooser,
    /// Everything that was shown, and to which project.
    ledger: Vec<(usize, ReleasedTable)>,
    spent: Vec<(usize, Spent)>,
    now: i64,
    /// Why questions were refused, for the referee; the attacker sees the last.
    pub(crate) refused: Vec<Refused>,
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Budget,
    Compared(Rule),
}

impl<'w> Machine<'w> {
    pub(crate) fn new(world: &'w World, guard: Guard, seed: u64) -> Self {
        let mut secret = [7; 32];
        secret[..8].copy_from_slice(&seed.to_le_bytes());
        let treatment = match guard {
            Guard::CellKey => Treatment::CellKey,
            _ => Treatment::Round { base: 5 },
        };
        Self {
            world,
            guard,
            withdrawn: RoaringBitmap::new(),
            rules: Rules {
                treatment,
                ..Rules::default()
            },
            keys: RecordKeys::derive(&secret),
            chooser: Chooser::derive(&secret),
            ledger: Vec::new(),
            spent: Vec::new(),
            now: 0,
            refused: Vec::new(),
        }
    }

    /// This person is masked from now on.
    pub(crate) fn withdraw(&mut self, person: u32) {
        self.withdrawn.insert(person);
    }

    /// Asks; `None` is a refusal.
    pub(crate) fn ask(&mut self, project: usize, question: &Question) -> Option<Shown> {
        if self.guard == Guard::Threshold {
            return Some(threshold(&groups(self.world, question, &self.withdrawn)));
        }
        self.now += 1;
        match self.guarded(project, question) {
            Ok((shown, kept)) => {
                let cells = kept.numbers();
                self.ledger.push((project, kept));
                self.spend(project, cells, false);
                Some(shown)
            }
            Err(why) => {
                // that a population was asked about often is no secret, and no refusal for a difference
                let counts = !matches!(
                    why,
                    Refused::Budget | Refused::Compared(Rule::PopulationAskedTooOften)
                );
                if counts {
                    self.spend(project, 0, true);
                }
                self.refused.push(why);
                None
            }
        }
    }

    fn spend(&mut self, project: usize, cells: u64, refused: bool) {
        let at = self.now;
        self.spent.push((project, Spent { at, cells, refused }));
    }

    pub(crate) fn guard(&self) -> Guard {
        self.guard
    }

    /// Whether the project may ask nothing any more.
    pub(crate) fn stopped(&self, project: usize) -> bool {
        self.guard != Guard::Threshold && self.budget(project, 0).is_err()
    }

    fn budget(&self, project: usize, cells: u64) -> Result<(), Refused> {
        let own = self.spent.iter().filter(|s| s.0 == project).map(|s| &s.1);
        Budget::default()
            .check(own, self.now, None, cells)
            .map_err(|_| Refused::Budget)
    }

    fn guarded(
        &self,
        project: usize,
        question: &Question,
    ) -> Result<(Shown, ReleasedTable), Refused> {
        self.budget(project, 0)?;
        let mut stand_ins = RoaringBitmap::new();
        let options = Options {
            treatment: self.rules.treatment,
            ..Options::new(&self.chooser)
        };
        for _ in 0..STAND_INS {
            let masked = &self.withdrawn | &stand_ins;
            let groups = groups(self.world, question, &masked);
            let table = table(question, &groups);
            let mut verdicts = judge(&table, &self.rules, &self.keys);
            let families: Vec<String> = std::iter::once(String::new())
                .chain((0..self.world.numbers.len()).map(|c| format!("main.{c}")))
                .collect();
            let mut kept = ReleasedTable::new(
                &table,
                &verdicts,
                &families,
                self.withdrawn.clone(),
                stand_ins.clone(),
            )
            .meaning(&table, &meaning(question));
            self.budget(project, kept.numbers())?;
            let earlier = self.ledger.iter().map(|(whose, table)| Earlier {
                table: table.clone(),
                own: *whose == project,
            });
            match compare(&kept, earlier, &options) {
                Outcome::Fine { settled } => {
                    kept.settle(&mut verdicts, &settled);
                    return Ok((show(&groups, &verdicts), kept));
                }
                Outcome::Refuse { rule, .. } => return Err(Refused::Compared(rule)),
                Outcome::StandIns(more) => stand_ins |= more,
            }
        }
        Err(Refused::Compared(Rule::WaitsForMoreChange))
    }

    /// The first number of an answer of one row.
    pub(crate) fn number(&mut self, question: &Question) -> Option<f64> {
        self.ask(0, question)?.rows.first()?.1[0]
    }

    /// The counts that may be behind a count that was shown.
    pub(crate) fn count(&self, shown: f64) -> (i64, i64) {
        let v = shown.round() as i64;
        let b = self.guard.error_at_most();
        ((v - b).max(10), v + b)
    }
}

impl Guard {
    /// The largest error of a shown count.
    pub(crate) fn error_at_most(self) -> i64 {
        match self {
            Self::Threshold => 0,
            Self::Round => 2,
            Self::CellKey => 5,
        }
    }

    /// How often a guess of a count is exact if only one answer about it was seen.
    pub(crate) fn exact_by_chance(self) -> f64 {
        1.0 / (2 * self.error_at_most() + 1) as f64
    }

    /// How likely each error of a shown count is, from the least to the largest.
    pub(crate) fn errors(self) -> Vec<f64> {
        let n = (2 * self.error_at_most() + 1) as usize;
        vec![1.0 / n as f64; n]
    }
}

/// Ten rows behind each number.
fn threshold(groups: &[Group]) -> Shown {
    let enough: Vec<&Group> = groups.iter().filter(|g| g.rows >= 10).collect();
    Shown {
        withheld_rows: Some((groups.len() - enough.len()) as u64),
        withheld_cells: 0,
        rows: enough
            .into_iter()
            .map(|g| {
                let numbers = g.numbers.iter().map(|n| {
                    let counted = match n.what {
                        What::People => n.people.len() >= 10,
                        _ => n.rows >= 10,
                    };
                    counted.then_some(n.value)
                });
                (g.key.clone(), numbers.collect())
            })
            .collect(),
    }
}

/// The groups as disclosure control is given them.
fn table(question: &Question, groups: &[Group]) -> Table {
    let rows = groups.iter().map(|g| sdc::Row {
        people: g.people.clone(),
        size: g.rows,
        numbers: g
            .numbers
            .iter()
            .zip(&question.measures)
            .map(|(n, m)| number(n, !matches!(m.filter, Where::All)))
            .collect(),
        counts: g
            .numbers
            .iter()
            .map(|n| match n.what {
                What::People | What::Rows | What::Values(_) => Some(n.value as i64),
                _ => None,
            })
            .collect(),
        labels: g.key.iter().map(|c| Some(c.to_string())).collect(),
    });
    Table {
        grouped: !question.keys.is_empty(),
        rows: rows.collect(),
    }
}

fn number(n: &Number, filtered: bool) -> sdc::Number {
    let (kind, family) = match n.what {
        What::People => (NumberKind::People, 0),
        What::Rows | What::Values(_) => (NumberKind::Rows, 0),
        What::Sum(c) => (NumberKind::Sum, c + 1),
        What::Mean(c) | What::Spread(c) => (NumberKind::Magnitude, c + 1),
    };
    sdc::Number {
        people: n.people.clone(),
        family,
        kind,
        filtered,
        weights: matches!(kind, NumberKind::Magnitude | NumberKind::Sum).then_some(Weights {
            total: n.total,
            top: n.top,
        }),
    }
}

/// What was asked for, in words: the conditions that all must hold, the keys, the filters.
fn meaning(question: &Question) -> Meaning {
    let mut conditions = vec!["main".to_owned()];
    conjuncts(&question.filter, &mut conditions);
    let filter = |w: &Where| match w {
        Where::All => String::new(),
        w => words(w),
    };
    Meaning {
        conditions,
        keys: question.keys.iter().map(|f| format!("field {f}")).collect(),
        numbers: question
            .measures
            .iter()
            .map(|m| filter(&m.filter))
            .collect(),
    }
}

fn conjuncts(w: &Where, out: &mut Vec<String>) {
    match w {
        Where::All => {}
        Where::And(all) => all.iter().for_each(|w| conjuncts(w, out)),
        w => out.push(words(w)),
    }
}

fn words(w: &Where) -> String {
    match w {
        Where::Is(field, code) => format!("field {field}={code}"),
        w => format!("{w:?}"),
    }
}

/// What the researcher sees.
fn show(groups: &[Group], verdicts: &Verdicts) -> Shown {
    let rows = groups.iter().zip(&verdicts.rows);
    Shown {
        rows: rows
            .filter_map(|(g, verdict)| {
                let RowVerdict::Shown(shown) = verdict else {
                    return None;
                };
                let numbers = g.numbers.iter().zip(shown).map(|(n, s)| s.of(n.value));
                Some((g.key.clone(), numbers.collect()))
            })
            .collect(),
        withheld_rows: verdicts.withheld_rows,
        withheld_cells: verdicts.withheld_cells,
    }
}
