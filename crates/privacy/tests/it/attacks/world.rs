//! People, their fields, and questions about them, as a researcher may ask them: predicates over dictionary fields,
//! group keys, measures.

use super::rng::Rng;

/// A code of a dictionary field.
pub(crate) type Code = u16;

/// Records of people. In the main table each person has one; in a table of events, any number.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    /// How many people there are; a person is a number below it.
    pub(crate) people: u32,
    /// Of each record, whose it is.
    pub(crate) person: Vec<u32>,
    /// By field, then by record.
    pub(crate) codes: Vec<Vec<Code>>,
    /// By column, then by record; not a number where the value is missing.
    pub(crate) numbers: Vec<Vec<f64>>,
}

/// A condition on dictionary fields.
#[derive(Debug, Clone)]
pub(crate) enum Where {
    All,
    Is(usize, Code),
    In(usize, Vec<Code>),
    Not(Box<Where>),
    And(Vec<Where>),
    Or(Vec<Where>),
}

impl Where {
    pub(crate) fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self::And(vec![self, other])
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self::Or(vec![self, other])
    }

    pub(crate) fn holds(&self, world: &World, record: usize) -> bool {
        match self {
            Self::All => true,
            Self::Is(field, code) => world.codes[*field][record] == *code,
            Self::In(field, codes) => codes.contains(&world.codes[*field][record]),
            Self::Not(of) => !of.holds(world, record),
            Self::And(all) => all.iter().all(|w| w.holds(world, record)),
            Self::Or(any) => any.iter().any(|w| w.holds(world, record)),
        }
    }
}

/// What is calculated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// `count(DISTINCT eid)`
    People,
    /// `count(*)`
    Rows,
    /// `count(x)`
    Values(usize),
    Sum(usize),
    Mean(usize),
    /// `stddev(x)`, of the sample
    Spread(usize),
}

/// One number of each row of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Measure {
    pub(crate) what: What,
    pub(crate) filter: Where,
}

/// One question.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) filter: Where,
    pub(crate) keys: Vec<usize>,
    pub(crate) measures: Vec<Measure>,
}

impl Question {
    /// One number about everybody for whom `filter` holds.
    pub(crate) fn one(what: What, filter: Where) -> Self {
        Self {
            filter,
            keys: Vec::new(),
            measures: vec![Measure {
                what,
                filter: Where::All,
            }],
        }
    }

    pub(crate) fn by(mut self, keys: &[usize]) -> Self {
        self.keys = keys.to_vec();
        self
    }

    /// One more number, with `FILTER (WHERE …)`.
    pub(crate) fn with(mut self, what: What, filter: Where) -> Self {
        self.measures.push(Measure { what, filter });
        self
    }
}

pub(crate) fn is(field: usize, code: Code) -> Where {
    Where::Is(field, code)
}

// The fields of `cohort`.
pub(crate) const SEX: usize = 0;
pub(crate) const REGION: usize = 1;
pub(crate) const DECADE: usize = 2;
pub(crate) const YEAR: usize = 3;
pub(crate) const MONTH: usize = 4;
pub(crate) const SMOKER: usize = 5;
/// What the attackers are after: a yes or no.
pub(crate) const SECRET: usize = 6;
/// The first of the yes-or-no fields of a questionnaire that the attacker knows everybody's answers to.
pub(crate) const PANEL: usize = 7;
pub(crate) const PANELS: usize = 24;

// The columns of `cohort`.
pub(crate) const INCOME: usize = 0;
pub(crate) const BMI: usize = 1;
/// Income again, under another name: biobanks have the same weight from a scale and from an impedance meter.
pub(crate) const TWIN: usize = 3;
/// The secret as a number, as a 0/1 column of a phenotype is.
pub(crate) const SECRET_NUMBER: usize = 2;

/// A main table. The attacker knows everything about everybody except `SECRET` and the numbers: the strongest
/// attacker of Dinur and Nissim (2003).
pub(crate) fn cohort(seed: u64, people: u32, secret: f64) -> World {
    let mut rng = Rng::new(seed);
    let mut world = World {
        people,
        person: (0..people).collect(),
        codes: vec![Vec::new(); PANEL + PANELS],
        numbers: vec![Vec::new(); 4],
    };
    for _ in 0..people {
        for (field, codes) in [
            (SEX, 2),
            (REGION, 5),
            (DECADE, 5),
            (YEAR, 10),
            (MONTH, 12),
            (SMOKER, 3),
        ] {
            world.codes[field].push(rng.below(codes) as Code);
        }
        let bit = rng.chance(secret);
        world.codes[SECRET].push(Code::from(bit));
        for panel in PANEL..PANEL + PANELS {
            world.codes[panel].push(Code::from(rng.chance(0.5)));
        }
        let income = (10.0 + 0.6 * rng.normal()).exp().round();
        world.numbers[INCOME].push(income);
        world.numbers[TWIN].push(income);
        world.numbers[BMI].push(((27.0 + 4.0 * rng.normal()) * 10.0).round() / 10.0);
        world.numbers[SECRET_NUMBER].push(if bit { 1.0 } else { 0.0 });
    }
    world
}

impl World {
    pub(crate) fn code(&self, field: usize, person: u32) -> Code {
        self.codes[field][person as usize]
    }

    pub(crate) fn secret(&self, person: u32) -> bool {
        self.code(SECRET, person) == 1
    }

    /// A condition on what the attacker knows that holds for this person alone.
    pub(crate) fn only(&self, person: u32) -> Where {
        let mut all = Vec::new();
        for field in [SEX, REGION, DECADE, YEAR, MONTH, SMOKER]
            .into_iter()
            .chain(PANEL..PANEL + PANELS)
        {
            all.push(is(field, self.code(field, person)));
            let w = Where::And(all.clone());
            if self.records(&w).len() == 1 {
                return w;
            }
        }
        panic!("two people of the simulation are alike")
    }

    /// How many people a row of a table is about: known to an attacker who knows their fields. A mean times that is a sum,
    /// however sums themselves are treated.
    pub(crate) fn size(&self, q: &Question, key: &[Code]) -> f64 {
        let holds = |r: &usize| {
            let with = q.measures[0].filter.holds(self, *r) && q.filter.holds(self, *r);
            with && q
                .keys
                .iter()
                .zip(key)
                .all(|(f, c)| self.codes[*f][*r] == *c)
        };
        (0..self.person.len()).filter(holds).count() as f64
    }

    /// The records for which a condition holds. Of the attacker's own use only for conditions on what they know.
    pub(crate) fn records(&self, condition: &Where) -> Vec<usize> {
        (0..self.person.len())
            .filter(|r| condition.holds(self, *r))
            .collect()
    }

    /// A random condition over the questionnaire that takes about half of the people.
    pub(crate) fn random_half(rng: &mut Rng) -> Where {
        // parity of three answers, which no two of them predict
        let f: Vec<usize> = rng.shuffled(PANELS)[..3]
            .iter()
            .map(|f| PANEL + f)
            .collect();
        let xor = |a: Where, b: Where| a.clone().and(b.clone().not()).or(a.not().and(b));
        xor(xor(is(f[0], 1), is(f[1], 1)), is(f[2], 1))
    }
}
